using Basin.Payments.Stripe;

namespace Basin.Payments;

/// <summary>Tells merchants what became of their intents, in the transaction in which it did. Payments of other systems have no intent, and tell nobody.</summary>
internal static class IntentNews
{
    public static ValueTask CreatedAsync(Transaction tx, IntentState state) => TellAsync(tx, state, "payment_intent.created");

    public static ValueTask CanceledAsync(Transaction tx, IntentState state) => TellAsync(tx, state, "payment_intent.canceled");

    /// <summary>A payment has gone a step further.</summary>
    public static async ValueTask StepAsync(Transaction tx, Decision decision)
    {
        var (payment, tenant) = (decision.Payment, decision.Payment.Tenant);
        if (payment.Intent is not { } id)
            return;
        if (decision.Begins is { } begun)
            await TellRefundAsync(tx, payment, begun, "refund.created");
        if (decision.Changes is { State: not RefundState.Pending } ended)
        {
            await TellRefundAsync(tx, payment, ended, ended.State == RefundState.Failed ? "refund.failed" : "refund.updated");
            if (ended.State == RefundState.Succeeded)
                await TellChargeAsync(tx, payment, "charge.refunded");
        }
        var (charge, intent) = NamesOf(decision);
        if (charge is not null)
            await TellChargeAsync(tx, payment, charge);
        if (intent is not null && await IntentState.FindAsync(tx, tenant, id) is { } state && state.Attempt?.Id == payment.Id)
            await TellAsync(tx, state, intent);
    }

    private static (string? Charge, string? Intent) NamesOf(Decision decision) => (decision.Step, decision.Payment.State) switch
    {
        ("action_required", _) => (null, "payment_intent.requires_action"),
        ("authorized", PaymentState.Authorized) => ("charge.succeeded", "payment_intent.amount_capturable_updated"),
        ("incremented", _) => ("charge.updated", "payment_intent.amount_capturable_updated"),
        // What is taken at once is one charge; what was held before has been told already.
        ("captured", _) => (decision.Payment.IsTakenLater ? "charge.captured" : "charge.succeeded", "payment_intent.succeeded"),
        ("declined", _) => ("charge.failed", "payment_intent.payment_failed"),
        ("capture_failed", _) => (null, "payment_intent.payment_failed"),
        ("voided", _) => ("charge.expired", null),
        _ => (null, null),
    };

    private static ValueTask TellAsync(Transaction tx, IntentState state, string type) =>
        StripeEvents.TellAsync(tx, state.Intent.Tenant, type, state.Intent.Id.ToString(), state.Shape, StripeJson.Default.PaymentIntentShape);

    private static async ValueTask TellChargeAsync(Transaction tx, Payment payment, string type)
    {
        var shape = await Charges.ShapeOfAsync(tx, payment);
        await StripeEvents.TellAsync(tx, payment.Tenant, type, shape.Id, shape, StripeJson.Default.ChargeShape);
    }

    private static async ValueTask TellRefundAsync(Transaction tx, Payment payment, Refund refund, string type)
    {
        var shape = await Charges.ShapeOfAsync(tx, payment, refund);
        await StripeEvents.TellAsync(tx, payment.Tenant, type, shape.Charge, shape, StripeJson.Default.RefundShape);
    }
}

/// <summary>What Stripe's API shows of a payment, read from one view of its shard.</summary>
internal static class Charges
{
    public static async ValueTask<ChargeShape> ShapeOfAsync(Snapshot snapshot, Payment payment)
    {
        var charge = payment.Intent is null ? null : await ChargesStore.FindAsync(snapshot, payment.Tenant, payment.Id);
        return ChargeShape.Of(payment, charge, payment.CapturedMinor == 0 ? null : await LineOfAsync(snapshot, payment, Charge.IdOf(payment.Id).ToString(), MovementKind.Capture));
    }

    public static async ValueTask<RefundShape> ShapeOfAsync(Snapshot snapshot, Payment payment, Refund refund)
    {
        var charge = payment.Intent is null ? null : await ChargesStore.FindAsync(snapshot, payment.Tenant, payment.Id);
        var line = refund.State == RefundState.Succeeded ? await LineOfAsync(snapshot, payment, refund.Id.ToString(), MovementKind.Refund) : null;
        return RefundShape.Of(refund, payment, charge, line);
    }

    private static async ValueTask<Id<BalanceTransaction>?> LineOfAsync(Snapshot snapshot, Payment payment, string source, MovementKind kind) =>
        (await BalanceStore.ListOfSourceAsync(snapshot, payment.Tenant, source)).FirstOrDefault(line => line.Kind == kind)?.Id;
}

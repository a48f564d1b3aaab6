using Basin.Payments.Disputes;
using Basin.Payments.Providers;

namespace Basin.Payments;

/// <summary>Takes the requests that other systems publish.</summary>
internal sealed class PaymentRequests(ProviderDesk providers)
{
    public async ValueTask OnAsync(Transaction tx, PaymentRequested asked, EventContext context)
    {
        var provider = providers.Choose(new Money(asked.AmountMinor, asked.Currency));
        if (await Consequences.BeginAsync(tx, Payment.Request(context.Tenant, asked, provider), new PaymentSource(asked.Token, IsOffSession: true)))
            return;
        var payment = await FindAsync(tx, context.Tenant, asked.Payment);
        await Consequences.FollowAsync(tx, payment!.RequestAgain(asked));
    }

    public static async ValueTask OnAsync(Transaction tx, PaymentCaptureRequested asked, EventContext context)
    {
        // Nothing sensible can be answered; as a dead letter it can be replayed when the payment is there.
        var payment = await FindAsync(tx, context.Tenant, asked.Payment)
            ?? throw new InvalidOperationException($"{asked.Payment} is to be captured but was never requested.");
        await Consequences.FollowAsync(tx, payment.RequestCapture());
    }

    public static async ValueTask OnAsync(Transaction tx, PaymentReleaseRequested asked, EventContext context)
    {
        var payment = await FindAsync(tx, context.Tenant, asked.Payment);
        if (payment is null)
            await Consequences.BeginAsync(tx, Payment.ReleaseUnheardOf(context.Tenant, asked.Payment), default);
        else
            await Consequences.FollowAsync(tx, await DisputeSteps.HoldMoneyAsync(tx, payment) ? payment.ReleaseDisputed() : payment.RequestRelease());
    }

    /// <summary>What others have asked for has their ids, and those meet none that Payments makes: an intent's payment is nobody else's.</summary>
    private static async ValueTask<Payment?> FindAsync(Transaction tx, Id<Tenant> tenant, Id<Payment> id) =>
        await PaymentsStore.FindAsync(tx, tenant, id) is not { } payment ? null
        : payment.Intent is null ? payment
        : throw new InvalidOperationException($"{id} pays the intent {payment.Intent}, so it cannot be what another system asks for.");
}

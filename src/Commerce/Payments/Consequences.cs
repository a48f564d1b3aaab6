using Basin.Ledger;
using Basin.Payments.Providers;

namespace Basin.Payments;

/// <summary>What is charged.</summary>
/// <param name="Token">What stands for it at every provider; null where a card is given.</param>
/// <param name="Card">The vault's name of a card, whose token each provider gives itself.</param>
/// <param name="Brand">Of the card, where it is known.</param>
/// <param name="IsSetUp">Whether the customer has proved who they are when the card was kept for later.</param>
/// <param name="IsOffSession">Whether nobody is there to prove who they are.</param>
/// <param name="ReturnUrl">Where the customer comes back to after a proof.</param>
internal readonly record struct PaymentSource(
    string? Token, string? Card = null, string? Brand = null, bool IsSetUp = false, bool IsOffSession = false, string? ReturnUrl = null);

/// <summary>Carries decisions out: the rows, the books, the answers and the next call of the provider, all in one transaction.</summary>
internal static class Consequences
{
    /// <returns>False when the payment is there already; then nothing was done.</returns>
    public static async ValueTask<bool> BeginAsync(Transaction tx, Decision decision, PaymentSource source)
    {
        if (!await PaymentsStore.AddAsync(tx, decision))
            return false;
        await AnswerAsync(tx, decision);
        await ScheduleAsync(tx, decision, source);
        return true;
    }

    /// <summary>Does nothing when there is no decision.</summary>
    /// <param name="source">Only where a provider may be asked to authorize.</param>
    public static async ValueTask FollowAsync(Transaction tx, Decision? decision, PaymentSource source = default)
    {
        if (decision is null)
            return;
        await PaymentsStore.ChangeAsync(tx, decision);
        if (decision.Changes is { } refund)
            await RefundsStore.ChangeAsync(tx, refund);
        if (decision.Begins is { } begun)
            await RefundsStore.AddAsync(tx, begun);
        if (decision.Moves is { } movement)
            await BookAsync(tx, decision.Payment, movement);
        await AnswerAsync(tx, decision);
        await IntentSteps.FollowAsync(tx, decision);
        await IntentNews.StepAsync(tx, decision);
        await ScheduleAsync(tx, decision, source);
    }

    /// <summary>Writes a movement into the tenant's balance, and asks the ledger for its legs.</summary>
    public static async ValueTask BookAsync(Transaction tx, Payment payment, Movement movement)
    {
        if (movement.GainMinor != 0)
            await BalanceStore.AddAsync(tx, payment.Tenant, BalanceTransaction.Of(tx.NewId<BalanceTransaction>(), payment, movement, tx.Now));
        var legs = Legs.Of(payment, movement);
        await tx.PublishAsync(payment.Tenant, new TransfersRequested(new Id<Posting>(payment.Id.Value), Legs.AccountsOf(legs), legs));
    }

    private static async ValueTask AnswerAsync(Transaction tx, Decision decision)
    {
        var (p, answers) = (decision.Payment, decision.Answers);
        if (answers.HasFlag(Answers.Authorized))
            await tx.PublishAsync(p.Tenant, new PaymentAuthorized(p.Id, p.AuthorizedMinor, p.Currency));
        if (answers.HasFlag(Answers.Declined))
            await tx.PublishAsync(p.Tenant, new PaymentDeclined(p.Id, p.Code!));
        if (answers.HasFlag(Answers.Captured))
            await tx.PublishAsync(p.Tenant, new PaymentCaptured(p.Id, p.CapturedMinor, p.Currency));
        if (answers.HasFlag(Answers.CaptureFailed))
            await tx.PublishAsync(p.Tenant, new PaymentCaptureFailed(p.Id, p.NotCapturedBecause));
        if (decision.Step == "action_required")
            await tx.PublishAsync(p.Tenant, new PaymentActionRequired(p.Id));
        if (decision.Step == "increment_refused")
            await tx.PublishAsync(p.Tenant, new PaymentIncrementRefused(p.Id, p.Code!));
        if (decision.Changes is { State: RefundState.Failed } failed)
            await tx.PublishAsync(p.Tenant, new PaymentRefundFailed(p.Id, failed.Id, failed.AmountMinor, failed.Code!));
        if (answers.HasFlag(Answers.Released))
            await tx.PublishAsync(p.Tenant, new PaymentReleased(p.Id, p.RefundedMinor));
    }

    private static async ValueTask ScheduleAsync(Transaction tx, Decision decision, PaymentSource source)
    {
        var p = decision.Payment;
        if (decision.Call is not { } operation)
            return;
        var call = new ProviderCall(p.Id, operation, decision.CallMinor, p.Currency, source.Token, p.Charge, tx.Now)
        {
            Provider = p.Provider,
            Card = source.Card,
            Brand = source.Brand,
            IsSetUp = source.IsSetUp,
            IsOffSession = source.IsOffSession,
            ReturnUrl = source.ReturnUrl,
            Refund = (decision.Begins ?? decision.Changes)?.Id,
            Turn = decision.Changes?.Turn ?? 0,
        };
        await tx.ScheduleAsync(p.Tenant, call, tx.Now);
    }
}

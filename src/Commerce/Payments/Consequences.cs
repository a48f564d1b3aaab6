using Basin.Payments.Providers;

namespace Basin.Payments;

/// <summary>Carries decisions out: the row, the answers and the next call of the provider, all in one transaction.</summary>
internal static class Consequences
{
    /// <returns>False when the payment is there already; then nothing was done.</returns>
    public static async ValueTask<bool> BeginAsync(Transaction tx, Decision decision, string token)
    {
        if (!await PaymentsStore.AddAsync(tx, decision))
            return false;
        await AnswerAsync(tx, decision);
        await ScheduleAsync(tx, decision, token);
        return true;
    }

    /// <summary>Does nothing when there is no decision.</summary>
    public static async ValueTask FollowAsync(Transaction tx, Decision? decision)
    {
        if (decision is null)
            return;
        await PaymentsStore.ChangeAsync(tx, decision);
        await AnswerAsync(tx, decision);
        await ScheduleAsync(tx, decision, token: null);
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
        if (answers.HasFlag(Answers.Released))
            await tx.PublishAsync(p.Tenant, new PaymentReleased(p.Id, p.RefundedMinor));
    }

    private static async ValueTask ScheduleAsync(Transaction tx, Decision decision, string? token)
    {
        var p = decision.Payment;
        if (decision.Call is not { } operation)
            return;
        var amount = operation switch
        {
            PaymentOperation.Authorize => p.AmountMinor,
            PaymentOperation.Refund => p.CapturedMinor,
            _ => p.AuthorizedMinor,
        };
        await tx.ScheduleAsync(p.Tenant, new ProviderCall(p.Id, operation, amount, p.Currency, token, p.Charge, tx.Now), tx.Now);
    }
}

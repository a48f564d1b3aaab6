using Basin.Payments.Disputes;
using Basin.Payments.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>Takes what providers tell by themselves: each notice once, whoever brings it, however often.</summary>
internal sealed class ProviderNotices([FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers)
{
    /// <summary>Reads a notice as it came over the wire.</summary>
    /// <exception cref="ProblemException">The provider has not signed it, or it came before what it is about: it is to be sent again.</exception>
    public async Task ReceiveAsync(string provider, ReadOnlyMemory<byte> body, string signature, CancellationToken cancellation)
    {
        var notice = providers.Names.Contains(provider) ? providers.Of(provider).ReadNotice(body, signature) : null;
        await TakeAsync(provider, notice ?? throw PaymentsProblems.NoticeNotSigned.Refusal(), cancellation);
    }

    private Task<bool> TakeAsync(string provider, ProviderNotice notice, CancellationToken cancellation) => store.ShardOf(ShardKey.Of(notice.Payment)).WriteAsync(
        async tx =>
        {
            var isNew = await tx.ExecuteAsync(
                "INSERT INTO notice (tenant, provider, id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                notice.Tenant.Value, provider, notice.Id, tx.Now) == 1;
            if (isNew)
                await FollowAsync(tx, provider, notice);
            return isNew;
        },
        WritePriority.Background,
        cancellation);

    private static async ValueTask FollowAsync(Transaction tx, string provider, ProviderNotice notice)
    {
        var payment = await PaymentsStore.FindAsync(tx, notice.Tenant, notice.Payment);
        if (payment is null || payment.Provider != provider)
            throw PaymentsProblems.NoticeTooEarly.Refusal();
        switch (notice.Kind)
        {
            case NoticeKind.CustomerReturned:
                // It may come before the answer that sent the customer there.
                if (payment.State == PaymentState.Authorizing)
                    throw PaymentsProblems.NoticeTooEarly.Refusal();
                await Consequences.FollowAsync(tx, payment.Complete());
                break;
            case NoticeKind.RefundSucceeded or NoticeKind.RefundFailed:
                await FollowRefundAsync(tx, payment, notice);
                break;
            default:
                if (payment.CapturedMinor == 0)
                    throw PaymentsProblems.NoticeTooEarly.Refusal();
                await DisputeSteps.FollowAsync(tx, payment, notice);
                break;
        }
    }

    private static async ValueTask FollowRefundAsync(Transaction tx, Payment payment, ProviderNotice notice)
    {
        if (!Id<Refund>.TryParse(notice.Object, null, out var id) || await RefundsStore.FindAsync(tx, payment.Tenant, id) is not { } refund)
            throw PaymentsProblems.NoticeTooEarly.Refusal();
        // The call that has begun it is still on its way, and what it finds would hide that the money came back.
        if (notice.Kind == NoticeKind.RefundFailed && refund is { State: RefundState.Pending, IsOwed: true, IsAccepted: false })
            throw PaymentsProblems.NoticeTooEarly.Refusal();
        await Consequences.FollowAsync(tx, notice.Kind == NoticeKind.RefundFailed
            ? payment.TakeBack(refund, notice.Reason ?? "unknown")
            : payment.SettleRefund(refund, new ProviderOutcome(payment.Charge, null)));
    }

    /// <summary>Forgets notices that no provider sends again.</summary>
    /// <returns>Whether there may be more.</returns>
    internal static async ValueTask<bool> ForgetAsync(Transaction tx)
    {
        const int step = 200;
        var forgotten = await tx.ExecuteAsync(
            "DELETE FROM notice WHERE (tenant, provider, id) IN (SELECT tenant, provider, id FROM notice WHERE at < $1 ORDER BY at LIMIT $2)",
            tx.Now - KeptFor, step);
        return forgotten == step;
    }

    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(35);
}

using Basin.Payments.Providers;
using Basin.Payments.Stripe;

namespace Basin.Payments.Disputes;

/// <summary>What providers tell of disputes, carried out: the record, the charge, the books, the news.</summary>
internal static class DisputeSteps
{
    public static async ValueTask FollowAsync(Transaction tx, Payment payment, ProviderNotice notice)
    {
        if (notice.Kind == NoticeKind.DisputeOpened)
        {
            await OpenAsync(tx, payment, notice);
            return;
        }
        var dispute = await FindAsync(tx, payment, notice.Object!) ?? throw PaymentsProblems.NoticeTooEarly.Refusal();
        if (dispute.IsOpen)
            await CloseAsync(tx, payment, dispute, won: notice.Kind == NoticeKind.DisputeWon);
    }

    private static async ValueTask OpenAsync(Transaction tx, Payment payment, ProviderNotice notice)
    {
        var dispute = Dispute.Open(tx.NewId<Dispute>(), payment, notice, tx.Now);
        // The provider may tell of the same dispute under another name.
        if (await FindAsync(tx, payment, dispute.Reference) is not null)
            return;
        await Records.AddAsync(tx, dispute);
        await SetDisputedAsync(tx, payment, disputed: true);
        if (!dispute.IsInquiry)
            await Consequences.BookAsync(tx, payment, Movement.Dispute(dispute));
        await TellAsync(tx, payment, dispute, "charge.dispute.created");
        if (!dispute.IsInquiry)
            await TellAsync(tx, payment, dispute, "charge.dispute.funds_withdrawn");
    }

    private static async ValueTask CloseAsync(Transaction tx, Payment payment, Dispute dispute, bool won)
    {
        var closed = dispute.Decide(won);
        await Records.ChangeAsync(tx, closed);
        if (closed.Status != DisputeStatus.Lost)
            await SetDisputedAsync(tx, payment, disputed: false);
        if (closed.Status == DisputeStatus.Won)
            await Consequences.BookAsync(tx, payment, Movement.DisputeWon(closed));
        await TellAsync(tx, payment, closed, "charge.dispute.closed");
        if (closed.Status == DisputeStatus.Won)
            await TellAsync(tx, payment, closed, "charge.dispute.funds_reinstated");
    }

    public static async ValueTask TellAsync(Transaction tx, Payment payment, Dispute dispute, string type)
    {
        if (payment.Intent is not null)
            await StripeEvents.TellAsync(tx, payment.Tenant, type, dispute.Id.ToString(), await ShapeOfAsync(tx, dispute), StripeJson.Default.DisputeShape);
    }

    public static async ValueTask<DisputeShape> ShapeOfAsync(Snapshot snapshot, Dispute dispute) =>
        DisputeShape.Of(dispute, await BalanceStore.ListOfSourceAsync(snapshot, dispute.Tenant, dispute.Id.ToString()));

    /// <summary>Whether the customer's bank has taken a payment's money, so that it must not be given back a second time.</summary>
    public static async ValueTask<bool> HoldMoneyAsync(Snapshot snapshot, Payment payment) =>
        payment.CapturedMinor > 0
        && (await Records.ListOfOwnerAsync<Dispute>(snapshot, payment.Tenant, payment.Id.Value)).Exists(dispute => dispute.HoldsMoney);

    private static async ValueTask<Dispute?> FindAsync(Transaction tx, Payment payment, string reference) =>
        (await Records.ListOfOwnerAsync<Dispute>(tx, payment.Tenant, payment.Id.Value)).FirstOrDefault(dispute => dispute.Reference == reference);

    private static async ValueTask SetDisputedAsync(Transaction tx, Payment payment, bool disputed)
    {
        if (await ChargesStore.FindAsync(tx, payment.Tenant, payment.Id) is { } charge)
            await ChargesStore.ChangeAsync(tx, payment.Tenant, payment.Id, charge with { Disputed = disputed });
    }
}

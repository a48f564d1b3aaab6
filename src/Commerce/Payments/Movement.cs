using Basin.Ledger;
using Basin.Payments.Disputes;

namespace Basin.Payments;

public enum MovementKind
{
    /// <summary>Promised by the customer's bank.</summary>
    Hold,

    /// <summary>Taken, as far as it was promised; the rest of the promise ends.</summary>
    Capture,

    /// <summary>A promise ends.</summary>
    Release,

    Refund,

    /// <summary>A refund came back.</summary>
    RefundReturned,

    /// <summary>A customer's bank takes money back, and the provider its fee.</summary>
    Dispute,

    /// <summary>It gives the money again.</summary>
    DisputeWon,

    /// <summary>The provider pays out what it owes.</summary>
    Payout,
}

/// <summary>What one step does to the books, in the currency's minor unit.</summary>
/// <param name="FeeMinor">What the provider keeps for itself.</param>
/// <param name="ReplacedMinor">Of a hold: what was held before it.</param>
/// <param name="Source">What it is about, where it is not the payment itself: a refund, a dispute, a payout.</param>
internal sealed record Movement(MovementKind Kind, long AmountMinor, long FeeMinor = 0, long ReplacedMinor = 0, string? Source = null)
{
    /// <summary>Whether what was gained can be paid out at once.</summary>
    public bool IsAvailable { get; init; }

    public static Movement Hold(long amount, long replaced) => new(MovementKind.Hold, amount, ReplacedMinor: replaced);

    public static Movement Capture(long amount, long fee) => new(MovementKind.Capture, amount, fee);

    public static Movement Release(long amount) => new(MovementKind.Release, amount);

    public static Movement Refund(Refund refund) => new(MovementKind.Refund, refund.AmountMinor, Source: refund.Id.ToString());

    public static Movement RefundReturned(Refund refund) => new(MovementKind.RefundReturned, refund.AmountMinor, Source: refund.Id.ToString());

    public static Movement Dispute(Dispute dispute) => new(MovementKind.Dispute, dispute.Amount.Minor, dispute.FeeMinor, Source: dispute.Id.ToString());

    public static Movement DisputeWon(Dispute dispute) => new(MovementKind.DisputeWon, dispute.Amount.Minor, Source: dispute.Id.ToString());

    /// <summary>What the provider's account with the tenant gains, fees apart; holds are promises and gain nothing yet.</summary>
    public long GainMinor => Kind switch
    {
        MovementKind.Capture or MovementKind.DisputeWon or MovementKind.RefundReturned => AmountMinor,
        MovementKind.Refund or MovementKind.Dispute or MovementKind.Payout => -AmountMinor,
        _ => 0,
    };
}

/// <summary>
/// The legs of a movement in the ledger. What a provider owes the tenant is its account; a hold is a pending transfer, which a capture posts in part or
/// whole. Ids come from what has happened, so that asking twice moves once.
/// </summary>
internal static class Legs
{
    private const string Sales = "sales";
    private const string Fees = "fees";
    private const string Disputes = "disputes";
    private const string Bank = "bank";

    public static IReadOnlyList<NewTransfer> Of(Payment payment, Movement movement)
    {
        var (id, provider) = (payment.Id.ToString(), $"provider.{payment.Provider}");
        var legs = new Book(payment.Currency, movement.Source ?? id);
        return movement.Kind switch
        {
            MovementKind.Hold when movement.ReplacedMinor > 0 =>
            [
                legs.Void($"{id}.hold.{payment.Holds - 1}.void", $"{id}.hold.{payment.Holds - 1}") with { Linked = true },
                legs.Hold($"{id}.hold.{payment.Holds}", provider, Sales, movement.AmountMinor),
            ],
            MovementKind.Hold => [legs.Hold($"{id}.hold.{payment.Holds}", provider, Sales, movement.AmountMinor)],
            MovementKind.Capture =>
            [
                legs.Post($"{id}.capture", $"{id}.hold.{payment.Holds}", movement.AmountMinor),
                .. legs.Fee($"{id}.fee", provider, movement.FeeMinor),
            ],
            MovementKind.Release => [legs.Void($"{id}.void", $"{id}.hold.{payment.Holds}")],
            MovementKind.Refund => [legs.Single($"{movement.Source}", Sales, provider, movement.AmountMinor, "refund")],
            MovementKind.RefundReturned => [legs.Single($"{movement.Source}.returned", provider, Sales, movement.AmountMinor, "refund_returned")],
            MovementKind.Dispute =>
            [
                legs.Single($"{movement.Source}", Disputes, provider, movement.AmountMinor, "dispute"),
                .. legs.Fee($"{movement.Source}.fee", provider, movement.FeeMinor),
            ],
            MovementKind.DisputeWon => [legs.Single($"{movement.Source}.won", provider, Disputes, movement.AmountMinor, "dispute_won")],
            _ => throw new ArgumentOutOfRangeException(nameof(movement), movement.Kind, "A payment does not do that."),
        };
    }

    /// <summary>A provider pays out to the bank.</summary>
    public static IReadOnlyList<NewTransfer> OfPayout(string payout, string provider, Money amount) =>
        [new Book(amount.Currency, payout).Single(payout, Bank, $"provider.{provider}", amount.Minor, "payout")];

    /// <summary>Where the ledger keeps what a provider owes.</summary>
    public static string AccountOf(string provider, string currency) => $"provider.{provider}.{currency.ToLowerInvariant()}";

    /// <summary>The accounts that legs name, to be opened where they are not.</summary>
    public static IReadOnlyList<NewAccount> AccountsOf(IReadOnlyList<NewTransfer> legs) =>
        [.. legs.SelectMany(leg => new[] { leg.Debit, leg.Credit }.OfType<string>().Select(account => Account(account, leg.Currency!))).DistinctBy(account => account.Id)];

    private static NewAccount Account(string id, string currency) => new(id, currency, id[..id.IndexOf('.')], History: true);

    private sealed class Book(string currency, string reference)
    {
        public NewTransfer Hold(string id, string debit, string credit, long amount) =>
            Single(id, debit, credit, amount, "hold") with { Kind = TransferKind.Pending };

        public NewTransfer Single(string id, string debit, string credit, long amount, string code) =>
            new(id, Debit: Of(debit), Credit: Of(credit), Amount: amount, Currency: currency, Code: code, Reference: reference);

        public NewTransfer Post(string id, string pending, long amount) => new(id, Kind: TransferKind.Post, PendingId: pending, Amount: amount, Reference: reference);

        public NewTransfer Void(string id, string pending) => new(id, Kind: TransferKind.Void, PendingId: pending, Reference: reference);

        public IEnumerable<NewTransfer> Fee(string id, string provider, long fee) => fee == 0 ? [] : [Single(id, Fees, provider, fee, "fee")];

        private string Of(string account) => $"{account}.{currency.ToLowerInvariant()}";
    }
}

using System.Text.Json.Serialization.Metadata;

namespace Basin.Payments.Reconciling;

[JsonConverter(typeof(SnakeCaseEnumConverter<ReconciliationState>))]
public enum ReconciliationState
{
    Running,
    Done,

    /// <summary>The provider or the ledger did not answer for too long.</summary>
    Failed,
}

/// <summary>Why two books do not say the same.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<DifferenceKind>))]
public enum DifferenceKind
{
    /// <summary>The payment waits for the provider, or has changed while it was compared.</summary>
    Settling,

    /// <summary>Payments has asked the ledger for a transfer that it has not booked yet.</summary>
    LegOnItsWay,

    /// <summary>The provider still counts a refund that came back.</summary>
    Returned,

    /// <summary>The provider does not know a charge.</summary>
    MissingAtProvider,

    /// <summary>Only the provider knows a charge.</summary>
    UnknownToUs,

    /// <summary>Another amount or currency was held, taken or given back.</summary>
    AmountDiffers,

    /// <summary>One says that the charge is voided, the other does not.</summary>
    StateDiffers,

    /// <summary>The provider has kept another fee.</summary>
    FeeDiffers,

    /// <summary>The ledger does not have a transfer, and nothing will bring it.</summary>
    LegMissing,

    /// <summary>The ledger has booked something else under the id of a transfer.</summary>
    LegDiffers,

    /// <summary>The ledger has a transfer that Payments never asked for.</summary>
    LegUnexpected,

    /// <summary>The account of the provider in the ledger is not the sum of the lines of the balance.</summary>
    BalanceDiffers,
}

/// <summary>One thing that two books do not say alike.</summary>
/// <param name="Subject">The id of the payment or payout, or the name of the account.</param>
/// <param name="Sentence">What each of them says, for people.</param>
/// <param name="ApartMinor">How much they are apart, in the minor unit of <paramref name="Currency"/>; null when it is not about an amount.</param>
public sealed record Difference(DifferenceKind Kind, string Subject, string Sentence, string? Currency = null, long? ApartMinor = null)
{
    /// <summary>Whether time ends it, with nobody's help.</summary>
    internal bool PassesByItself => Kind.PassesByItself;
}

/// <summary>How many differences of a kind there are, listed or not.</summary>
public sealed record DifferenceCount(DifferenceKind Kind, long Count);

/// <summary>Sums of one book in the currency's minor unit; null where that book does not know.</summary>
public sealed record BookTotals(
    long AuthorizedMinor, long CapturedMinor, long FeesMinor, long RefundsMinor, long? DisputesMinor, long? DisputeFeesMinor, long? PayoutsMinor)
{
    internal static readonly BookTotals None = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>Of a provider, which tells of its charges and no more.</summary>
    internal static readonly BookTotals NoCharges = new(0, 0, 0, 0, null, null, null);

    internal BookTotals Plus(BookTotals other) => new(
        AuthorizedMinor + other.AuthorizedMinor, CapturedMinor + other.CapturedMinor, FeesMinor + other.FeesMinor, RefundsMinor + other.RefundsMinor,
        DisputesMinor + other.DisputesMinor, DisputeFeesMinor + other.DisputeFeesMinor, PayoutsMinor + other.PayoutsMinor);
}

/// <summary>A currency in all books. The last three are of the same payments, as they stood when they were compared, and of the payouts of the day.</summary>
/// <param name="Moved">What moved in the day, whenever the payments were made.</param>
public sealed record CurrencyTotals(string Currency, BookTotals Moved, BookTotals Payments, BookTotals Provider, BookTotals Ledger)
{
    internal static CurrencyTotals None(string currency) => new(currency, BookTotals.None, BookTotals.None, BookTotals.NoCharges, BookTotals.None);
}

/// <summary>What the provider owes in one currency, in the currency's minor unit.</summary>
/// <param name="Account">Of the ledger.</param>
/// <param name="PaymentsMinor">The sum of all lines of the balance.</param>
/// <param name="OnTheWayMinor">What of it the ledger has not booked yet.</param>
/// <param name="LedgerMinor">The balance of the account.</param>
public sealed record BalanceComparison(string Currency, string Account, long PaymentsMinor, long OnTheWayMinor, long LedgerMinor)
{
    internal long ApartMinor => PaymentsMinor - OnTheWayMinor - LedgerMinor;
}

/// <summary>How far a comparison has come.</summary>
/// <param name="Time">Unix milliseconds; only where a place is one of time.</param>
/// <param name="After">The id of the last row that was looked at.</param>
internal sealed record Place(Phase Phase, long After, long Time = 0);

internal enum Phase
{
    /// <summary>Payments that were made in the day, and the charges of their time.</summary>
    Made,

    /// <summary>Older payments whose money moved in the day, and payouts.</summary>
    Moved,

    /// <summary>Older payments that changed in the day, although no money moved.</summary>
    Changed,

    /// <summary>The sums of all days.</summary>
    Balances,
}

/// <summary>The provider's books, the own ones and the ledger's beside each other: for one provider and one day of UTC.</summary>
public sealed record Reconciliation : IRecord<Reconciliation>
{
    /// <summary>Listed of one comparison; more are only counted.</summary>
    public const int MaxDifferences = 100;

    public static string Prefix => "rcn";

    static JsonTypeInfo<Reconciliation> IRecord<Reconciliation>.Json => RecordsJson.Default.Reconciliation;

    public required Id<Reconciliation> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required string Provider { get; init; }

    public required DateOnly Day { get; init; }

    /// <summary>The end of the day, or when the comparison began while it was still going on.</summary>
    public required DateTimeOffset Through { get; init; }

    public ReconciliationState State { get; init; }

    [JsonInclude]
    internal Place Place { get; init; } = new(Phase.Made, 0);

    /// <summary>Payments that were looked at.</summary>
    public long Compared { get; init; }

    public IReadOnlyList<CurrencyTotals> Totals { get; init; } = [];

    public IReadOnlyList<BalanceComparison> Balances { get; init; } = [];

    public IReadOnlyList<DifferenceCount> Counts { get; init; } = [];

    /// <summary>The first of them.</summary>
    public IReadOnlyList<Difference> Differences { get; init; } = [];

    /// <summary>Why it waits or has failed.</summary>
    public string? Trouble { get; init; }

    public required DateTimeOffset BegunAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    long? IRecord<Reconciliation>.Owner => null;

    string? IRecord<Reconciliation>.Label => LabelOf(Provider, Day);

    internal DateTimeOffset From => StartOf(Day);

    internal bool IsOfWholeDay => Through == StartOf(Day.AddDays(1));

    /// <summary>Whether somebody has to look.</summary>
    internal bool NeedsALook => Counts.Any(count => !count.Kind.PassesByItself);

    internal static string LabelOf(string provider, DateOnly day) => $"{provider}/{day:yyyy-MM-dd}";

    internal static DateTimeOffset StartOf(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    internal static DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);

    internal static Reconciliation Begin(Id<Reconciliation> id, Id<Tenant> tenant, string provider, DateOnly day, DateTimeOffset now)
    {
        var end = StartOf(day.AddDays(1));
        return new Reconciliation
        {
            Id = id,
            Tenant = tenant,
            Provider = provider,
            Day = day,
            Through = end < now ? end : now,
            Place = new Place(Phase.Made, Snowflake.FirstAt(StartOf(day)) - 1),
            BegunAt = now,
        };
    }

    internal Reconciliation GoTo(Phase phase) => this with
    {
        Place = phase switch
        {
            Phase.Changed => new Place(phase, 0, From.ToUnixTimeMilliseconds()),
            _ => new Place(phase, Snowflake.FirstAt(From) - 1),
        },
    };

    internal Reconciliation End(DateTimeOffset now) => this with { State = ReconciliationState.Done, Trouble = null, EndedAt = now };

    internal Reconciliation GiveUp(string trouble, DateTimeOffset now) => this with { State = ReconciliationState.Failed, Trouble = trouble, EndedAt = now };
}

internal static class DifferenceKinds
{
    extension(DifferenceKind kind)
    {
        public bool PassesByItself => kind is DifferenceKind.Settling or DifferenceKind.LegOnItsWay or DifferenceKind.Returned;
    }
}

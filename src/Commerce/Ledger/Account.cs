using System.Text.Json.Serialization;

namespace Basin.Ledger;

/// <summary>What an account refuses and remembers. The numbers are stored.</summary>
[Flags]
public enum AccountFlags
{
    None = 0,

    /// <summary>What it has given away or promised stays within what it was given: a deposit, which cannot be overdrawn.</summary>
    DebitsMustNotExceedCredits = 1,

    /// <summary>The reverse: money in a till.</summary>
    CreditsMustNotExceedDebits = 2,

    /// <summary>Each of its entries keeps the balance after it.</summary>
    History = 4,

    /// <summary>It takes no more transfers until the one that has closed it is voided.</summary>
    Closed = 8,
}

/// <summary>One side of a balance.</summary>
/// <param name="Pending">Promised by transfers that are neither posted nor voided nor expired.</param>
/// <param name="Posted">Moved for good.</param>
public readonly record struct Side(long Pending, long Posted)
{
    internal long Total => Pending + Posted;

    internal Side Promise(long amount) => this with { Pending = Pending + amount };

    internal Side Post(long amount) => this with { Posted = Posted + amount };

    internal Side Release(long amount) => this with { Pending = Pending - amount };
}

/// <summary>Where money is, comes from or goes to, in one currency: the sums of all transfers that name it.</summary>
/// <param name="Id">Given by whoever opens it; unique in the tenant.</param>
/// <param name="Code">What kind of account it is, for those who read the books.</param>
/// <param name="Reference">What it stands for elsewhere.</param>
/// <param name="Entries">How many times its balance has changed.</param>
/// <param name="ChangedAt">When that was last; it never goes back, whatever the clocks of several machines say.</param>
/// <param name="Newest">The number of that entry in the journal; 0 when there is none.</param>
public sealed record Account(
    string Id, string Currency, string Code, AccountFlags Flags, Side Debits, Side Credits, string? Reference, DateTimeOffset OpenedAt, long Entries,
    DateTimeOffset ChangedAt, long Newest = 0)
{
    /// <summary>No side of a balance goes beyond it: what every client of JSON reads exactly (RFC 8259, 6).</summary>
    public const long MaxAmount = (1L << 53) - 1;

    internal bool IsClosed => Flags.HasFlag(AccountFlags.Closed);

    /// <summary>How much more may be taken from it.</summary>
    internal long DebitsLeft => Flags.HasFlag(AccountFlags.DebitsMustNotExceedCredits) ? Credits.Posted - Debits.Total : MaxAmount;

    /// <summary>How much more may be given to it.</summary>
    internal long CreditsLeft => Flags.HasFlag(AccountFlags.CreditsMustNotExceedDebits) ? Debits.Posted - Credits.Total : MaxAmount;

    internal Account Close(bool closes) => closes ? this with { Flags = Flags | AccountFlags.Closed } : this;

    internal Account Reopen(bool reopens) => reopens ? this with { Flags = Flags & ~AccountFlags.Closed } : this;

    /// <summary>With an entry more.</summary>
    internal Account Enter(long number, DateTimeOffset at)
    {
        Transaction.Invariant(at >= ChangedAt, $"the entries of account {Id} are in the order of their times");
        return Checked() with { Entries = Entries + 1, ChangedAt = at, Newest = number };
    }

    /// <summary>What every account is at every commit.</summary>
    private Account Checked()
    {
        Transaction.Invariant(
            Debits is { Pending: >= 0, Posted: >= 0, Total: <= MaxAmount } && Credits is { Pending: >= 0, Posted: >= 0, Total: <= MaxAmount },
            $"the sides of account {Id} are within their bounds");
        Transaction.Invariant(DebitsLeft >= 0 && CreditsLeft >= 0, $"account {Id} keeps to its flags");
        return this;
    }
}

/// <summary>Asks for an account. Whoever asks gives the id, so that asking twice opens one.</summary>
/// <param name="Code">What kind of account it is, for those who read the books.</param>
/// <param name="DebitsMustNotExceedCredits">It cannot give more than it was given.</param>
/// <param name="CreditsMustNotExceedDebits">It cannot be given more than it has given.</param>
/// <param name="History">Whether its balance can be asked for at any time of the past.</param>
/// <param name="Reference">What it stands for elsewhere.</param>
public sealed record NewAccount(
    string Id,
    string Currency,
    string Code,
    bool DebitsMustNotExceedCredits = false,
    bool CreditsMustNotExceedDebits = false,
    bool History = false,
    string? Reference = null) : IChecked
{
    private AccountFlags Flags =>
        (DebitsMustNotExceedCredits ? AccountFlags.DebitsMustNotExceedCredits : AccountFlags.None)
        | (CreditsMustNotExceedDebits ? AccountFlags.CreditsMustNotExceedDebits : AccountFlags.None)
        | (History ? AccountFlags.History : AccountFlags.None);

    public void Check(Checks checks)
    {
        checks.LedgerId(Id, "id");
        checks.That(Currencies.IsKnown(Currency), "currency", "A currency of ISO 4217 is expected.");
        checks.LedgerCode(Code, "code");
        if (Reference is not null)
            checks.Text(Reference, "reference", LedgerChecks.MaxReference);
    }

    internal AccountStatus Decide(Account? existing) => existing switch
    {
        null when DebitsMustNotExceedCredits && CreditsMustNotExceedDebits => AccountStatus.FlagsAreMutuallyExclusive,
        null => AccountStatus.Created,
        _ when (existing.Flags & ~AccountFlags.Closed) != Flags => AccountStatus.ExistsWithDifferentFlags,
        _ when existing.Reference != Reference => AccountStatus.ExistsWithDifferentReference,
        _ when existing.Currency != Currency => AccountStatus.ExistsWithDifferentCurrency,
        _ when existing.Code != Code => AccountStatus.ExistsWithDifferentCode,
        _ => AccountStatus.Exists,
    };

    internal Account OpenAt(DateTimeOffset now) => new(Id, Currency, Code, Flags, default, default, Reference, now, 0, now);
}

/// <summary>What became of the opening of an account, in the order in which it is looked at.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<AccountStatus>))]
public enum AccountStatus
{
    Created,
    ExistsWithDifferentFlags,
    ExistsWithDifferentReference,
    ExistsWithDifferentCurrency,
    ExistsWithDifferentCode,

    /// <summary>The same request was done already.</summary>
    Exists,

    /// <summary>Debits within credits and credits within debits leave no room for anything.</summary>
    FlagsAreMutuallyExclusive,
}

using System.Text.Json.Serialization;

namespace Basin.Ledger;

/// <summary>What a transfer does. The numbers are stored.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<TransferKind>))]
public enum TransferKind
{
    /// <summary>Moves money at once.</summary>
    Single,

    /// <summary>Promises money, to be posted or voided later.</summary>
    Pending,

    /// <summary>Moves what was promised, or a part of it; the rest is released.</summary>
    Post,

    /// <summary>Releases what was promised.</summary>
    Void,
}

/// <summary>How a transfer behaves. The numbers are stored.</summary>
[Flags]
internal enum TransferFlags
{
    None = 0,
    Linked = 1,
    BalancingDebit = 2,
    BalancingCredit = 4,
    ClosingDebit = 8,
    ClosingCredit = 16,
}

/// <summary>Asks for a transfer. Whoever asks gives the id, so that asking twice moves money once.</summary>
/// <param name="Debit">The account that gives. Not needed where <paramref name="PendingId"/> names it.</param>
/// <param name="Credit">The account that gets. Not needed where <paramref name="PendingId"/> names it.</param>
/// <param name="Amount">
/// In the currency's minor unit. Null posts or voids all that is pending, and is as much as a balancing transfer can move.
/// </param>
/// <param name="Code">Why money moves, for those who read the books.</param>
/// <param name="PendingId">The transfer that is posted or voided.</param>
/// <param name="TimeoutSeconds">After which a pending transfer expires; null when it never does.</param>
/// <param name="Reference">What it stands for elsewhere.</param>
/// <param name="Linked">Whether it succeeds or fails together with the next one of its batch.</param>
/// <param name="BalancingDebit">Moves at most what the debit account has left.</param>
/// <param name="BalancingCredit">Moves at most what the credit account is owed.</param>
/// <param name="ClosingDebit">Closes the debit account.</param>
/// <param name="ClosingCredit">Closes the credit account.</param>
public sealed record NewTransfer(
    string Id,
    string? Debit = null,
    string? Credit = null,
    long? Amount = null,
    string? Currency = null,
    string? Code = null,
    TransferKind Kind = TransferKind.Single,
    string? PendingId = null,
    int? TimeoutSeconds = null,
    string? Reference = null,
    bool Linked = false,
    bool BalancingDebit = false,
    bool BalancingCredit = false,
    bool ClosingDebit = false,
    bool ClosingCredit = false) : IChecked
{
    private const int MaxTimeoutSeconds = 10 * 366 * 24 * 3600;

    internal bool Resolves => Kind is TransferKind.Post or TransferKind.Void;

    internal bool IsBalancing => BalancingDebit || BalancingCredit;

    internal bool IsClosing => ClosingDebit || ClosingCredit;

    internal TransferFlags Flags =>
        (Linked ? TransferFlags.Linked : TransferFlags.None)
        | (BalancingDebit ? TransferFlags.BalancingDebit : TransferFlags.None)
        | (BalancingCredit ? TransferFlags.BalancingCredit : TransferFlags.None)
        | (ClosingDebit ? TransferFlags.ClosingDebit : TransferFlags.None)
        | (ClosingCredit ? TransferFlags.ClosingCredit : TransferFlags.None);

    /// <summary>What is there must have its shape; what is missing, or does not fit, is a status.</summary>
    public void Check(Checks checks)
    {
        checks.LedgerId(Id, "id");
        if (Debit is not null)
            checks.LedgerId(Debit, "debit");
        if (Credit is not null)
            checks.LedgerId(Credit, "credit");
        checks.Range(Amount ?? 0, "amount", 0, Account.MaxAmount);
        checks.That(Currency is null || Currencies.IsKnown(Currency), "currency", "A currency of ISO 4217 is expected.");
        if (Code is not null)
            checks.LedgerCode(Code, "code");
        if (PendingId is not null)
            checks.LedgerId(PendingId, "pendingId");
        checks.Range(TimeoutSeconds ?? 1, "timeoutSeconds", 1, MaxTimeoutSeconds);
        if (Reference is not null)
            checks.Text(Reference, "reference", LedgerChecks.MaxReference);
    }
}

/// <summary>The shapes of what callers name.</summary>
internal static class LedgerChecks
{
    public const int MaxReference = 200;
    private const int MaxId = 64;
    private const int MaxCode = 32;

    extension(Checks checks)
    {
        public void LedgerId(string? id, string member) => checks.That(
            id is { Length: >= 1 and <= MaxId } && char.IsAsciiLetterOrDigit(id[0])
                && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':'),
            member, $"A letter or digit and at most {MaxId - 1} letters, digits, hyphens, underscores, dots and colons are expected.");

        public void LedgerCode(string? code, string member) => checks.That(
            code is { Length: >= 1 and <= MaxCode } && code.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'),
            member, $"1 to {MaxCode} lower-case letters, digits and underscores are expected.");
    }
}

/// <summary>Money that has moved, was promised or released, for good: nothing changes a transfer.</summary>
/// <param name="Number">Its place in the journal.</param>
/// <param name="Amount">What was moved or promised, in the currency's minor unit.</param>
internal sealed record Transfer(
    long Number, string Id, string Debit, string Credit, long Amount, string Currency, string Code, TransferKind Kind, TransferFlags Flags, string? PendingId,
    int? TimeoutSeconds, string? Reference, DateTimeOffset At) : IEntity
{
    public static string Prefix => "trf";

    public bool Has(TransferFlags flag) => (Flags & flag) != TransferFlags.None;

    public DateTimeOffset? ExpiresAt => TimeoutSeconds is { } seconds ? At.AddSeconds(seconds) : null;

    /// <summary>What a second request under its id is told: that it is the same, or what is different, the first of these.</summary>
    /// <param name="pending">The transfer that this one resolves: what a request does not say is what that says.</param>
    public TransferStatus Compare(NewTransfer again, Transfer? pending) => again switch
    {
        _ when again.Kind != Kind || again.Flags != Flags => TransferStatus.ExistsWithDifferentFlags,
        _ when again.PendingId != PendingId => TransferStatus.ExistsWithDifferentPendingId,
        _ when again.TimeoutSeconds != TimeoutSeconds => TransferStatus.ExistsWithDifferentTimeout,
        _ when Debit != (again.Debit ?? pending?.Debit) => TransferStatus.ExistsWithDifferentDebitAccount,
        _ when Credit != (again.Credit ?? pending?.Credit) => TransferStatus.ExistsWithDifferentCreditAccount,
        _ when HasOtherAmount(again, pending) => TransferStatus.ExistsWithDifferentAmount,
        _ when Reference != (again.Reference ?? pending?.Reference) => TransferStatus.ExistsWithDifferentReference,
        _ when Currency != (again.Currency ?? pending?.Currency) => TransferStatus.ExistsWithDifferentCurrency,
        _ when Code != (again.Code ?? pending?.Code) => TransferStatus.ExistsWithDifferentCode,
        _ => TransferStatus.Exists,
    };

    /// <summary>A balancing transfer may have moved less than it was asked to.</summary>
    private bool HasOtherAmount(NewTransfer again, Transfer? pending) =>
        again.IsBalancing ? Amount > (again.Amount ?? Account.MaxAmount) : Amount != (again.Amount ?? pending?.Amount);
}

/// <summary>What became of a pending transfer. The numbers are stored.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PendingState>))]
public enum PendingState
{
    Waiting,
    Posted,
    Voided,
    Expired,
}

/// <summary>What became of a request for a transfer, in the order in which it is looked at: of several reasons the first is told.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<TransferStatus>))]
public enum TransferStatus
{
    Created,

    /// <summary>Another one of its chain was refused.</summary>
    LinkedEventFailed,

    /// <summary>The last one of a batch is linked to nothing.</summary>
    LinkedEventChainOpen,

    ExistsWithDifferentFlags,
    ExistsWithDifferentPendingId,
    ExistsWithDifferentTimeout,
    ExistsWithDifferentDebitAccount,
    ExistsWithDifferentCreditAccount,
    ExistsWithDifferentAmount,
    ExistsWithDifferentReference,
    ExistsWithDifferentCurrency,
    ExistsWithDifferentCode,

    /// <summary>The same request was done already.</summary>
    Exists,

    /// <summary>
    /// A transfer of this id was refused for what the accounts were then: whoever was told so has gone on, and a late repeat must not move money after all.
    /// </summary>
    IdAlreadyFailed,

    /// <summary>Posting and voiding are neither balancing nor closing.</summary>
    FlagsAreMutuallyExclusive,

    DebitAccountMustBeGiven,
    CreditAccountMustBeGiven,
    AccountsMustBeDifferent,

    /// <summary>Only posting and voiding name a pending transfer.</summary>
    PendingIdMustNotBeGiven,

    PendingIdMustBeGiven,
    PendingIdMustBeDifferent,

    TimeoutReservedForPendingTransfer,
    ClosingTransferMustBePending,
    AmountMustBeGiven,
    CurrencyMustBeGiven,
    CodeMustBeGiven,

    DebitAccountNotFound,
    CreditAccountNotFound,
    AccountsMustHaveTheSameCurrency,
    TransferMustHaveTheSameCurrencyAsAccounts,

    PendingTransferNotFound,

    /// <summary>The transfer moved money at once, or posts or voids another one.</summary>
    PendingTransferNotPending,

    PendingTransferHasDifferentDebitAccount,
    PendingTransferHasDifferentCreditAccount,
    PendingTransferHasDifferentCurrency,
    PendingTransferHasDifferentCode,
    ExceedsPendingTransferAmount,

    /// <summary>All of it is voided or nothing.</summary>
    PendingTransferHasDifferentAmount,

    PendingTransferAlreadyPosted,
    PendingTransferAlreadyVoided,
    PendingTransferExpired,

    DebitAccountAlreadyClosed,
    CreditAccountAlreadyClosed,

    OverflowsDebitsPending,
    OverflowsCreditsPending,
    OverflowsDebitsPosted,
    OverflowsCreditsPosted,
    OverflowsDebits,
    OverflowsCredits,

    /// <summary>The debit account would have given more than it was given.</summary>
    ExceedsCredits,

    /// <summary>The credit account would have been given more than it has given.</summary>
    ExceedsDebits,
}

namespace Basin.Ledger.Pages;

/// <summary>What operators read of accounts and entries.</summary>
internal static class LedgerWords
{
    public static string PathOf(string account) => $"/console/ledger/accounts/{Uri.EscapeDataString(account)}";

    /// <summary>What was moved, and what is promised beside it.</summary>
    public static string Of(Side side, string currency) => side.Pending == 0
        ? new Money(side.Posted, currency).ToString()
        : $"{new Money(side.Posted, currency)} + {new Money(side.Pending, currency)} pending";

    /// <summary>What was moved, with the side on which it is more.</summary>
    public static string BalanceOf(Side debits, Side credits, string currency) =>
        $"{new Money(Math.Abs(debits.Posted - credits.Posted), currency)} {SideOf(debits, credits)}";

    /// <summary>On which side more was moved.</summary>
    public static string SideOf(Side debits, Side credits) =>
        debits.Posted > credits.Posted ? "debit"
        : debits.Posted < credits.Posted ? "credit"
        : "";

    /// <summary>The colour of a kind of entry: money that is promised, that was moved after all, or that was not.</summary>
    public static string Badge(EntryKind kind) => kind switch
    {
        EntryKind.Pending => "waiting",
        EntryKind.Post => "ok",
        EntryKind.Expiry => "failed",
        _ => "",
    };

    /// <summary>Which side is bounded.</summary>
    public static string LimitOf(AccountFlags flags) =>
        flags.HasFlag(AccountFlags.DebitsMustNotExceedCredits) ? "Debits"
        : flags.HasFlag(AccountFlags.CreditsMustNotExceedDebits) ? "Credits"
        : "None";

    /// <summary>By what it is bounded.</summary>
    public static string LimitIn(AccountFlags flags) =>
        flags.HasFlag(AccountFlags.DebitsMustNotExceedCredits) ? "never more than credits"
        : flags.HasFlag(AccountFlags.CreditsMustNotExceedDebits) ? "never more than debits"
        : "either side may be more";
}

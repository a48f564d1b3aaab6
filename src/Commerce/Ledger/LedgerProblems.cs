namespace Basin.Ledger;

/// <summary>What the ledger refuses as a whole; what becomes of a single account or transfer of a batch is a status.</summary>
public static class LedgerProblems
{
    public static readonly Problem NoHistory = new(409, "account_without_history", "The account keeps no history.");

    public static IReadOnlyList<Problem> All => [NoHistory];
}

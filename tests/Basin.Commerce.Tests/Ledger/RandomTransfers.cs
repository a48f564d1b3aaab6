using Basin.Ledger;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>Accounts with every flag, and batches that name them, and one another, in every way: most are right, many are not.</summary>
internal sealed class RandomTransfers(int[] choices)
{
    private const int Names = 40;
    private const int Ids = 200;

    private readonly List<string> _pending = [];
    private int _step;

    public static IReadOnlyList<NewAccount> Accounts { get; } =
    [
        new("bank", "EUR", "equity", History: true),
        new("cash", "EUR", "assets"),
        new("deposit", "EUR", "liabilities", DebitsMustNotExceedCredits: true, History: true),
        new("till", "EUR", "assets", CreditsMustNotExceedDebits: true),
        new("dollars", "USD", "assets"),
        new("deposit-usd", "USD", "liabilities", DebitsMustNotExceedCredits: true),
    ];

    public bool HasMore => _step < choices.Length;

    public int Chance(int below) => choices[_step++ % choices.Length] % below;

    public IReadOnlyList<NewTransfer> NextBatch() => [.. Enumerable.Range(0, 1 + Chance(6)).Select(_ => Next())];

    private NewTransfer Next()
    {
        var linked = Chance(4) == 0;
        if (Chance(3) == 0)
        {
            return new NewTransfer(
                Id(), Kind: Chance(2) == 0 ? TransferKind.Post : TransferKind.Void, PendingId: PendingId(), Amount: Chance(3) == 0 ? Chance(50) : null,
                Linked: linked);
        }
        var pending = Chance(2) == 0;
        var id = Id();
        if (pending)
            _pending.Add(id);
        return new NewTransfer(
            id, Account(), Account(), 1 + Chance(100), Chance(8) == 0 ? "USD" : "EUR", "test",
            pending ? TransferKind.Pending : TransferKind.Single,
            TimeoutSeconds: pending && Chance(3) == 0 ? 1 + Chance(20) : null,
            Linked: linked,
            BalancingDebit: Chance(6) == 0,
            BalancingCredit: Chance(6) == 0,
            ClosingDebit: pending && Chance(30) == 0,
            ClosingCredit: pending && Chance(30) == 0);
    }

    private string Id() => $"t{Chance(Ids)}";

    /// <summary>Mostly a transfer that was to be pending.</summary>
    private string PendingId() => _pending.Count == 0 || Chance(5) == 0 ? Id() : _pending[Chance(_pending.Count)];

    private string Account() => Chance(Names) is var name && name < 36 ? Accounts[name % Accounts.Count].Id : "nowhere";
}

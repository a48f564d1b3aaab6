using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Ledger;

/// <summary>What other systems ask of the ledger, wherever it runs. What they want it to book is an event, <see cref="TransfersRequested"/>.</summary>
public interface ILedger
{
    /// <summary>The accounts and transfers of these ids that there are, all as they were at one moment, in no order.</summary>
    /// <exception cref="ProblemException"><c>system_unavailable</c>: the ledger runs elsewhere and does not answer.</exception>
    ValueTask<LedgerExtract> FindAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> accounts, IReadOnlyCollection<string> transfers, CancellationToken cancellation);
}

/// <summary>Some of the books.</summary>
public sealed record LedgerExtract(IReadOnlyList<Account> Accounts, IReadOnlyList<BookedTransfer> Transfers);

/// <param name="Number">
/// Its place in the journal: an account whose <see cref="Account.Newest"/> is smaller does not count it yet.
/// </param>
public sealed record BookedTransfer(long Number, TransferView Transfer);

internal sealed record ExtractQuestion(Id<Tenant> Tenant, IReadOnlyCollection<string> Accounts, IReadOnlyCollection<string> Transfers);

internal static class LedgerCalls
{
    public static readonly Call<ExtractQuestion, LedgerExtract> Find = new(LedgerSystem.Name, "find", MayRepeat: true);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapCall<LedgerApi, ExtractQuestion, LedgerExtract>(
        Find, (ledger, asked, cancellation) => ledger.FindAsync(asked.Tenant, asked.Accounts, asked.Transfers, cancellation));
}

internal sealed class RemoteLedger(Peers peers) : ILedger
{
    public ValueTask<LedgerExtract> FindAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> accounts, IReadOnlyCollection<string> transfers, CancellationToken cancellation) =>
        peers.AskAsync(LedgerCalls.Find, new ExtractQuestion(tenant, accounts, transfers), cancellation);
}

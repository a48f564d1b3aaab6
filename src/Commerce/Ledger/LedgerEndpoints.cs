using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Basin.Ledger;

/// <summary>HTTP of the ledger.</summary>
internal static class LedgerEndpoints
{
    private const string Read = "ledger:read";
    private const string Write = "ledger:write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var ledger = routes.MapGroup("/v1/ledger").WithTags("Ledger").WithChecks();
        ledger.MapPost("/accounts", OpenAsync).RequireScope(Write);
        ledger.MapGet("/accounts", ListAccountsAsync).RequireScope(Read);
        ledger.MapGet("/accounts/{id}", FindAccountAsync).RequireScope(Read);
        ledger.MapGet("/accounts/{id}/balance", FindBalanceAsync).RequireScope(Read);
        ledger.MapGet("/accounts/{id}/entries", ListEntriesAsync).RequireScope(Read);
        ledger.MapPost("/transfers", TransferAsync).RequireScope(Write).ServeAs(RequestClass.Checkout);
        ledger.MapGet("/transfers/{id}", FindTransferAsync).RequireScope(Read);
        ledger.MapGet("/trial-balance", SumAsync).RequireScope(Read);
    }

    /// <summary>Opens accounts. Each gets a status; one that there is already, and is the same, <c>exists</c>.</summary>
    private static Task<Answer<AccountResults>> OpenAsync(
        OpenAccounts request, Caller caller, Once once, LedgerApi ledger, CancellationToken cancellation) =>
        ledger.OpenAsync(caller, request, once, cancellation);

    /// <summary>Lists accounts by id.</summary>
    private static async Task<Ok<Page<AccountView>>> ListAccountsAsync(
        Caller caller, LedgerApi ledger, int? limit, string? cursor, CancellationToken cancellation)
    {
        var page = await ledger.ListAccountsAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation);
        return TypedResults.Ok(new Page<AccountView>([.. page.Items.Select(AccountView.Of)], page.NextCursor));
    }

    /// <summary>Shows an account and its balance.</summary>
    private static async Task<Answer<AccountView>> FindAccountAsync(string id, Caller caller, LedgerApi ledger, CancellationToken cancellation) =>
        await ledger.FindAccountAsync(caller.Tenant, id, cancellation) is { } account ? AccountView.Of(account) : KernelProblems.NotFound;

    /// <summary>Shows the balance of an account as it was at a time, to the millisecond, where the account keeps its history.</summary>
    private static async Task<Answer<Balance>> FindBalanceAsync(
        string id, DateTimeOffset at, Caller caller, LedgerApi ledger, CancellationToken cancellation) =>
        await ledger.FindBalanceAsync(caller.Tenant, id, at, cancellation);

    /// <summary>Lists what happened to an account, the newest first: from a time on, and before another.</summary>
    private static async Task<Answer<Page<LedgerEntry>>> ListEntriesAsync(
        string id, Caller caller, LedgerApi ledger, DateTimeOffset? from, DateTimeOffset? until, int? limit, string? cursor, CancellationToken cancellation) =>
        await ledger.ListEntriesAsync(caller.Tenant, id, from, until, Paging.Of(limit, cursor), cancellation) is { } page ? page : KernelProblems.NotFound;

    /// <summary>
    /// Moves money, one transfer after another. Each gets a status: <c>created</c>, <c>exists</c> when it was done already, or why it was refused. Linked
    /// transfers are done together or not at all.
    /// </summary>
    private static Task<Answer<TransferResults>> TransferAsync(
        MakeTransfers request, Caller caller, Once once, LedgerApi ledger, CancellationToken cancellation) =>
        ledger.TransferAsync(caller, request, once, cancellation);

    /// <summary>Shows a transfer.</summary>
    private static async Task<Answer<TransferView>> FindTransferAsync(string id, Caller caller, LedgerApi ledger, CancellationToken cancellation) =>
        await ledger.FindTransferAsync(caller.Tenant, id, cancellation) is { } transfer ? transfer : KernelProblems.NotFound;

    /// <summary>Adds all accounts up, by currency. Debits and credits are the same.</summary>
    private static async Task<Ok<List<TrialBalance>>> SumAsync(Caller caller, LedgerApi ledger, CancellationToken cancellation) =>
        TypedResults.Ok(await ledger.SumAsync(caller.Tenant, cancellation));
}

internal sealed record OpenAccounts(IReadOnlyList<NewAccount> Accounts) : IChecked
{
    public void Check(Checks checks) => checks.Items(Accounts, "accounts", 1, LedgerSystem.MaxBatch);
}

internal sealed record MakeTransfers(IReadOnlyList<NewTransfer> Transfers) : IChecked
{
    public void Check(Checks checks) => checks.Items(Transfers, "transfers", 1, LedgerSystem.MaxBatch);
}

/// <param name="Results">In the order of the request.</param>
internal sealed record AccountResults(IReadOnlyList<AccountResult> Results);

/// <param name="Results">In the order of the request.</param>
internal sealed record TransferResults(IReadOnlyList<TransferResult> Results);

public sealed record AccountResult(string Id, AccountStatus Status);

public sealed record TransferResult(string Id, TransferStatus Status);

/// <summary>An account and its balance.</summary>
internal sealed record AccountView(
    string Id, string Currency, string Code, bool DebitsMustNotExceedCredits, bool CreditsMustNotExceedDebits, bool History, bool Closed, Side Debits,
    Side Credits, string? Reference, DateTimeOffset OpenedAt)
{
    public static AccountView Of(Account account) => new(
        account.Id,
        account.Currency,
        account.Code,
        account.Flags.HasFlag(AccountFlags.DebitsMustNotExceedCredits),
        account.Flags.HasFlag(AccountFlags.CreditsMustNotExceedDebits),
        account.Flags.HasFlag(AccountFlags.History),
        account.IsClosed,
        account.Debits,
        account.Credits,
        account.Reference,
        account.OpenedAt);
}

/// <summary>Both sides of an account.</summary>
public readonly record struct Balance(Side Debits, Side Credits);

/// <summary>The sums of all accounts of a currency.</summary>
public sealed record TrialBalance(string Currency, long Accounts, SideSum Debits, SideSum Credits);

/// <summary>One side of many balances: more than one account can have, and exact all the same.</summary>
/// <param name="Pending">Promised by transfers that are neither posted nor voided nor expired.</param>
/// <param name="Posted">Moved for good.</param>
public readonly record struct SideSum(decimal Pending, decimal Posted);

/// <summary>A transfer as it happened.</summary>
/// <param name="Amount">In the currency's minor unit; of a balancing transfer what it has moved.</param>
/// <param name="State">What became of a pending transfer; null of all others.</param>
public sealed record TransferView(
    string Id, string Debit, string Credit, long Amount, string Currency, string Code, TransferKind Kind, PendingState? State, string? PendingId,
    int? TimeoutSeconds, string? Reference, DateTimeOffset At)
{
    internal static TransferView Of(StoredTransfer stored)
    {
        var transfer = stored.Transfer;
        return new TransferView(
            transfer.Id, transfer.Debit, transfer.Credit, transfer.Amount, transfer.Currency, transfer.Code, transfer.Kind, stored.State,
            transfer.PendingId, transfer.TimeoutSeconds, transfer.Reference, transfer.At);
    }
}

/// <summary>Why a balance has changed.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(SnakeCaseEnumConverter<EntryKind>))]
public enum EntryKind
{
    /// <inheritdoc cref="TransferKind.Single"/>
    Single,

    /// <inheritdoc cref="TransferKind.Pending"/>
    Pending,

    /// <inheritdoc cref="TransferKind.Post"/>
    Post,

    /// <inheritdoc cref="TransferKind.Void"/>
    Void,

    /// <summary>A pending transfer was neither posted nor voided in its time.</summary>
    Expiry,
}

/// <summary>What one transfer did to one account.</summary>
/// <param name="Number">Counts the entries of the account.</param>
/// <param name="Transfer">The transfer; of an expiry the one that has expired.</param>
/// <param name="Balance">After it; null where the account keeps no history.</param>
public sealed record LedgerEntry(long Number, EntryKind Kind, DateTimeOffset At, TransferView Transfer, Balance? Balance)
{
    /// <summary>Its number in the journal.</summary>
    internal long Place { get; init; }
}

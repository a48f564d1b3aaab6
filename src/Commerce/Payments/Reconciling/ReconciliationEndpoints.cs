using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Reconciling;

/// <summary>Asks for a comparison of the provider's books, the own ones and the ledger's.</summary>
/// <param name="Provider">Such as <c>sandbox</c>.</param>
/// <param name="Day">Of UTC, today or one of the 90 before; today so far when it is missing.</param>
public sealed record NewReconciliation(string Provider, DateOnly? Day = null) : IChecked
{
    private const int MaxProvider = 40;

    public void Check(Checks checks) => checks.Text(Provider, "provider", MaxProvider);
}

/// <summary>The provider's books, the own ones and the ledger's beside each other.</summary>
/// <param name="Through">What came after it is not looked at.</param>
/// <param name="Compared">Payments that were looked at.</param>
/// <param name="Counts">How many differences there are; none when all is in order.</param>
/// <param name="Differences">The first 100; only where one comparison is asked for.</param>
/// <param name="Trouble">Why it waits or has failed.</param>
public sealed record ReconciliationView(
    Id<Reconciliation> Id,
    string Provider,
    DateOnly Day,
    DateTimeOffset Through,
    ReconciliationState State,
    long Compared,
    IReadOnlyList<CurrencyTotals> Totals,
    IReadOnlyList<BalanceComparison> Balances,
    IReadOnlyList<DifferenceCount> Counts,
    IReadOnlyList<Difference>? Differences,
    string? Trouble,
    DateTimeOffset BegunAt,
    DateTimeOffset? EndedAt)
{
    internal static ReconciliationView Of(Reconciliation report, bool whole = false) => new(
        report.Id, report.Provider, report.Day, report.Through, report.State, report.Compared, report.Totals, report.Balances, report.Counts,
        whole ? report.Differences : null, report.Trouble, report.BegunAt, report.EndedAt);
}

/// <summary>HTTP of reconciliations.</summary>
internal static class ReconciliationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var reports = routes.MapGroup("/v1/payments/reconciliations").WithTags("Payments").WithChecks();
        reports.MapPost("/", BeginAsync).RequireScope("payments:write").ServeAs(RequestClass.Background).Answers(StatusCodes.Status202Accepted);
        reports.MapGet("/", ListAsync).RequireScope("payments:read");
        reports.MapGet("/{id}", FindAsync).RequireScope("payments:read");
    }

    /// <summary>Compares the books of a day: the provider's, the own ones and the ledger's.</summary>
    /// <remarks>
    /// The answer is 202: the comparison is made in steps, and its state tells when it is done. While one of the same day runs, that is the answer.
    /// </remarks>
    private static Task<Answer<ReconciliationView>> BeginAsync(
        NewReconciliation request, Caller caller, Once once, ReconciliationsApi reports, CancellationToken cancellation) =>
        reports.BeginAsync(caller, request, once, cancellation);

    /// <summary>Lists comparisons of books, newest first. Each is kept for 90 days.</summary>
    /// <param name="limit">1 to 200; 50 by default.</param>
    /// <param name="cursor">Of the page before.</param>
    private static async Task<Answer<Page<ReconciliationView>>> ListAsync(
        int? limit, string? cursor, Caller caller, ReconciliationsApi reports, CancellationToken cancellation)
    {
        var page = await reports.ListAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation);
        return new Page<ReconciliationView>([.. page.Items.Select(report => ReconciliationView.Of(report))], page.NextCursor);
    }

    /// <summary>Shows a comparison of books with its differences.</summary>
    private static async Task<Answer<ReconciliationView>> FindAsync(
        Id<Reconciliation> id, Caller caller, ReconciliationsApi reports, CancellationToken cancellation) =>
        await reports.FindAsync(caller.Tenant, id, cancellation) is { } report ? ReconciliationView.Of(report, whole: true) : KernelProblems.NotFound;
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Stripe;

/// <summary>The use cases of balances.</summary>
internal sealed class BalanceApi([FromKeyedServices(PaymentsSystem.Name)] Store store, TimeProvider time)
{
    public async Task<BalanceShape> SumAsync(Id<Tenant> tenant, CancellationToken cancellation) =>
        BalanceShape.Of(await store.ReadAllAsync(snapshot => BalanceStore.ListDaysAsync(snapshot, tenant), cancellation), time.GetUtcNow());

    public async Task<BalanceTransactionShape> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        Id<BalanceTransaction>.TryParse(id, null, out var known)
        && await store.ReadAsync(ShardKey.Of(known), snapshot => BalanceStore.FindAsync(snapshot, tenant, known), cancellation) is { } found
            ? BalanceTransactionShape.Of(found, time.GetUtcNow())
            : throw (StripeErrors.NoSuch("balance_transaction", id) with { Status = StatusCodes.Status404NotFound }).Refusal();

    /// <param name="kinds">Empty for all.</param>
    /// <param name="source">Only those about it.</param>
    public async Task<List<(BalanceTransaction Line, BalanceTransactionShape Shape)>> ListAsync(
        Id<Tenant> tenant, RecordQuery query, IReadOnlyList<MovementKind> kinds, string? source, CancellationToken cancellation)
    {
        var lines = new List<BalanceTransaction>();
        foreach (var kind in kinds.Count == 0 ? [null] : kinds.Select(kind => (MovementKind?)kind))
            lines.AddRange(await store.ReadAllAsync(snapshot => BalanceStore.ListAsync(snapshot, tenant, query, kind, source), cancellation));
        return lines.ConvertAll(line => (line, BalanceTransactionShape.Of(line, time.GetUtcNow())));
    }
}

/// <summary>https://docs.stripe.com/api/balance, https://docs.stripe.com/api/balance_transactions.</summary>
internal static class BalanceRoutes
{
    private static readonly Dictionary<string, MovementKind[]> Types = new()
    {
        ["charge"] = [MovementKind.Capture],
        ["refund"] = [MovementKind.Refund],
        ["refund_failure"] = [MovementKind.RefundReturned],
        ["adjustment"] = [MovementKind.Dispute, MovementKind.DisputeWon],
        ["payout"] = [MovementKind.Payout],
    };

    public static void Map(RouteGroupBuilder stripe)
    {
        stripe.MapGet("/balance", SumAsync).RequireScope(StripeRoutes.Read);
        stripe.MapGet("/balance_transactions", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(BalanceTransaction.Prefix);
        stripe.MapGet("/balance_transactions/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(BalanceTransaction.Prefix);
    }

    private static async Task<StripeAnswer> SumAsync(StripeRequest request, BalanceApi balance, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await balance.SumAsync(request.Tenant, cancellation), StripeJson.Default.BalanceShape);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, BalanceApi balance, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await balance.FindAsync(request.Tenant, id, cancellation), StripeJson.Default.BalanceTransactionShape);
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, BalanceApi balance, CancellationToken cancellation)
    {
        var window = request.Form.Window<BalanceTransaction>("balance_transaction");
        var (type, source) = (request.Form.OneOfOrNull("type", [.. Types.Keys]), request.Form.TextOrNull("source"));
        request.Form.Pass("currency", "payout");
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor)
            await balance.FindAsync(request.Tenant, cursor.ToString(), cancellation);
        var found = await balance.ListAsync(request.Tenant, RecordQuery.Of(window), type is null ? [] : Types[type], source, cancellation);
        return StripeAnswer.Ok(
            window.PageOf(found, row => row.Line.Id, row => row.Shape, "/v1/balance_transactions"), StripeJson.Default.StripeListBalanceTransactionShape);
    }
}

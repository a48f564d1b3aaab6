using Microsoft.Extensions.Logging;

namespace Basin.Inventory;

/// <summary>Takes the requests of other systems, and ends what is held too long.</summary>
internal sealed class InventoryHandlers(InventoryOptions options, ILogger<InventoryHandlers> log)
{
    /// <summary>Holds ended in one transaction, so that no request waits long behind them.</summary>
    private const int MaxExpired = 200;

    public async ValueTask OnRequested(Transaction tx, StockRequested asked, EventContext context)
    {
        var before = await InventoryStore.FindReservationAsync(tx, context.Tenant, asked.Reservation);
        if (before is not null)
        {
            await ApplyAsync(tx, context.Tenant, before, before.RequestAgain());
            return;
        }
        var levels = await InventoryStore.ListLevelsAsync(tx, context.Tenant, [.. asked.Lines.Select(line => line.Sku).Distinct()]);
        await ApplyAsync(tx, context.Tenant, before, Reservation.Request(asked, levels, tx.Now + options.HoldFor));
    }

    public async ValueTask OnCommitRequested(Transaction tx, StockCommitRequested asked, EventContext context)
    {
        var before = await InventoryStore.FindReservationAsync(tx, context.Tenant, asked.Reservation);
        if (before is null)
            return;
        var late = before.State == ReservationState.Expired;
        var levels = late
            ? await InventoryStore.ListLevelsAsync(tx, context.Tenant, [.. before.Picks.Select(pick => pick.Sku).Distinct()])
            : [];
        var step = before.Commit(levels);
        if (late && step.After == before)
            InventoryLog.CommitUncovered(log, before.Id);
        await ApplyAsync(tx, context.Tenant, before, step);
    }

    public static async ValueTask OnReleaseRequested(Transaction tx, StockReleaseRequested asked, EventContext context)
    {
        var before = await InventoryStore.FindReservationAsync(tx, context.Tenant, asked.Reservation);
        await ApplyAsync(tx, context.Tenant, before, before?.Release() ?? Reservation.ReleaseUnknown(asked.Reservation, tx.Now));
    }

    /// <returns>Whether there may be more.</returns>
    public static async ValueTask<bool> ExpireAsync(Transaction tx)
    {
        var due = await InventoryStore.ListDueAsync(tx, tx.Now, MaxExpired);
        foreach (var (tenant, reservation) in due)
            await ApplyAsync(tx, tenant, reservation, reservation.Expire(tx.Now));
        return due.Count == MaxExpired;
    }

    private static async ValueTask ApplyAsync(Transaction tx, Id<Tenant> tenant, Reservation? before, ReservationStep step)
    {
        foreach (var change in step.Changes)
            await ApplyAsync(tx, tenant, step.After.Id, change);
        if (before is null)
            await InventoryStore.AddReservationAsync(tx, tenant, step.After);
        else if (step.After != before)
            await InventoryStore.SaveReservationAsync(tx, tenant, step.After);
        await PublishAsync(tx, tenant, step.Answer);
    }

    private static async ValueTask ApplyAsync(Transaction tx, Id<Tenant> tenant, Id<Reservation> reservation, StockChange change)
    {
        await InventoryStore.ChangeAsync(tx, tenant, change);
        if (change.Cause is { } cause)
            await InventoryStore.AddMovementAsync(tx, tenant, Movement.Of(tx, change, cause) with { Reservation = reservation });
    }

    private static ValueTask<int> PublishAsync(Transaction tx, Id<Tenant> tenant, IStockAnswer? answer) => answer switch
    {
        StockReserved reserved => tx.PublishAsync(tenant, reserved),
        StockRefused refused => tx.PublishAsync(tenant, refused),
        StockReleased released => tx.PublishAsync(tenant, released),
        _ => ValueTask.FromResult(0),
    };
}

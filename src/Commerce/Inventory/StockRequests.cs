using Microsoft.Extensions.Logging;

namespace Basin.Inventory;

/// <summary>Takes the requests that other systems publish, and ends what is held too long.</summary>
internal sealed class StockRequests(InventoryOptions options, ILogger<StockRequests> log)
{
    /// <summary>Holds ended in one transaction, so that no request waits long behind them.</summary>
    private const int MaxExpired = 200;

    public async ValueTask RequestAsync(Transaction tx, StockRequested asked, EventContext context)
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

    public async ValueTask CommitAsync(Transaction tx, StockCommitRequested asked, EventContext context)
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

    public static async ValueTask ReleaseAsync(Transaction tx, StockReleaseRequested asked, EventContext context)
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
            await InventoryStore.SaveReservationAsync(tx, tenant, before, step.After);
        await AnswerAsync(tx, tenant, step);
    }

    private static ValueTask ApplyAsync(Transaction tx, Id<Tenant> tenant, Id<Reservation> reservation, StockChange change) =>
        InventoryStore.ChangeAsync(
            tx, tenant, change, change.Cause is { } cause ? Movement.Of(tx, change, cause) with { Reservation = reservation } : null);

    private static ValueTask AnswerAsync(Transaction tx, Id<Tenant> tenant, ReservationStep step) => step.Answer switch
    {
        StockAnswer.Reserved => tx.PublishAsync(tenant, new StockReserved(step.After.Id)),
        StockAnswer.Refused => tx.PublishAsync(tenant, new StockRefused(step.After.Id, step.After.Missing)),
        StockAnswer.Released => tx.PublishAsync(tenant, new StockReleased(step.After.Id, Expired: false)),
        StockAnswer.Expired => tx.PublishAsync(tenant, new StockReleased(step.After.Id, Expired: true)),
        _ => ValueTask.CompletedTask,
    };
}

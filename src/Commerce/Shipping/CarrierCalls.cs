using Basin.Shipping.Carriers;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Shipping;

/// <summary>
/// Calls the carrier, outside any transaction, and books what it does. An exception, or no answer in time, means another try with back-off.
/// </summary>
internal sealed class CarrierCalls(
    [FromKeyedServices(ShippingSystem.Name)] Store store, ICarrier carrier, ShippingOptions options, TimeProvider time)
{
    public Task RunAsync(CarrierCall call, JobRun run, CancellationToken cancellation) => call.Task switch
    {
        CarrierTask.Book => BookAsync(call, run, cancellation),
        CarrierTask.Recall => RecallAsync(call, run, cancellation),
        CarrierTask.Collect => CompleteAsync(call, run, (shipment, now) => shipment.Collect(call.DeliveredAfter, now), cancellation),
        CarrierTask.Deliver => CompleteAsync(call, run, (shipment, now) => shipment.Deliver(now), cancellation),
        _ => CompleteAsync(call, run, (shipment, now) => shipment.Return(now), cancellation),
    };

    private async Task BookAsync(CarrierCall call, JobRun run, CancellationToken cancellation)
    {
        var shipment = await FindAsync(call, run, cancellation);
        if (shipment.State == ShipmentState.Cancelling)
        {
            // A former try may have reached the carrier, so it is asked to stop even what looks unbooked.
            await RecallAsync(call, run, cancellation);
            return;
        }
        var booking = await InTimeAsync(token => carrier.BookAsync(shipment.Id, shipment.Parcel!, token), cancellation);
        await CompleteAsync(call, run, (current, now) => current.Book(carrier.Name, booking, now), cancellation);
    }

    private async Task RecallAsync(CarrierCall call, JobRun run, CancellationToken cancellation)
    {
        var shipment = await FindAsync(call, run, cancellation);
        var backAfter = await InTimeAsync(token => carrier.RecallAsync(shipment.Id, shipment.Parcel!, token), cancellation);
        await CompleteAsync(call, run, (current, now) => current.Recall(backAfter, now), cancellation);
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.CarrierTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            // A carrier that does not heed the token must not hold the slot.
            return await ask(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{carrier.Name} did not answer within {options.CarrierTimeout.TotalSeconds} s.", late);
        }
    }

    private async Task<Shipment> FindAsync(CarrierCall call, JobRun run, CancellationToken cancellation) =>
        await store.ReadAsync(ShardKey.Of(call.Shipment), snapshot => ShippingStore.FindAsync(snapshot, run.Tenant, call.Shipment), cancellation)
        ?? throw new InvalidOperationException($"{call.Shipment} is not there.");

    private static Task CompleteAsync(
        CarrierCall call, JobRun run, Func<Shipment, DateTimeOffset, ShipmentStep> decide, CancellationToken cancellation) => run.CompleteAsync(
        async tx =>
        {
            var before = await ShippingStore.FindAsync(tx, run.Tenant, call.Shipment)
                ?? throw new InvalidOperationException($"{call.Shipment} is not there.");
            await ShipmentRequests.ApplyAsync(tx, run.Tenant, before, decide(before, tx.Now));
        },
        cancellation);
}

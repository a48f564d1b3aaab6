using Basin.Shipping.Carriers;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Shipping;

/// <summary>
/// Calls the carrier, outside any transaction, and books what it does. An exception, or no answer in time, means another try with back-off.
/// </summary>
internal sealed class CarrierCalls(
    [FromKeyedServices(ShippingSystem.Name)] Store store, ICarrier carrier, [FromKeyedServices(CarrierCalls.Dependency)] CalledDependency calls)
{
    internal const string Dependency = "shipping/carrier";

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
        // A former try may have reached the carrier: what is to be stopped meanwhile is stopped, not booked again.
        if (run.Attempt > 1 && await IsCancellingAsync(call, run, cancellation))
        {
            await RecallAsync(call, run, cancellation);
            return;
        }
        var booking = await calls.CallAsync(token => carrier.BookAsync(call.Shipment, call.Parcel!, token), cancellation);
        await CompleteAsync(call, run, (shipment, now) => shipment.Book(carrier.Name, booking, now), cancellation);
    }

    private async Task RecallAsync(CarrierCall call, JobRun run, CancellationToken cancellation)
    {
        var backAfter = await calls.CallAsync(token => carrier.RecallAsync(call.Shipment, call.Parcel!, token), cancellation);
        await CompleteAsync(call, run, (shipment, now) => shipment.Recall(backAfter, now), cancellation);
    }

    private async Task<bool> IsCancellingAsync(CarrierCall call, JobRun run, CancellationToken cancellation)
    {
        var shipment = await store.ReadAsync(
            ShardKey.Of(call.Shipment), snapshot => ShippingStore.FindAsync(snapshot, run.Tenant, call.Shipment), cancellation);
        return shipment?.State == ShipmentState.Cancelling;
    }

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

using Basin.Bench;

namespace Basin.Host.Tests;

/// <summary>Nothing else runs beside these: they count what the whole process allocates.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>The benchmarks' orders, a few of them: what they cost in memory, and whether the books agree afterwards.</summary>
[Collection(nameof(Alone))]
public sealed class PipelineTests
{
    /// <summary>What an order may allocate on its way through all systems: what it does, and a sixth. Time varies between machines, this hardly does.</summary>
#if DEBUG
    private const long MostBytesPerOrder = 115_000; // There, what awaits is an object also when it never waits.
#else
    private const long MostBytesPerOrder = 75_000;
#endif

    private const int WarmUp = 3_000;
    private const int Orders = 6_000;

#pragma warning disable RS0030 // A load runs in real time.
    private static readonly TimeProvider Time = TimeProvider.System;
#pragma warning restore RS0030

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_stays_within_its_budget_of_memory_and_the_books_agree()
    {
        var atOnce = new Dictionary<string, string?> { ["Basin:Shipping:DispatchAfter"] = "00:00:00", ["Basin:Shipping:DeliverAfter"] = "00:00:00" };
        using var data = new DataDirectory("shop");
        await using var shop = await ShopInProcess.StartAsync(data, atOnce, _cancellation);
        using var customers = new Customers(shop, Time, callers: 64);
        await customers.ComeAsync(new Load("warming up", Orders: WarmUp), _cancellation);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await customers.ComeAsync(new Load("measured", Orders: Orders), _cancellation);
        var bytesPerOrder = (GC.GetTotalAllocatedBytes(precise: true) - before) / Orders;

        await customers.AuditAsync(promises => PipelineBooks.FindDifferenceAsync(shop, promises, _cancellation), _cancellation);
        Assert.Equal(WarmUp + Orders, customers.Promises.Orders);
        Assert.InRange(bytesPerOrder, MostBytesPerOrder / 2, MostBytesPerOrder);
    }
}

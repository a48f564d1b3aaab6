using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Orders;

namespace Basin.Demo;

/// <summary>Places orders as customers would, at a rate that an operator chooses, until it is set to none or the host stops.</summary>
internal sealed class DemoTraffic(
    OrdersApi orders, OnceRegistry registry, Tenants tenants, HostLoad load, Randomness chance, TimeProvider time) : BackgroundService
{
    public const int MaxPerSecond = 500;

    /// <summary>Real customers come first.</summary>
    public static readonly DegradedMode Paused = new("demo_paused", "The customers of the demo wait.", EnterAt: 0.6, LeaveBelow: 0.3);

    /// <summary>Orders are placed in this many steps a second, so that the map moves evenly.</summary>
    private const int StepsPerSecond = 10;

    private static readonly string[] Cities = ["Berlin", "Hamburg", "Leipzig", "Köln", "Bremen", "Dresden", "Kassel", "Mainz"];
    private static readonly string[] Names = ["Ada Keller", "Jonas Brandt", "Mia Vogel", "Emil Sommer", "Lena Roth", "Paul Winter"];

    private volatile int _perSecond;

    /// <summary>Orders per second, 0 to <see cref="MaxPerSecond"/>.</summary>
    public int PerSecond
    {
        get => _perSecond;
        set => _perSecond = Math.Clamp(value, 0, MaxPerSecond);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / StepsPerSecond), time);
        var owed = 0.0;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (load.IsOn(Paused))
                continue;
            for (owed += (double)_perSecond / StepsPerSecond; owed >= 1; owed--)
                await PlaceAsync(stoppingToken);
        }
    }

    private async Task PlaceAsync(CancellationToken cancellation)
    {
        var caller = new Caller(tenants.Shop, "demo", new HashSet<string>());
        try
        {
            await orders.PlaceAsync(caller.Tenant, owner: null, NextOrder(), cart: null, registry.For(caller, key: null, "demo"), cancellation);
        }
        catch (Exception refusal) when (refusal is StoreUnavailableException or ProblemException)
        {
            // The demo takes no for an answer, as a customer would who comes back later.
        }
    }

    private PlaceOrder NextOrder()
    {
        var lines = Enumerable.Range(0, 1 + chance.Next(3)).Select(_ => NextLine()).DistinctBy(line => line.Sku).ToList();
        var name = Names[chance.Next(Names.Length)];
        var shipTo = new ShipTo(name, $"Lindenstraße {1 + chance.Next(120)}", Cities[chance.Next(Cities.Length)], $"{10_000 + chance.Next(80_000)}", "DE");
        return new PlaceOrder($"{name.ToLowerInvariant().Replace(' ', '.')}@example.com", shipTo, lines, new PaymentMeans(NextToken()));
    }

    /// <summary>A few products are bought most: the square of a uniform number leans to the beginning.</summary>
    private PlaceOrderLine NextLine()
    {
        var position = chance.NextDouble();
        var variants = DemoCatalog.At((int)(position * position * DemoCatalog.Count)).Variants;
        return new PlaceOrderLine(variants[chance.Next(variants.Count)].Sku, 1 + chance.Next(2));
    }

    private string NextToken() => chance.Next(100) switch
    {
        0 => "tok_chargeDeclined",
        1 => "tok_unknown",
        _ => "tok_visa",
    };
}

using Spectre.Console;

namespace Basin.Bench;

/// <summary>Transfers per second of the ledger, against the least that keeps balances durably: a row and two balances per transfer, written by hand.</summary>
internal static class TransfersBenchmark
{
    private const int WarmUpSeconds = 2;

    /// <summary>What is asked for.</summary>
    /// <param name="Batch">How many transfers travel together.</param>
    /// <param name="Clients">How many of those wait for their answer at the same time.</param>
    /// <param name="Accounts">Between which money moves: few are hot.</param>
    /// <param name="Scattered">Whether ids follow one another in no order.</param>
    private sealed record Load(int Batch, int Clients, int Accounts = 1000, bool Scattered = false)
    {
        public string Words => (Batch == 1 ? "one by one" : $"batches of {Batch:N0}")
            + (Accounts == 2 ? ", 2 accounts" : "") + (Scattered ? ", random ids" : "");
    }

    private static readonly Load[] Loads = [new(1000, 4), new(100, 8), new(1, 256), new(1000, 4, Accounts: 2)];

    private static readonly (string Engine, Func<string, CancellationToken, Task<IBooks>> Start)[] Engines =
    [
        ("SQLite by hand", (directory, _) => Task.FromResult<IBooks>(new SqliteFloor(directory))),
        ("Basin on files", LedgerInProcess.OnFilesAsync),
        ("PostgreSQL by hand", PostgresFloor.StartAsync),
        ("Basin on PostgreSQL", LedgerInProcess.OnPostgresAsync),
    ];

    /// <param name="Start">Makes the books, in an empty directory.</param>
    private sealed record Variant(string Engine, Func<string, CancellationToken, Task<IBooks>> Start, Load Load)
    {
        public string Name => $"{Engine}, {Load.Words}";
    }

    /// <summary>By hand the id is a number, which is what a table is ordered by: there are no random ones to compare with.</summary>
    private static IEnumerable<Variant> Variants =>
        from load in Loads.Append(new Load(1000, 4, Scattered: true))
        from engine in Engines
        where !load.Scattered || engine.Engine == "Basin on files"
        select new Variant(engine.Engine, engine.Start, load);

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var rates = new Dictionary<Variant, List<Rate>>();
        Variant[] variants = [.. Variants.Where(variant => settings.Only is null || variant.Name.Contains(settings.Only, StringComparison.OrdinalIgnoreCase))];
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var variant in variants)
            {
                var rate = await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {variant.Name}", _ => MeasureAsync(variant, settings.Seconds, time, cancellation));
                if (!rates.TryAdd(variant, [rate]))
                    rates[variant].Add(rate);
                console.MarkupLineInterpolated(
                    $"{round}  {variant.Name,-46} [bold]{rate.PerSecond,8:N0}[/]/s {rate.CpuMicroseconds,5:F1} us CPU");
            }
        }
        Report(settings, rates).Show(console);
    }

    /// <param name="CpuMicroseconds">Of this process, its clients included, for each transfer.</param>
    private sealed record Rate(double PerSecond, double CpuMicroseconds);

    private static async Task<Rate> MeasureAsync(Variant variant, int seconds, TimeProvider time, CancellationToken cancellation)
    {
        using var data = new DataDirectory("transfers");
        await using var books = await variant.Start(data.Path, cancellation);
        var (batch, clients, accounts, scattered) = variant.Load;
        var movers = new Movers(books, accounts, batch, clients, scattered, time);
        await movers.OpenAsync(cancellation);
        await movers.MoveAsync(TimeSpan.FromSeconds(WarmUpSeconds), cancellation);
        var before = Cost.Now();
        var (transfers, elapsed) = await movers.MoveAsync(TimeSpan.FromSeconds(seconds), cancellation);
        var used = (Cost.Now() - before).MicrosecondsOf(Cost.Self);
        if (await books.MovedAsync(cancellation) is var moved && moved != movers.Moved)
            throw new BenchmarkException($"{variant.Name}: {movers.Moved} was told to have moved, the books say {moved}.");
        return new Rate(transfers / elapsed.TotalSeconds, used / transfers);
    }

    private static Report Report(BenchmarkSettings settings, Dictionary<Variant, List<Rate>> rates)
    {
        var report = new Report(
            "transfers",
            $"Durable transfers of the ledger, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                "Medians over the rounds; the ratio is to the same load by hand on the same engine, taken within each round.",
                "By hand: one thread (SQLite) or one connection (PostgreSQL, pipelined) that inserts a row and changes two balances per transfer, and checks nothing.",
                "Basin: in process, by `LedgerApi`; ids of 16 characters that count upwards, 1,000 accounts drawn at random unless there are 2.",
                "Clients in a closed loop in the same process: 4 with batches of 1,000, 8 with batches of 100, 256 one by one. What waits shares a commit.",
                "Durability: SQLite WAL with `synchronous=FULL`, PostgreSQL with `fsync` and `synchronous_commit`; an answer is given after its commit.",
                "CPU: of the benchmark's process, clients included, without that of PostgreSQL's processes.",
                "After each measurement the amount that was told to have moved is compared with the balances.",
            ],
            ["Variant", "Transfers per second", "min..max", "Ratio", "min..max", "CPU us"]);
        foreach (var (variant, measured) in rates)
        {
            var floor = rates.FirstOrDefault(other => IsFloorOf(other.Key, variant)).Value ?? measured;
            var ratios = measured.Zip(floor, (own, hand) => own.PerSecond / hand.PerSecond).ToList();
            var perSecond = measured.ConvertAll(rate => rate.PerSecond);
            report.Add(
                variant.Name, $"{Spread.Median(perSecond):N0}", Spread.Of(perSecond, "N0"), $"{Spread.Median(ratios):F2}", Spread.Of(ratios, "F2"),
                $"{Spread.Median(measured.Select(rate => rate.CpuMicroseconds)):F1}");
        }
        return report;
    }

    private static bool IsFloorOf(Variant other, Variant variant) =>
        other.Load == variant.Load with { Scattered = false }
        && other.Engine == (variant.Engine.Contains("PostgreSQL", StringComparison.Ordinal) ? "PostgreSQL by hand" : "SQLite by hand");
}

using System.Globalization;
using System.Security.Cryptography;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>
/// The same orders through all five stages with the data in files, in PostgreSQL, and in PostgreSQL with RabbitMQ and three processes.
/// </summary>
internal static class GrowBenchmark
{
    private const int WarmUpSeconds = 10;

    /// <summary>Enough that three processes have work at once, and few enough that waiting is not all there is to see.</summary>
    private const int Clients = 64;

    private const string Cluster = "cluster";

    private static readonly string[] Programs = [Cost.Basin, "PostgreSQL", "RabbitMQ", "HAProxy", Cost.Self];

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report("grow", $"Orders through all five stages over HTTP, as an installation grows, {settings.Rounds} rounds of {settings.Seconds} s",
        [
            "Medians over the rounds, with smallest and largest.",
            $"Clients: {Clients} in one process on the same machine, closed loop; everything shares the machine's cores.",
            "The same orders as in the pipeline above. After each round the lists of orders, payments and stock are compared with what the clients were told.",
            "Per minute: from the first order sent to the last one ended.",
            "CPU in microseconds per order: Basin, PostgreSQL, RabbitMQ, HAProxy, and the clients; HTTP and JSON of both sides included.",
            "Files: SQLite, WAL, `synchronous=FULL`. PostgreSQL: 15, a synchronous standby on the same disk, every commit flushed twice.",
            "Three processes behind HAProxy, three nodes of RabbitMQ.",
        ],
        ["Variant", "Orders per minute", "min..max", "Taken per second", "p50 ms", "p99 ms", "Basin us", "PostgreSQL us", "RabbitMQ us", "HAProxy us", "Clients us"]);
        var results = new Dictionary<string, List<Visit>>();
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var (name, start) in Variants(time).Where(variant => settings.Only is null || settings.Only == variant.Name))
            {
                var title = $"Round {round} of {settings.Rounds}: {name}";
                var visit = await console.Status().StartAsync(title, status => MeasureAsync(
                    start, settings.Seconds, text => status.Status($"{title}: {text}"), time, cancellation));
                results.TryAdd(name, []);
                results[name].Add(visit);
                console.MarkupLineInterpolated(
                    $"round {round}  [bold]{name,-16}[/] {visit.PerSecond * 60,9:N0}/min  {visit.TakenPerSecond,7:N0}/s taken  p50 {visit.Accepted.P50:F0} ms  p99 {visit.Accepted.P99:F0} ms");
            }
        }
        foreach (var (name, rounds) in results)
        {
            var rates = rounds.ConvertAll(visit => visit.PerSecond * 60);
            report.Add(
            [
                name, $"{Spread.Median(rates):N0}", Spread.Of(rates, "N0"), Median("N0", visit => visit.TakenPerSecond),
                Median("F0", visit => visit.Accepted.P50), Median("F0", visit => visit.Accepted.P99),
                .. Programs.Select(program => Median("F0", visit => visit.Cost.MicrosecondsOf(program) / visit.Orders)),
            ]);

            string Median(string format, Func<Visit, double> value) => Spread.Median(rounds.Select(value)).ToString(format, CultureInfo.InvariantCulture);
        }
        report.Show(console);
        if (results.TryGetValue(Cluster, out var cluster))
        {
            CostSheet.Write(sheet => sheet with
            {
                ClusterMicroseconds = Programs.Where(program => program != Cost.Self).ToDictionary(
                    program => program, program => Spread.Median(cluster.Select(visit => visit.Cost.MicrosecondsOf(program) / visit.Orders))),
            });
        }
    }

    private static (string Name, Func<CancellationToken, Task<Installation>> Start)[] Variants(TimeProvider time) =>
    [
        ("files", cancellation => Installation.InFilesAsync(Settings, time, cancellation)),
        ("postgres", cancellation => Installation.InClusterAsync("up-one", Settings, cancellation)),
        (Cluster, cancellation => Installation.InClusterAsync("up", Settings, cancellation)),
    ];

    private static IReadOnlyList<string> Settings =>
    [
        "--Basin:Notifications:Email=false",
        "--Basin:Shipping:DispatchAfter=00:00:00.100", "--Basin:Shipping:DeliverAfter=00:00:00.100",
    ];

    private static async Task<Visit> MeasureAsync(
        Func<CancellationToken, Task<Installation>> start, int seconds, Action<string> tell, TimeProvider time, CancellationToken cancellation)
    {
        tell("starting");
        await using var installation = await start(cancellation);
        using var shop = new HttpShop(installation.Address, installation.Key, time);
        tell("filling the shelves");
        await shop.FillAsync(cancellation);
        using var customers = new Customers(shop, time, Clients);
        Visit visit;
        using (customers.Tell(tell))
        {
            await customers.ComeAsync(new Load("warming up", WarmUpSeconds), cancellation);
            visit = await customers.ComeAsync(new Load("as fast as they are served", seconds), cancellation);
        }
        tell("comparing the books");
        await customers.AuditAsync(promises => HttpBooks.FindDifferenceAsync(shop, promises, cancellation), cancellation);
        return visit;
    }

    /// <summary>Something that runs and takes orders until it is disposed.</summary>
    private sealed class Installation(Uri address, string key, Func<ValueTask> stop) : IAsyncDisposable
    {
        public Uri Address => address;

        public string Key => key;

        public static async Task<Installation> InFilesAsync(IReadOnlyList<string> settings, TimeProvider time, CancellationToken cancellation)
        {
            var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
            var variant = new ServerVariant("files", "src/Basin.Host", settings, new Dictionary<string, string> { ["BASIN_OPERATOR_KEY"] = secret });
            await variant.BuildAsync(cancellation);
            var data = new DataDirectory("grow");
            var server = await RunningServer.StartAsync(variant, data, time, cancellation);
            return new Installation(server.Address, secret, () =>
            {
                server.Dispose();
                data.Dispose();
                return ValueTask.CompletedTask;
            });
        }

        public static async Task<Installation> InClusterAsync(string command, IReadOnlyList<string> settings, CancellationToken cancellation)
        {
            // The servers' users must be able to reach it, and it must be a disk.
            var directory = $"/var/tmp/basin-bench-{Environment.ProcessId}";
            await ScriptAsync([command, directory, .. settings], cancellation);
            var environment = (await File.ReadAllLinesAsync(Path.Combine(directory, "cluster.env"), cancellation))
                .Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim('\''));
            return new Installation(new Uri(environment["CLUSTER_URL"]), environment["CLUSTER_KEY"], async () =>
            {
                await ScriptAsync(["down", directory], CancellationToken.None);
                Directory.Delete(directory, recursive: true);
            });
        }

        private static async Task ScriptAsync(IEnumerable<string> arguments, CancellationToken cancellation)
        {
            using var script = ChildProcess.Start(
                "bash", ["-c", "exec \"$@\" </dev/null >/dev/null", "bash", Path.Combine(Workplace.Root, "eng", "cluster.sh"), .. arguments]);
            if (await script.WaitAsync(cancellation) != 0)
                throw new BenchmarkException($"cluster.sh failed:\n{script.Output}");
        }

        public ValueTask DisposeAsync() => stop();
    }
}

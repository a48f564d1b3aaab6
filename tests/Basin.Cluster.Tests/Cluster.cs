using System.Diagnostics;
using System.Net.Http.Headers;

namespace Basin.Cluster.Tests;

/// <summary>The cluster of <c>eng/cluster.sh</c>, in a directory of its own, as long as the tests of a class run.</summary>
public class Cluster : IAsyncLifetime
{
    /// <summary>The machine has room for one.</summary>
    public const string OneAtATime = "one cluster at a time";

    public const long OnHand = 10_000_000;

    public const int ConnectionsPerClient = 256;

    /// <summary>An order takes some seconds, so that a drill meets it in every state.</summary>
    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:01", "--Basin:Shipping:DeliverAfter=00:00:01", "--Basin:Notifications:Email=false",
        "--Basin:Payments:FirstWait=00:00:00.2",
        // Ten servers share a small machine, which looks like a load that no shop has.
        "--Basin:Shedding:Enabled=false",
        // Otherwise what is measured after a drill is for how long requests go first.
        "--Basin:Events:LongestYield=00:00:02",
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"basin-cluster-{Environment.ProcessId}-{Interlocked.Increment(ref _clusters)}");
    private Dictionary<string, string> _environment = [];
    private static int _clusters;

    /// <summary>The command of the script that starts it.</summary>
    protected virtual string Up => "up";

    /// <summary>The load balancer.</summary>
    public Uri Address => new(_environment["CLUSTER_URL"]);

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await RunAsync([Up, .. Settings]);
        _environment = (await File.ReadAllLinesAsync(Path.Combine(_directory, "cluster.env")))
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1].Trim('\''));
        Client = NewClient();
        await Client.StockAsync(OnHand);
    }

    /// <summary>A program with the operator's key. It gives up a request that a frozen process has.</summary>
    internal HttpClient NewClient() => new(new SocketsHttpHandler { MaxConnectionsPerServer = ConnectionsPerClient, PooledConnectionLifetime = TimeSpan.FromSeconds(30) })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromSeconds(15),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _environment["CLUSTER_KEY"]) },
    };

    /// <summary>Runs a command of the script; its output is part of a failure.</summary>
    /// <param name="arguments">The command, and what comes behind the directory.</param>
    public async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$@\" </dev/null 2>&1", "bash", Script, arguments[0], _directory, .. arguments[1..]])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["BASIN_PROGRAM"] = Path.Combine(AppContext.BaseDirectory, "Basin.Host.dll") },
        };
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, $"cluster.sh {arguments[0]} ended with {process.ExitCode}:\n{output}");
    }

    /// <summary>Which of the three processes carries a shard.</summary>
    public async Task<string> OwnerAsync(string shard)
    {
        string? owner = null;
        var epoch = 0;
        foreach (var process in new[] { "1", "2", "3" })
        {
            foreach (var line in await File.ReadAllLinesAsync(Path.Combine(_directory, "basin", process, "log")))
            {
                if (line.Contains($"Shard {shard} is carried by this process, in epoch ", StringComparison.Ordinal) && int.Parse(line.AsSpan(line.LastIndexOf(' '))) > epoch)
                    (owner, epoch) = (process, int.Parse(line.AsSpan(line.LastIndexOf(' '))));
            }
        }
        return owner ?? throw new InvalidOperationException($"Nobody carries {shard}.");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client?.Dispose();
        if (Directory.Exists(_directory))
        {
            await RunAsync("down");
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static string Script
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
                folder = folder.Parent!;
            return Path.Combine(folder.FullName, "eng", "cluster.sh");
        }
    }
}

/// <summary>The same, where each process runs some of the systems: the first Catalog and Cart, the second Orders, the third the rest.</summary>
public sealed class SplitCluster : Cluster
{
    public const string Shop = "1";
    public const string Orders = "2";
    public const string Rest = "3";

    protected override string Up => "up-split";
}

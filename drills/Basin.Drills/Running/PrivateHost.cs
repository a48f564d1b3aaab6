using Basin.Testing;

namespace Basin.Drills.Running;

/// <summary>A copy of the host for one drill: its own process, data, key and port, behind a wire that stays where it is whatever becomes of the process.</summary>
internal sealed class PrivateHost(Surrounds surrounds, string program, TemporaryDirectory place, Wire wire) : IAsyncDisposable
{
    /// <summary>What follows from an order follows at once, so that all of it happens within a drill.</summary>
    public static IReadOnlyList<string> Usual { get; } =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false",
        "--Basin:Payments:FirstWait=00:00:00.1", "--Basin:Payments:LongestWait=00:00:01", "--Basin:Events:LongestYield=00:00:02",
    ];

    private readonly string _clock = place.File("clock");
    private readonly string _program = surrounds.HasOwnSettings ? CopyOf(program, place.File("program")) : program;
    private HostProcess? _process;
    private PostgresServer? _database;
    private RedisServer? _redis;
    private SmallDisk? _disk;

    public string Data { get; } = place.File("data");

    public PostgresServer Database => _database ?? throw new InvalidOperationException("The drill has not asked for PostgreSQL.");

    public RedisServer Redis => _redis ?? throw new InvalidOperationException("The drill has not asked for Redis.");

    public SmallDisk Disk => surrounds.HasSmallDisk ? _disk ??= new SmallDisk(Process) : throw new InvalidOperationException("The drill has not asked for a small disk.");

    /// <summary>0 while it does not run.</summary>
    public long ResidentBytes => _process is { HasExited: false } process ? process.ResidentBytes : 0;

    private HostProcess Process => _process ?? throw new InvalidOperationException("The host has not been started.");

    /// <summary>A program with the operator's key, straight to the process of now.</summary>
    public HttpClient Client => Process.ClientOf();

    /// <summary>Starts it, again too, and returns when it is ready.</summary>
    public async Task StartAsync()
    {
        await EndAsync();
        Directory.CreateDirectory(Data);
        if (surrounds.HasPostgres)
            _database ??= PostgresServer.StartDurable(Directory.CreateTempSubdirectory("basin-pg-").FullName);
        if (surrounds.HasRedis)
            _redis ??= await RedisServer.StartAsync();
        if (surrounds.HasClock && !File.Exists(_clock))
            await SetClockAsync("+0");
        _process = await HostProcess.StartAsync(Surroundings, [.. Usual, .. DatabaseSettings, .. RedisSettings, .. surrounds.Settings]);
        wire.Target = _process.Client.BaseAddress!.Port;
    }

    /// <summary>What another process would be started with, to share what this one has.</summary>
    public Surroundings Surroundings => new()
    {
        Program = _program,
        Data = Data,
        Backend = Backend.Sqlite,
        Environment = surrounds.HasClock ? FakeTime.EnvironmentOf(_clock) : new Dictionary<string, string>(),
        Launcher = surrounds.HasSmallDisk ? SmallDisk.Surroundings.Launcher : _ => [],
    };

    private IEnumerable<string> DatabaseSettings => _database is null ? [] : [$"--Basin:Postgres:ConnectionString={_database.ConnectionText}"];

    private IEnumerable<string> RedisSettings => _redis is null ? [] : ["--Basin:Redis:Host=127.0.0.1", $"--Basin:Redis:Port={_redis.Port}"];

    /// <summary>Runs a command of the program, such as a backup.</summary>
    public async Task RunAsync(params string[] arguments)
    {
        var (code, _, error) = await HostProcess.RunAsync(new Surroundings { Program = program }, arguments);
        if (code != 0)
            throw new InvalidOperationException($"basin {arguments[0]} ended with {code}: {error}");
    }

    public Task KillAsync() => Process.KillAsync();

    public Task SignalAsync(string signal) => Process.SignalAsync(signal);

    /// <summary>Asks it to end, and waits for that.</summary>
    public Task TerminateAsync() => Process.TerminateAsync();

    /// <param name="offset">From the true time, such as <c>+1h</c>.</param>
    public Task SetClockAsync(string offset) => ReplaceAsync(_clock, offset + "\n");

    /// <summary>Changes what the host reads again while it runs.</summary>
    /// <param name="settings">JSON, such as <c>{"Basin":{"Sandbox":{"Latency":"00:01:00"}}}</c>.</param>
    public Task SetSettingsAsync(string settings) => ReplaceAsync(Path.Combine(Path.GetDirectoryName(_program)!, "appsettings.json"), settings);

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _database?.Dispose();
        _redis?.Dispose();
    }

    /// <summary>Whoever reads it meets the old text or the new one, never half of one.</summary>
    private static async Task ReplaceAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file + ".next", text);
        File.Move(file + ".next", file, overwrite: true);
    }

    private static string CopyOf(string program, string folder)
    {
        var source = Path.GetDirectoryName(program)!;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return Path.Combine(folder, Path.GetFileName(program));
    }

    private async Task EndAsync()
    {
        if (_process is { } former)
            await former.DisposeAsync();
        _process = null;
    }
}

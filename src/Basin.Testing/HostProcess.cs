using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;

namespace Basin.Testing;

/// <summary>The program itself, as people start it: a process of its own, on a free port, with data of its own.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    public const string OperatorKey = "operator-key-of-these-tests";

    private const int MaxPrinted = 1000;
    private const string Ready = "Basin is ready at ";
    private const string Setup = "Make the first operator: ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data;
    private readonly TemporaryDirectory? _owned;
    private readonly Process _process;
    private readonly List<HttpClient> _clients = [];

    private HostProcess(Surroundings surroundings, string[] args)
    {
        _owned = surroundings.Data is null ? new TemporaryDirectory() : null;
        _data = surroundings.Data ?? _owned!.Path;
        var backend = TestBackend.SettingsOf(surroundings.Backend, TestBackend.SchemaPrefixOf(_data)).Select(setting => $"--{setting.Key}={setting.Value}");
        AppDomain.CurrentDomain.ProcessExit += EndWithParent;
        _process = Start(surroundings, _data, ["--urls", "http://127.0.0.1:0", "--data", _data, .. backend, .. args]);
    }

    /// <summary>Somebody without a key, at first.</summary>
    public HttpClient Client { get; } = new() { Timeout = Patience };

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it holds in memory at the moment.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.WorkingSet64;
        }
    }

    /// <summary>Where the data is, as this process sees it, whatever the host has mounted there.</summary>
    public string DataDirectory => $"/proc/{_process.Id}/root{_data}";

    /// <summary>Where the first operator is made; null when there is one.</summary>
    public string? SetupLink => Printed.FirstOrDefault(line => line.StartsWith(Setup, StringComparison.Ordinal))?[Setup.Length..];

    /// <summary>What the program has written so far, up to a limit.</summary>
    public ConcurrentQueue<string> Printed { get; } = new();

    public static Task<HostProcess> StartAsync(params string[] args) => StartAsync(new Surroundings(), args);

    public static async Task<HostProcess> StartAsync(Surroundings surroundings, params string[] args)
    {
        var host = new HostProcess(surroundings, args);
        using var timeout = new CancellationTokenSource(Patience);
        while (await host._process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            host.Printed.Enqueue(line);
            if (!line.StartsWith(Ready, StringComparison.Ordinal))
                continue;
            host.Client.BaseAddress = new Uri(line[Ready.Length..]);
            host.Drain();
            return host;
        }
        await host.DisposeAsync();
        throw new InvalidOperationException("The host has ended without listening.");
    }

    /// <summary>Starts the program and waits for its end.</summary>
    public static Task<(int Code, string Output, string Error)> RunAsync(params string[] args) => RunAsync(new Surroundings(), args);

    /// <inheritdoc cref="RunAsync(string[])"/>
    public static async Task<(int Code, string Output, string Error)> RunAsync(Surroundings surroundings, params string[] args)
    {
        using var process = Start(surroundings, Path.GetTempPath(), args);
        using var timeout = new CancellationTokenSource(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = await process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output, error);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>The program with whatever arguments, for whoever reads what it prints and ends it.</summary>
    public static Process Spawn(params string[] args) => Start(new Surroundings(), Path.GetTempPath(), args);

    /// <summary>A program with a key.</summary>
    public HttpClient ClientOf(string key = OperatorKey)
    {
        var client = new HttpClient
        {
            BaseAddress = Client.BaseAddress,
            Timeout = Patience,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        _clients.Add(client);
        return client;
    }

    /// <summary>Asks for the end, as an operating system does.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        using var timeout = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <param name="signal">Such as <c>STOP</c>.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _clients.ForEach(client => client.Dispose());
        AppDomain.CurrentDomain.ProcessExit -= EndWithParent;
        await KillAsync();
        _process.Dispose();
        _owned?.Dispose();
    }

    /// <summary>Whoever is interrupted leaves no host behind.</summary>
    private void EndWithParent(object? sender, EventArgs e) => _process.Kill();

    /// <summary>Reads on: a program whose pipes are full stands still.</summary>
    private void Drain()
    {
        _ = ReadOnAsync();
        _ = _process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    private async Task ReadOnAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Printed.Count < MaxPrinted)
                Printed.Enqueue(line);
        }
    }

    private static Process Start(Surroundings surroundings, string data, string[] args)
    {
        string[] command = [.. surroundings.Launcher(data), "dotnet", surroundings.Program, .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            Environment = { ["BASIN_OPERATOR_KEY"] = OperatorKey, [TestBackend.VaultKeysVariable] = TestBackend.VaultKeys },
        };
        foreach (var (name, value) in surroundings.Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

/// <summary>What a host finds around itself.</summary>
public sealed record Surroundings
{
    /// <summary>The assembly of the host; the one beside this program unless somebody asks for another.</summary>
    public string Program { get; init; } = Path.Combine(AppContext.BaseDirectory, "Basin.Host.dll");

    /// <summary>Where the data stays; null for a directory that ends with the host.</summary>
    public string? Data { get; init; }

    /// <summary>What keeps the data: that of the whole run unless a test is about one of them.</summary>
    public Backend Backend { get; init; } = TestBackend.OfRun;

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The command, with its arguments, that becomes the host; it is told where the data is.</summary>
    public Func<string, IReadOnlyList<string>> Launcher { get; init; } = _ => [];
}

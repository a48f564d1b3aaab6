using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Basin.Testing;

/// <summary>What a <see cref="TestHost"/> starts with.</summary>
public sealed class TestHostOptions
{
    /// <summary>Decides everything that is random; printed at the start.</summary>
    public int Seed { get; init; } = 20_260_302;

    /// <summary>A <see cref="FakeClock"/> when null.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Overrides such as <c>["Basin:Store:Shards:orders"] = "4"</c>.</summary>
    public Dictionary<string, string?> Settings { get; init; } = [];

    /// <summary>What keeps the data: that of the whole run unless a test is about one of them.</summary>
    public Backend Backend { get; init; } = TestBackend.OfRun;

    /// <summary>Who <see cref="TestHost.Client"/> is; null for nobody, when the test signs in itself.</summary>
    public Caller? Caller { get; init; } = TestHost.DefaultCaller;
}

/// <summary>
/// A whole host in the process of the test: the kernel and the systems under test, Kestrel on a free port, real files in a temporary directory,
/// a clock that the test moves and randomness from a seed.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    private const string CallerHeader = "X-Test-Caller";

    public static readonly Caller DefaultCaller = new(new Id<Tenant>(1), "key_of_the_test", new HashSet<string> { "*" });

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly TestHostOptions _options;
    private readonly Action<WebApplicationBuilder> _add;
    private readonly Action<WebApplication> _map;
    private readonly TemporaryDirectory _data = new();
    private readonly ConcurrentDictionary<string, Caller> _callers = new();
    private readonly List<HttpClient> _clients = [];
    private readonly string _schemaPrefix = PostgresServer.NewPrefix();
    private WebApplication? _app;
    private int _starts;

    private TestHost(Action<WebApplicationBuilder> add, Action<WebApplication> map, TestHostOptions options)
    {
        (_add, _map, _options) = (add, map, options);
        Time = options.Clock ?? new FakeClock();
        Settings = new Dictionary<string, string?>(options.Settings);
    }

    /// <summary>Starts a host. The kernel and access are added before <paramref name="add"/> and used before <paramref name="map"/>.</summary>
    public static async Task<TestHost> StartAsync(
        Action<WebApplicationBuilder> add, Action<WebApplication>? map = null, TestHostOptions? options = null)
    {
        var host = new TestHost(add, map ?? (static _ => { }), options ?? new TestHostOptions());
        try
        {
            await host.StartAppAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public IServiceProvider Services => App.Services;

    public Stores Stores => Services.GetRequiredService<Stores>();

    /// <summary>Calls the host as the caller of the options.</summary>
    public HttpClient Client { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    public TimeProvider Time { get; }

    /// <summary>The clock that the test moves.</summary>
    public FakeClock Clock => Time as FakeClock ?? throw new InvalidOperationException("This host runs on a real clock.");

    public Faults Faults { get; } = new();

    public TestLog Log { get; } = new();

    /// <summary>Overrides of the configuration; a change takes effect at the next <see cref="RestartAsync"/>.</summary>
    public Dictionary<string, string?> Settings { get; }

    public string DataDirectory => _data.Path;

    private WebApplication App => _app ?? throw new InvalidOperationException("The host is stopped.");

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public Store StoreOf(string system) => Stores.Of(system);

    /// <summary>A client that is somebody else, or nobody when null.</summary>
    public HttpClient ClientOf(Caller? caller)
    {
        // The default of 100 seconds would hide a host that hangs.
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
        if (caller is not null)
        {
            var name = $"{caller.Tenant}/{caller.Subject}/{string.Join(' ', caller.Scopes)}";
            _callers[name] = caller;
            client.DefaultRequestHeaders.Add(CallerHeader, name);
        }
        _clients.Add(client);
        return client;
    }

    /// <summary>Stops gracefully and starts again on the same data, clock and settings; addresses and clients are new.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAppAsync();
    }

    /// <summary>Stops gracefully; the data stays until the host is disposed.</summary>
    public async Task StopAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        foreach (var client in _clients)
            client.Dispose();
        _clients.Clear();
        using var timeout = new CancellationTokenSource(StopTimeout);
        await app.StopAsync(timeout.Token);
        await app.DisposeAsync();
    }

    public Task StartAgainAsync() => StartAppAsync();

    /// <summary>Waits until nothing goes on: no write, no event, no job that is due. What waits for the clock counts as quiet.</summary>
    /// <param name="timeout">Real time; 20 seconds by default.</param>
    /// <exception cref="TimeoutException">Says what still goes on.</exception>
    public Task SettleAsync(TimeSpan? timeout = null) => Settling.WaitAsync(Services, Time, timeout ?? TimeSpan.FromSeconds(20));

    /// <summary>
    /// Lets time pass at once, then settles. Time that passed step by step would go on while what a step has begun still runs, and end its patience.
    /// </summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        Clock.Jump(by);
        await SettleAsync();
    }

    /// <summary>All events of a type that are still in the logs: by time, then by shard and sequence.</summary>
    public async Task<List<T>> PublishedAsync<T>()
        where T : class, IEvent<T>
    {
        var found = new List<(int Shard, EventRecord Record)>();
        foreach (var definition in Services.GetServices<SystemDefinition>().Where(d => d.Published.ContainsKey(T.Type.Name)))
        {
            foreach (var shard in Stores.Of(definition.Name).Shards)
            {
                var records = await shard.Events.ReadAfterAsync(shard, 0, int.MaxValue, CancellationToken.None);
                found.AddRange(records.Where(record => record.Type == T.Type.Name).Select(record => (shard.Number, record)));
            }
        }
        return [.. found.OrderBy(f => f.Record.At).ThenBy(f => f.Shard).ThenBy(f => f.Record.Sequence).Select(f => Read<T>(f.Record))];
    }

    /// <summary>The systems that have a text anywhere in their data, while the host is stopped or not.</summary>
    public Task<List<string>> StoringAsync(string text) => _options.Backend == Backend.Postgres
        ? StoredText.InSchemasAsync(_schemaPrefix, text)
        : StoredText.InFilesAsync(_data.File("data"), text);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Log.Dispose();
        _data.Dispose();
    }

    private static T Read<T>(EventRecord record)
        where T : class, IEvent<T> => System.Text.Json.JsonSerializer.Deserialize(record.Data.Span, T.Type.Json)!;

    private async Task StartAppAsync()
    {
        var seed = _options.Seed + _starts++;
        TestLog.Print($"Seed {seed}, data in {_data}");
        var app = Build(seed);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = ClientOf(_options.Caller);
    }

    private WebApplication Build(int seed)
    {
        // Watching settings files would use up the watchers of the operating system when many tests run at once.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
            EnvironmentName = "Testing",
            ContentRootPath = _data.Path,
        });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection([
            // The clock of a test stands still, so these moments would be waited for without end.
            new("Basin:Store:BackgroundPauseMilliseconds", "0"),
            new("Basin:Store:ChecksKeptEntities", "true"),
            new("Basin:Events:LongestYield", "00:00:00"),
            new("Basin:Store:Directory", _data.File("data")),
            .. TestBackend.SettingsOf(_options.Backend, _schemaPrefix),
            // In files it makes its own.
            new(TestBackend.VaultKeysVariable, _options.Backend == Backend.Postgres ? TestBackend.VaultKeys : null),
        ]);
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Log);
        builder.Services.AddSingleton(Time);
        builder.Services.AddSingleton(new Randomness(seed));
        builder.Services.AddSingleton(Faults);
        builder.AddKernel();
        builder.AddAccess();
        builder.Services.Configure<AuthenticationOptions>(options => options.SchemeMap[Schemes.Bearer].HandlerType = typeof(NamedCaller));
        _add(builder);
        var app = builder.Build();
        foreach (var system in app.Services.GetServices<SystemDefinition>())
            Faults.Surround(system);
        app.UseKernel();
        app.Use(NameCaller);
        app.UseAccess();
        _map(app);
        return app;
    }

    private Task NameCaller(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Headers.TryGetValue(CallerHeader, out var name) && _callers.TryGetValue(name.ToString(), out var caller))
            http.User = new System.Security.Claims.ClaimsPrincipal(new CallerIdentity(caller, "test"));
        return next(http);
    }

    /// <summary>Takes the caller that a test has named for the owner of a key; whoever comes with a key is looked up as ever.</summary>
    private sealed class NamedCaller(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyRing ring)
        : KeyAuthentication(options, loggers, encoder, ring)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Caller.From(Context.User) is not null
            ? Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Context.User, Schemes.Bearer)))
            : base.HandleAuthenticateAsync();
    }
}

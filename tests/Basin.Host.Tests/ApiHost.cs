using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>The real program with all systems, where orders arrive at once, and no e-mail or webhook does.</summary>
public class ApiHost : IAsyncLifetime
{
    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00",
        "--Basin:Payments:ProviderTimeout=00:00:01", "--Basin:Payments:FirstWait=01:00:00",
        "--Basin:Vault:TokenLife=1.00:00:00",
        "--Basin:Notifications:SmtpHost=127.0.0.1", "--Basin:Notifications:SmtpPort=1", "--Basin:Events:MaxAttempts=1", "--Basin:Events:LongestOutage=00:00:00",
        "--Basin:Webhooks:AllowPrivateTargets:0=127.0.0.0/8", "--Basin:Webhooks:Retries:0=00:00:00.001",
    ];

    private readonly TemporaryDirectory _data = new();
    private readonly List<HostProcess> _former = [];
    private HostProcess _host = null!;

    /// <summary>What keeps the data at first.</summary>
    private protected virtual Backend First => TestBackend.OfRun;

    internal HttpClient Nobody => _host.Client;

    internal HttpClient Operator { get; private set; } = null!;

    /// <summary>What the host describes.</summary>
    internal List<ApiRoute> Routes { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Surroundings { Data = _data.Path, Backend = First }, Settings);
        Operator = _host.ClientOf();
        Routes = await ApiRoute.ListAsync(Operator);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var host in _former.Append(_host).OfType<HostProcess>())
            await host.DisposeAsync();
        _data.Dispose();
    }

    /// <summary>Goes on in PostgreSQL, at the same address, so that those who know the host notice nothing.</summary>
    private protected async Task MoveAsync()
    {
        Assert.Equal(0, await _host.TerminateAsync());
        var target = TestBackend.SettingsOf(Backend.Postgres, TestBackend.SchemaPrefixOf(_data.Path))
            .Select(setting => $"--{setting.Key}={setting.Value}");
        var (code, _, error) = await HostProcess.RunAsync(["move", "--data", _data.Path, .. target]);
        Assert.True(code == 0, error);
        _former.Add(_host);
        var address = _host.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        _host = await HostProcess.StartAsync(new Surroundings { Data = _data.Path, Backend = Backend.Postgres }, [.. Settings, "--urls", address]);
    }

    /// <summary>Something of everything, in a tenant of its own.</summary>
    internal async Task<SampleTenant> MakeTenantAsync(string name)
    {
        var tenant = await PostAsync(Operator, "/v1/tenants", new { slug = name, name });
        var id = tenant["id"]!.GetValue<string>();
        return await SampleTenant.MakeAsync(await ClientAsync(Operator, id, "*"), id, name);
    }

    /// <summary>Something of everything, in the tenant of the operator.</summary>
    internal async Task<SampleTenant> MakeMainAsync(string name)
    {
        var main = (await Operator.GetFromJsonAsync<JsonNode>("/v1/tenants"))!["items"]![0]!["id"]!.GetValue<string>();
        return await SampleTenant.MakeAsync(Operator, main, name);
    }

    /// <summary>A program that may do these things.</summary>
    internal async Task<HttpClient> ClientAsync(HttpClient maker, string? tenant, params IEnumerable<string> scopes)
    {
        var key = await PostAsync(maker, "/v1/keys", new { name = "key", scopes, tenant });
        return _host.ClientOf(key["key"]!.GetValue<string>());
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}

/// <summary>A host with a tenant that has something of everything.</summary>
public class SampleHost : ApiHost
{
    internal SampleTenant Sample { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Sample = await MakeTenantAsync("ada");
    }

    internal Task<string> LookAsync() => Sample.LookAsync(Routes);
}

/// <summary>The same in an installation that was moved to PostgreSQL with all that the tenant has.</summary>
public sealed class MovedHost : SampleHost
{
    private protected override Backend First => Backend.Sqlite;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var before = await LookAsync();
        await MoveAsync();
        Assert.Equal(before, await LookAsync());
    }
}

using System.Net;

namespace Basin.Host.Tests;

/// <summary>Two tenants have something of everything. Neither sees or changes anything of the other, on whatever route there is.</summary>
public sealed class TenantIsolationTests(TenantIsolationTests.Neighbours tenants) : IClassFixture<TenantIsolationTests.Neighbours>
{
    /// <summary>Closed to every tenant but that of the operators.</summary>
    private static readonly string[] OperatorsOnly =
    [
        "GET /v1/tenants", "GET /v1/tenants/{id}", "POST /v1/tenants", "POST /v1/keys", "GET /v1/vault/rotations", "POST /v1/vault/rotations",
        "GET /v1/dependencies", "GET /v1/load", "GET /v1/load/routes", "GET /v1/limits/policies", "GET /v1/limits/policies/{name}", "PUT /v1/limits/policies/{name}",
        "DELETE /v1/limits/policies/{name}",
    ];

    /// <summary>Sums name nobody; that they are of one tenant is for the system's own tests.</summary>
    private static readonly string[] SumsOnly = ["GET /v1/ledger/trial-balance"];

    [Fact]
    public Task A_tenant_reads_nothing_of_another() => Assert.AllAsync(tenants.Routes.Where(route => !route.Writes), async route =>
    {
        var path = tenants.Ada.Fill(route.PathAndQuery);
        var (own, ownBody) = await ReadAsync(tenants.Ada.Client, path);
        var (foreign, foreignBody) = await ReadAsync(tenants.Bob.Client, path);

        Assert.Equal(OperatorsOnly.Contains(route.Name) ? HttpStatusCode.Forbidden : HttpStatusCode.OK, own);
        Assert.Equal(ForeignStatus(route.Name, route.Path) ?? foreign, foreign);
        Assert.DoesNotContain(tenants.Ada.Marks, foreignBody.Contains);
        // A list that would not show its own tenant's things shows nothing by not hiding them from others.
        Assert.True(foreign != HttpStatusCode.OK || SumsOnly.Contains(route.Name) || tenants.Ada.Marks.Any(ownBody.Contains), ownBody);
    });

    [Fact]
    public async Task A_tenant_changes_nothing_of_another()
    {
        var before = await tenants.Ada.LookAsync(tenants.Routes);

        await Assert.AllAsync(WriteRoute.All, async route =>
        {
            using var answer = await route.Case(tenants.Ada, "eve").SendAsync(tenants.Bob.Client);
            Assert.Equal(ForeignStatus(route.Name, route.Path) ?? answer.StatusCode, answer.StatusCode);
            Assert.True((int)answer.StatusCode < 500, await answer.Content.ReadAsStringAsync());
        });

        Assert.Equal(before, await tenants.Ada.LookAsync(tenants.Routes));
    }

    [Fact]
    public async Task A_key_of_idempotency_leads_to_no_answer_of_another_tenant()
    {
        var row = WriteRoute.Named("POST /v1/warehouses").Case(tenants.Ada, "eve") with
        {
            Headers = new Dictionary<string, string> { [Kernel.Http.Once.Header] = "the same" },
        };

        using var own = await row.SendAsync(tenants.Ada.Client);
        using var foreign = await row.SendAsync(tenants.Bob.Client);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (own.StatusCode, foreign.StatusCode));
        Assert.False(foreign.Headers.Contains("Idempotency-Replayed"));
    }

    /// <summary>What another tenant gets; null when it depends on what that tenant has under the same name.</summary>
    private static HttpStatusCode? ForeignStatus(string name, string path) =>
        OperatorsOnly.Contains(name) ? HttpStatusCode.Forbidden
        : path.Contains("{id}", StringComparison.Ordinal) ? HttpStatusCode.NotFound
        : null;

    private static async Task<(HttpStatusCode Status, string Body)> ReadAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public sealed class Neighbours : ApiHost
    {
        internal SampleTenant Ada { get; private set; } = null!;

        internal SampleTenant Bob { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Ada = await MakeTenantAsync("ada");
            Bob = await MakeTenantAsync("bob");
        }
    }
}

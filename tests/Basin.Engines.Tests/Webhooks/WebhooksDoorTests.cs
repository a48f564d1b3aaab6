using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Webhooks;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>Webhooks run in one process, and those who have something to tell in another, on the same database.</summary>
public sealed class WebhooksDoorTests : IAsyncLifetime
{
    private static readonly Id<Tenant> Tenant = WebhooksHost.Tenant;

    private readonly string _prefix = PostgresServer.NewPrefix();
    /// <summary>One for both: the tokens that they show each other end soon.</summary>
    private readonly FakeClock _clock = new();
    private Receiver _receiver = null!;
    private TestHost _telling = null!;
    private TestHost _sending = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IWebhooks Door => _telling.Get<IWebhooks>();

    public async ValueTask InitializeAsync()
    {
        _receiver = await Receiver.StartAsync();
        _sending = await StartAsync(WebhooksSystem.Name, new Uri("http://127.0.0.1:9"));
        _telling = await StartAsync(Teller.Name, _sending.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _telling.DisposeAsync();
        await _sending.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private Task<TestHost> StartAsync(string here, Uri others) => TestHost.StartAsync(
        builder => builder.AddTeller().AddWebhooks(),
        app => app.MapWebhooks(),
        new TestHostOptions
        {
            Backend = Backend.Postgres,
            Clock = _clock,
            Settings =
            {
                ["Basin:Postgres:SchemaPrefix"] = _prefix,
                ["Basin:Systems:Here"] = here,
                ["Basin:Systems:Address"] = others.ToString(),
                ["Basin:Webhooks:AllowPrivateTargets:0"] = "127.0.0.0/8",
            },
        });

    [Fact]
    public async Task An_endpoint_is_made_changed_and_deleted_from_another_process()
    {
        var asked = new NewWebhookEndpoint(_receiver.UrlOf("hook"), ["a.*"], "Shop", "v1", new Dictionary<string, string> { ["k"] = "v" });
        var made = await Door.CreateAsync(Tenant, asked, "key", Token);
        var id = made.Endpoint.Id;

        var found = (await Door.FindAsync(Tenant, id, Token))!;
        Assert.Equal((asked.Url, "Shop", "v1", "v", true), (found.Url, found.Description, found.ApiVersion, found.Metadata["k"], found.Enabled));
        Assert.Equal(made.Secret, (await Door.FindSecretAsync(Tenant, id, Token))!.Secret);
        Assert.NotEqual(made.Secret, (await Door.RollSecretAsync(Tenant, id, Token))!.Secret);
        var changed = (await Door.UpdateAsync(Tenant, id, new WebhookEndpointChange(EnabledTypes: ["*"], Enabled: false), Token))!;
        Assert.Equal((false, WebhookDisabledReason.Requested, "Shop"), (changed.Enabled, changed.DisabledReason, changed.Description));
        var second = await Door.CreateAsync(Tenant, new NewWebhookEndpoint(_receiver.UrlOf("hook"), ["*"]), null, Token);
        var page = await Door.ListAsync(Tenant, new Paging(1, null), Token);
        Assert.Equal(second.Endpoint.Id, Assert.Single(page.Items).Id);
        Assert.Equal(id, Assert.Single((await Door.ListAsync(Tenant, new Paging(1, second.Endpoint.Id.Value.ToString()), Token)).Items).Id);
        Assert.True(await Door.DeleteAsync(Tenant, id, Token));
        Assert.False(await Door.DeleteAsync(Tenant, id, Token));
    }

    [Fact]
    public async Task What_is_not_there_is_null_and_what_is_wrong_is_named()
    {
        var nothing = new Id<WebhookEndpoint>(1);

        Assert.Null(await Door.FindAsync(Tenant, nothing, Token));
        Assert.Null(await Door.FindSecretAsync(Tenant, nothing, Token));
        Assert.Null(await Door.RollSecretAsync(Tenant, nothing, Token));
        Assert.Null(await Door.UpdateAsync(Tenant, nothing, new WebhookEndpointChange(), Token));
        var refused = await Assert.ThrowsAsync<ProblemException>(
            async () => await Door.CreateAsync(Tenant, new NewWebhookEndpoint("https://10.0.0.1/", ["*"]), null, Token));
        Assert.Equal((400, "url"), (refused.Problem.Status, Assert.Single(refused.Problem.Errors.Keys)));
    }

    [Fact]
    public async Task What_is_published_in_one_process_is_sent_by_the_other()
    {
        var made = await Door.CreateAsync(Tenant, new NewWebhookEndpoint(_receiver.UrlOf("hook"), ["*"]), null, Token);

        await _telling.StoreOf(Teller.Name).PublishAsync(
            ShardKey.First, Tenant, new WebhookMessage("evt_1", "a.b", "pi_1", "{}", _clock.GetUtcNow()));
        await Eventually.TrueAsync(() =>
        {
            // What others commit is found by looking, from time to time.
            _clock.Advance(TimeSpan.FromSeconds(1));
            return _receiver.All.Count == 1;
        });

        Assert.Equal("evt_1", _receiver.All[0].MessageId);
        Assert.True((await Door.FindAsync(Tenant, made.Endpoint.Id, Token))!.Enabled);
    }
}

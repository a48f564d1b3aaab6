using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Basin.Testing;

namespace Basin.Kernel.Tests.Access;

/// <summary>Refusals leave everything as it was, so one host serves them all.</summary>
public sealed class AccessRefusalTests(AccessRefusalTests.Shared shared) : IClassFixture<AccessRefusalTests.Shared>
{
    private TestHost Host => shared.Host;

    [Theory]
    [InlineData("/v1/sample")]
    [InlineData("/v1/keys")]
    [InlineData("/v1/forgotten")]
    [InlineData("/v1/nowhere")]
    public async Task Without_a_key_nothing_below_v1_is_open(string path)
    {
        var refused = await Host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal("unauthenticated", await refused.CodeOfAsync());
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("basin_0000000000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("the-key-of-the-operatorS")]
    public async Task An_unknown_key_is_refused(string key)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await Host.WithKey(key).GetAsync("/v1/sample")).StatusCode);
    }

    [Theory]
    [InlineData("/v1/keys", "", null)]
    [InlineData("/v1/keys", "[]", null)]
    [InlineData("/v1/keys", "{", null)]
    [InlineData("/v1/keys", "{}", "name")]
    [InlineData("/v1/keys", """{"name":" ","scopes":["*"]}""", "name")]
    [InlineData("/v1/keys", """{"name":null,"scopes":["*"]}""", "name")]
    [InlineData("/v1/keys", """{"name":"x","scopes":[]}""", "scopes")]
    [InlineData("/v1/keys", """{"name":"x","scopes":null}""", "scopes")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*",null]}""", "scopes[1]")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["orders write"]}""", "scopes[0]")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*"],"expiresAt":"soon"}""", "expiresAt")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*"],"expiresAt":"2001-01-01T00:00:00Z"}""", "expiresAt")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*"],"tenant":"acc_0000000000001"}""", "tenant")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*"],"tenant":"ten_0000000000001"}""", "tenant")]
    [InlineData("/v1/keys", """{"name":"x","scopes":["*"],"secret":"mine"}""", "secret")]
    [InlineData("/v1/tenants", "{}", "slug")]
    [InlineData("/v1/tenants", """{"slug":"Main","name":"x"}""", "slug")]
    [InlineData("/v1/tenants", """{"slug":"a","name":"x"}""", "slug")]
    [InlineData("/v1/tenants", """{"slug":7,"name":"x"}""", "slug")]
    [InlineData("/v1/tenants", """{"slug":"ok","name":""}""", "name")]
    public async Task Garbage_is_refused_with_the_member_named_and_changes_nothing(string path, string body, string? member)
    {
        var before = await Host.Operator().GetStringAsync(path);

        var refused = await Host.Operator().PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("invalid_request", problem.GetProperty("code").GetString());
        if (member is not null)
            Assert.True(problem.GetProperty("errors").TryGetProperty(member, out _), problem.GetRawText());
        Assert.Equal(before, await Host.Operator().GetStringAsync(path));
    }

    [Theory]
    [InlineData("/v1/keys/garbage")]
    [InlineData("/v1/keys/acc_0000000000001")]
    public async Task An_id_that_is_none_is_refused(string path)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await Host.Operator().DeleteAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("not an address", "long enough password", "email")]
    [InlineData("", "long enough password", "email")]
    [InlineData("a@b@c", "long enough password", "email")]
    [InlineData("ada@example.com", "too short", "password")]
    public async Task Garbage_in_a_form_is_refused_with_the_field_named(string email, string password, string field)
    {
        using var browser = new Browser(Host);

        var refused = await browser.SendAsync("/register", ("email", email), ("password", password));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Theory]
    [InlineData("/console")]
    [InlineData("/console/forgotten")]
    public async Task Whoever_asks_for_the_console_as_a_page_is_sent_to_sign_in_and_a_script_is_told(string path)
    {
        using var browser = new Browser(Host);

        var page = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Equal($"/console/sign-in?returnUrl={Uri.EscapeDataString(path)}", page.Headers.Location!.PathAndQuery);
        var stream = await browser.GetAsync(path, "text/event-stream");
        Assert.Equal(HttpStatusCode.Unauthorized, stream.StatusCode);
        Assert.Equal("sign_in_needed", await stream.CodeOfAsync());
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/register")]
    [InlineData("/sign-out")]
    [InlineData("/account/password")]
    [InlineData("/console/sign-in")]
    [InlineData("/console/setup")]
    public async Task A_form_of_a_foreign_page_is_refused(string path)
    {
        using var browser = new Browser(Host);
        var email = $"{path.Replace('/', '-')}@example.com";
        await browser.SendAsync("/register", ("email", email), ("password", AccessHost.Password));

        var refused = await browser.SendWithoutTokenAsync(
            path, ("email", email), ("password", AccessHost.Password), ("current", AccessHost.Password), ("next", "another password"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
    }

    public sealed class Shared : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await AccessHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Basin.Testing;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Tests.Access;

public sealed class AccessKeysTests
{
    [Fact]
    public async Task A_key_is_shown_once_works_and_ends_at_once_when_revoked()
    {
        await using var host = await AccessHost.StartAsync();
        var (id, key) = await host.Operator().MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" } });
        var client = host.WithKey(key);

        Assert.Equal(id, await client.GetStringAsync("/v1/sample"));
        var listed = await host.Operator().GetStringAsync("/v1/keys");
        Assert.Contains(id, listed);
        Assert.DoesNotContain(key[^43..], listed);
        Assert.DoesNotContain(key[^43..], await host.Operator().GetStringAsync($"/v1/keys/{id}"));

        Assert.Equal(HttpStatusCode.NoContent, (await host.Operator().DeleteAsync($"/v1/keys/{id}")).StatusCode);
        var refused = await client.GetAsync("/v1/sample");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("unauthenticated", await refused.CodeOfAsync());
        Assert.Contains("invalid_token", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Operator().DeleteAsync($"/v1/keys/{id}")).StatusCode);
        Assert.DoesNotContain(id, await host.Operator().GetStringAsync("/v1/keys"));

        await host.RestartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithKey(key).GetAsync("/v1/sample")).StatusCode);
        Assert.DoesNotContain(host.Log.Lines, line => line.Text.Contains(key[^43..]) || line.Text.Contains(AccessHost.OperatorKey));
    }

    [Fact]
    public async Task A_key_outlives_a_restart_and_only_its_hash_is_on_disk()
    {
        await using var host = await AccessHost.StartAsync();
        var (id, key) = await host.Operator().MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" } });

        await host.RestartAsync();

        Assert.Equal(id, await host.WithKey(key).GetStringAsync("/v1/sample"));
        await host.StopAsync();
        foreach (var file in Directory.GetFiles(host.DataDirectory, "*", SearchOption.AllDirectories))
            Assert.False((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(key[^43..])) >= 0, $"{file} holds the secret.");
    }

    [Fact]
    public async Task A_repeat_with_the_same_idempotency_key_makes_no_second_key_and_shows_no_secret()
    {
        await using var host = await AccessHost.StartAsync();
        var client = host.Operator();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "once");

        var (id, _) = await client.MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" } });
        var repeat = await client.PostAsJsonAsync("/v1/keys", new { name = "CI", scopes = new[] { "sample:read" } });

        Assert.Equal(HttpStatusCode.Created, repeat.StatusCode);
        var body = await repeat.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(id, body.GetProperty("id").GetString());
        Assert.False(body.TryGetProperty("key", out _));
    }

    [Fact]
    public async Task Who_lacks_a_scope_is_told_which()
    {
        await using var host = await AccessHost.StartAsync();
        var (_, key) = await host.Operator().MakeKeyAsync(new { name = "reader", scopes = new[] { "sample:read" } });

        var refused = await host.WithKey(key).PostAsync("/v1/sample", null);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("scope=\"sample:write\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal("forbidden", await refused.CodeOfAsync());
    }

    [Fact]
    public async Task A_key_with_a_wrong_secret_is_refused_before_and_after_the_right_one_was_seen()
    {
        await using var host = await AccessHost.StartAsync();
        var (_, key) = await host.Operator().MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" } });
        var wrong = key[..^1] + (key[^1] == 'A' ? 'B' : 'A');

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithKey(wrong).GetAsync("/v1/sample")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.WithKey(key).GetAsync("/v1/sample")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithKey(wrong).GetAsync("/v1/sample")).StatusCode);
    }

    [Fact]
    public async Task An_expired_key_opens_nothing()
    {
        await using var host = await AccessHost.StartAsync();
        var expiresAt = host.Clock.GetUtcNow().AddHours(1);
        var (_, key) = await host.Operator().MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" }, expiresAt });
        var client = host.WithKey(key);

        host.Clock.StepWall(TimeSpan.FromMinutes(59));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/sample")).StatusCode);
        host.Clock.StepWall(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/sample")).StatusCode);
    }

    [Fact]
    public async Task Nobody_grants_a_scope_that_they_do_not_have()
    {
        await using var host = await AccessHost.StartAsync();
        var (_, key) = await host.Operator().MakeKeyAsync(new { name = "keys", scopes = new[] { "keys:write", "sample:read" } });
        var client = host.WithKey(key);

        foreach (var scope in new[] { "*", "sample:write", "tenants:write" })
        {
            var refused = await client.PostAsJsonAsync("/v1/keys", new { name = "more", scopes = new[] { scope } });
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal("scope_not_held", await refused.CodeOfAsync());
        }
        await client.MakeKeyAsync(new { name = "less", scopes = new[] { "sample:read" } });
    }

    [Fact]
    public async Task One_tenant_sees_nothing_of_another()
    {
        await using var host = await AccessHost.StartAsync();
        var (mainId, _) = await host.Operator().MakeKeyAsync(new { name = "main's", scopes = new[] { "*" } });
        var a = host.WithKey(await MakeTenantKeyAsync(host, "tenant-a"));
        var b = host.WithKey(await MakeTenantKeyAsync(host, "tenant-b"));
        var (idOfB, _) = await b.MakeKeyAsync(new { name = "b's", scopes = new[] { "sample:read" } });

        var seen = await a.GetStringAsync("/v1/keys");
        Assert.DoesNotContain(idOfB, seen);
        Assert.DoesNotContain(mainId, seen);
        foreach (var id in new[] { idOfB, mainId })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await a.GetAsync($"/v1/keys/{id}")).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await a.DeleteAsync($"/v1/keys/{id}")).StatusCode);
        }
        Assert.Contains(idOfB, await b.GetStringAsync("/v1/keys"));
    }

    [Fact]
    public async Task Tenants_are_the_business_of_main_only()
    {
        await using var host = await AccessHost.StartAsync();
        var a = host.WithKey(await MakeTenantKeyAsync(host, "tenant-a"));
        var main = (await host.Operator().GetFromJsonAsync<JsonElement>("/v1/tenants")).GetProperty("items")[0];

        Assert.Equal("main", main.GetProperty("slug").GetString());
        Assert.Equal("operators_only", await (await a.GetAsync("/v1/tenants")).CodeOfAsync());
        Assert.Equal("operators_only", await (await a.GetAsync($"/v1/tenants/{main.GetProperty("id").GetString()}")).CodeOfAsync());
        Assert.Equal("operators_only", await (await a.PostAsJsonAsync("/v1/tenants", new { slug = "mine", name = "Mine" })).CodeOfAsync());
        var foreign = new { name = "x", scopes = new[] { "sample:read" }, tenant = main.GetProperty("id").GetString() };
        Assert.Equal("operators_only", await (await a.PostAsJsonAsync("/v1/keys", foreign)).CodeOfAsync());
        Assert.Equal("tenant_exists", await (await host.Operator().PostAsJsonAsync("/v1/tenants", new { slug = "main", name = "X" })).CodeOfAsync());
    }

    [Fact]
    public async Task A_tenant_has_a_limited_number_of_keys()
    {
        await using var host = await AccessHost.StartAsync(new() { ["Basin:Access:MaxKeysPerTenant"] = "2" });
        var (id, _) = await host.Operator().MakeKeyAsync(new { name = "1", scopes = new[] { "*" } });
        await host.Operator().MakeKeyAsync(new { name = "2", scopes = new[] { "*" } });

        var refused = await host.Operator().PostAsJsonAsync("/v1/keys", new { name = "3", scopes = new[] { "*" } });
        Assert.Equal("too_many_keys", await refused.CodeOfAsync());

        await host.Operator().DeleteAsync($"/v1/keys/{id}");
        await host.Operator().MakeKeyAsync(new { name = "3", scopes = new[] { "*" } });
    }

    [Fact]
    public async Task The_last_use_is_noted_within_two_minutes_and_outlives_a_restart()
    {
        await using var host = await AccessHost.StartAsync();
        var (id, key) = await host.Operator().MakeKeyAsync(new { name = "CI", scopes = new[] { "sample:read" } });
        Assert.Equal(JsonValueKind.Undefined, await LastUseAsync(host, id));

        await host.WithKey(key).GetStringAsync("/v1/sample");
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
        await host.RestartAsync();

        Assert.Equal(JsonValueKind.String, await LastUseAsync(host, id));
    }

    [Fact]
    public async Task A_shop_of_a_tenant_that_does_not_exist_refuses_the_start()
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => AccessHost.StartAsync(new() { ["Basin:Access:ShopTenant"] = "nowhere" }));

        Assert.Contains("'nowhere'", refusal.Message);
    }

    [Fact]
    public async Task A_weak_operator_key_refuses_the_start()
    {
        var options = new TestHostOptions { Settings = new() { ["BASIN_OPERATOR_KEY"] = "short" } };

        await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(_ => { }, options: options));
    }

    private static async Task<JsonValueKind> LastUseAsync(TestHost host, string id)
    {
        var key = await host.Operator().GetFromJsonAsync<JsonElement>($"/v1/keys/{id}");
        return key.TryGetProperty("lastUsedAt", out var at) ? at.ValueKind : JsonValueKind.Undefined;
    }

    private static async Task<string> MakeTenantKeyAsync(TestHost host, string slug)
    {
        var made = await host.Operator().PostAsJsonAsync("/v1/tenants", new { slug, name = slug });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var tenant = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        return (await host.Operator().MakeKeyAsync(new { name = "first", scopes = new[] { "*" }, tenant })).Key;
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Access;
using Basin.StripeDialect;
using Basin.Testing;

namespace Basin.Commerce.Tests.Vault;

/// <summary>The vault over HTTP, for programs and for other processes.</summary>
public sealed class VaultRoutesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_card_is_described_and_erased()
    {
        await using var vault = await VaultHost.StartAsync();
        var token = await (await vault.Host.Client.PostAsJsonAsync("/v1/vault/test-tokens", new { card = "mastercard_prepaid" }, Cancelled))
            .Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        var path = $"/v1/vault/cards/{token.GetProperty("card").GetProperty("id").GetString()}";

        var card = await vault.Host.Client.GetFromJsonAsync<JsonElement>(path, Cancelled);
        using var erased = await vault.Host.Client.DeleteAsync(path, Cancelled);
        using var again = await vault.Host.Client.DeleteAsync(path, Cancelled);
        var after = await vault.Host.Client.GetFromJsonAsync<JsonElement>(path, Cancelled);

        Assert.Equal(["mastercard", "prepaid", "5100", "US"], new[] { "brand", "funding", "last4", "country" }.Select(member => Text(card, member)));
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent], new[] { erased.StatusCode, again.StatusCode });
        Assert.True(after.TryGetProperty("erasedAt", out _));
        Assert.DoesNotContain("510510", $"{token}{card}{after}");

        static string? Text(JsonElement item, string member) => item.GetProperty(member).GetString();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task A_number_in_place_of_an_id_is_not_repeated(string method)
    {
        await using var vault = await VaultHost.StartAsync();

        using var request = new HttpRequestMessage(new HttpMethod(method), $"/v1/vault/cards/{VaultHost.Visa}");
        using var answer = await vault.Host.Client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain(VaultHost.Visa, await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.DoesNotContain(
            vault.Host.Log.Lines, line => line.Category.StartsWith("Basin", StringComparison.Ordinal) && line.ToString().Contains(VaultHost.Visa));
    }

    [Fact]
    public async Task Only_operators_rotate_keys()
    {
        await using var vault = await VaultHost.StartAsync();
        var main = vault.Host.ClientOf(new Caller(vault.Host.Get<Kernel.Tenancy.Tenants>().Main, "key", new HashSet<string> { "*" }));

        using var refused = await vault.Host.Client.PostAsync("/v1/vault/rotations", null, Cancelled);
        using var unread = await vault.Host.Client.GetAsync("/v1/vault/rotations", Cancelled);
        using var taken = await main.PostAsync("/v1/vault/rotations", null, Cancelled);
        var rotations = await main.GetFromJsonAsync<JsonElement>("/v1/vault/rotations", Cancelled);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (refused.StatusCode, unread.StatusCode));
        Assert.Equal((HttpStatusCode.Accepted, "/v1/vault/rotations"), (taken.StatusCode, taken.Headers.Location?.ToString()));
        Assert.Single(rotations.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Where_the_vault_runs_elsewhere_everything_but_a_number_is_asked_for_there()
    {
        var prefix = PostgresServer.NewPrefix();
        await using var there = await StartAsync("vault", new Uri("http://127.0.0.1:9"), TestBackend.VaultKeys);
        // It has no key, and needs none.
        await using var here = await StartAsync("catalog", there.Host.Address, keys: null);
        var token = await there.TokenizeAsync();

        Assert.Equal(VaultHost.Typed().Holder, (await here.Door.FindTokenAsync(VaultHost.Tenant, token.Id, Cancelled))!.Card.Holder);
        var redeemed = await here.RedeemAsync(token.Id, "pm_1");
        var refused = await here.RedeemAsync(token.Id, "pm_2");
        var provided = await here.Door.ProviderTokenAsync(VaultHost.Tenant, token.Card.Id, PretendedProvider.Name, Cancelled);
        var test = await here.Door.MakeTestTokenAsync(VaultHost.Tenant, "amex", Cancelled);
        await here.Door.EraseAsync(VaultHost.Tenant, token.Card.Id, Cancelled);
        var erased = await here.Door.FindCardAsync(VaultHost.Tenant, token.Card.Id, Cancelled);

        Assert.Equal(redeemed.Card! with { Holder = null, ErasedAt = there.Host.Time.GetUtcNow() }, erased);
        Assert.Equal(("token_already_used", $"src_{token.Card.Id}", CardBrand.Amex), (refused.Refusal?.Code, provided, test?.Card.Brand));
        Assert.Empty(here.Provider.Told);
        Assert.Null(await here.Door.FindTokenAsync(VaultHost.Tenant, new(1), Cancelled));

        Task<VaultHost> StartAsync(string systems, Uri others, string? keys) => VaultHost.StartAsync(options: new TestHostOptions
        {
            Backend = Backend.Postgres,
            Settings =
            {
                ["Basin:Postgres:SchemaPrefix"] = prefix,
                ["Basin:Systems:Here"] = systems,
                ["Basin:Systems:Address"] = others.ToString(),
                [TestBackend.VaultKeysVariable] = keys,
            },
        });
    }
}

using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.StripeDialect;
using Basin.Testing;
using Basin.Vault;

namespace Basin.Commerce.Tests.Vault;

/// <summary>The vault as other systems use it.</summary>
public sealed class VaultTests
{
    private static readonly Id<Tenant> Other = new(77);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_stands_for_its_card_until_it_is_redeemed_and_afterwards_for_its_redeemer()
    {
        await using var vault = await VaultHost.StartAsync();

        var token = await vault.TokenizeAsync();
        var before = await vault.Door.FindTokenAsync(VaultHost.Tenant, token.Id, Cancelled);
        var first = await vault.RedeemAsync(token.Id, "pm_1");
        var again = await vault.RedeemAsync(token.Id, "pm_1");
        var other = await vault.RedeemAsync(token.Id, "pm_2");
        var after = await vault.Door.FindTokenAsync(VaultHost.Tenant, token.Id, Cancelled);

        Assert.Equal((CardBrand.Visa, "4242", 3, 2030, CardFunding.Credit, "US"), (
            token.Card.Brand, token.Card.Last4, token.Card.ExpMonth, token.Card.ExpYear, token.Card.Funding, token.Card.Country));
        Assert.Equal(new CardChecks(Cvc: true, AddressLine1: true, PostalCode: true), token.Card.Checks);
        Assert.Equal((false, true), (before!.Used, after!.Used));
        Assert.Equal(new CardHolder("Ada Keller", "Lindenstrasse 7", "10115"), before.Card.Holder);
        Assert.True(first.Succeeded);
        Assert.Equal(before.Card, first.Card);
        Assert.Equal(first.Card, again.Card);
        Assert.Equal((false, "token_already_used"), (other.Succeeded, other.Refusal?.Code));
        Assert.Equal(first.Card, await vault.Door.FindCardAsync(VaultHost.Tenant, token.Card.Id, Cancelled));
    }

    [Fact]
    public async Task Of_a_hundred_who_redeem_a_token_at_once_one_gets_the_card()
    {
        await using var vault = await VaultHost.StartAsync();
        var token = await vault.TokenizeAsync();

        var redemptions = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => vault.RedeemAsync(token.Id, $"pm_{i}"), Cancelled)));

        Assert.Single(redemptions, redemption => redemption.Succeeded);
        Assert.Equal(99, redemptions.Count(redemption => redemption.Refusal?.Code == "token_already_used"));
    }

    [Fact]
    public async Task A_token_that_nobody_redeems_in_time_disappears_with_its_card()
    {
        await using var vault = await VaultHost.StartAsync();
        var (forgotten, late, used) = (await vault.TokenizeAsync(), await vault.TokenizeAsync(), await vault.TokenizeAsync());
        await vault.RedeemAsync(used.Id, "pm_1");

        vault.Host.Clock.StepWall(TimeSpan.FromMinutes(10));
        var tooLate = await vault.RedeemAsync(late.Id, "pm_2");
        var sought = await vault.Door.FindTokenAsync(VaultHost.Tenant, forgotten.Id, Cancelled);
        await vault.Host.AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.Equal("not_found", tooLate.Refusal?.Code);
        Assert.Null(sought);
        Assert.Null(await vault.Door.FindCardAsync(VaultHost.Tenant, forgotten.Card.Id, Cancelled));
        Assert.Equal(1, await vault.CountAsync("card"));
        Assert.Equal(1, await vault.CountAsync("token"));
        Assert.True((await vault.RedeemAsync(used.Id, "pm_1")).Succeeded);
    }

    [Theory]
    [InlineData("4242424242424241", "123", "incorrect_number")]
    [InlineData("4242", "123", "invalid_number")]
    [InlineData(VaultHost.Visa, "12", "invalid_cvc")]
    public async Task A_card_that_cannot_be_is_refused_and_leaves_nothing_behind(string number, string cvc, string code)
    {
        await using var vault = await VaultHost.StartAsync();

        var answer = await vault.AskAsync(VaultHost.Typed(number, cvc));

        Assert.Equal((402, code), (answer.Problem?.Status, answer.Problem?.Code));
        Assert.Equal(0, await vault.CountAsync("card"));
    }

    [Fact]
    public async Task Retrying_with_the_same_key_returns_the_first_token()
    {
        await using var vault = await VaultHost.StartAsync();

        var first = await vault.AskAsync(VaultHost.Typed(), "key");
        await vault.Host.RestartAsync();
        var again = await vault.AskAsync(VaultHost.Typed("4242 4242 4242 4242"), "key");
        var otherName = await vault.AskAsync(VaultHost.Typed(name: "Bob"), "key");
        var otherNumber = await vault.AskAsync(VaultHost.Typed("5555555555554444"), "key");

        Assert.Equal(first.Value, again.Value);
        Assert.Equal(["idempotency_key_reused", "idempotency_key_reused"], new[] { otherName, otherNumber }.Select(answer => answer.Problem?.Code));
        Assert.Equal(1, await vault.CountAsync("card"));
    }

    [Fact]
    public async Task The_same_number_has_the_same_fingerprint_in_a_tenant_and_another_in_others()
    {
        await using var vault = await VaultHost.StartAsync();

        var first = await vault.TokenizeAsync(VaultHost.Typed(name: "Ada"));
        await vault.Host.RestartAsync();
        var again = await vault.TokenizeAsync(VaultHost.Typed("4242-4242-4242-4242", name: "Bob"));
        var other = await vault.TokenizeAsync(VaultHost.Typed("5555555555554444"));
        var elsewhere = await vault.TokenizeAsync(VaultHost.Typed(), Other);

        Assert.Matches("^[0-9A-Za-z]{16}$", first.Card.Fingerprint);
        Assert.Equal(first.Card.Fingerprint, again.Card.Fingerprint);
        Assert.NotEqual(first.Card.Fingerprint, other.Card.Fingerprint);
        Assert.NotEqual(first.Card.Fingerprint, elsewhere.Card.Fingerprint);
    }

    [Fact]
    public async Task Another_tenant_finds_redeems_and_erases_nothing()
    {
        await using var vault = await VaultHost.StartAsync();
        var token = await vault.TokenizeAsync();

        Assert.Null(await vault.Door.FindTokenAsync(Other, token.Id, Cancelled));
        Assert.Null(await vault.Door.FindCardAsync(Other, token.Card.Id, Cancelled));
        Assert.Equal("not_found", (await vault.RedeemAsync(token.Id, "pm_1", Other)).Refusal?.Code);
        Assert.Equal("not_found", await CodeAsync(() => vault.NumberOfAsync(token.Card.Id, Other)));
        await vault.Door.EraseAsync(Other, token.Card.Id, Cancelled);

        Assert.Equal(VaultHost.Visa, await vault.NumberOfAsync(token.Card.Id));
        // What was handed over for its owner is none of the other's business.
        Assert.Equal("not_found", await CodeAsync(() => vault.NumberOfAsync(token.Card.Id, Other)));
    }

    [Fact]
    public async Task A_provider_is_told_a_number_once_and_its_token_is_kept()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();

        var first = await vault.Door.ProviderTokenAsync(VaultHost.Tenant, card.Id, PretendedProvider.Name, Cancelled);
        await vault.Host.RestartAsync();
        var again = await vault.Door.ProviderTokenAsync(VaultHost.Tenant, card.Id, PretendedProvider.Name, Cancelled);

        Assert.Equal($"src_{card.Id}", first);
        Assert.Equal(first, again);
        Assert.Equal((1, VaultHost.Visa), (vault.Provider.Calls, vault.Provider.Told[card.Id]));
        Assert.Equal(
            "card_provider_unknown", await CodeAsync(() => vault.Door.ProviderTokenAsync(VaultHost.Tenant, card.Id, "nobody", Cancelled).AsTask()));
    }

    [Fact]
    public async Task Of_several_tokens_that_a_provider_gives_at_once_everybody_gets_the_same()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();
        var given = 0;
        vault.Provider.Answer = async (_, cancellation) =>
        {
            var mine = Interlocked.Increment(ref given);
            await Eventually.TrueAsync(() => given == 4);
            return $"src_{mine}";
        };

        var tokens = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            _ => vault.Door.ProviderTokenAsync(VaultHost.Tenant, card.Id, PretendedProvider.Name, Cancelled).AsTask()));

        Assert.Single(tokens.Distinct());
    }

    [Fact]
    public async Task A_provider_that_fails_or_sends_the_number_back_leaves_nothing_behind_and_no_number_in_the_log()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();

        vault.Provider.Answer = (details, _) => throw new HttpRequestException($"I do not like {details.Number.Reveal()}");
        Assert.Equal("card_provider_unavailable", await CodeAsync(() => vault.NumberOfAsync(card.Id)));
        vault.Provider.Answer = (details, _) => ValueTask.FromResult($"src_{details.Number.Reveal()}");
        await Assert.ThrowsAsync<InvalidOperationException>(() => vault.NumberOfAsync(card.Id));
        vault.Provider.Answer = (_, _) => throw KernelProblems.Invalid.With("Not that brand.").Refusal();
        Assert.Equal("invalid_request", await CodeAsync(() => vault.NumberOfAsync(card.Id)));

        Assert.Equal(0, await vault.CountAsync("provider_token"));
        Assert.DoesNotContain(vault.Host.Log.Lines, line => line.ToString().Contains(VaultHost.Visa, StringComparison.Ordinal));
        Assert.Contains(vault.Host.Log.Lines, line => line.EventId == 2904);
    }

    [Fact]
    public async Task An_erased_card_keeps_its_description_and_nothing_else()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();
        await vault.NumberOfAsync(card.Id);

        await vault.Door.EraseAsync(VaultHost.Tenant, card.Id, Cancelled);
        await vault.Door.EraseAsync(VaultHost.Tenant, card.Id, Cancelled);

        var erased = await vault.Door.FindCardAsync(VaultHost.Tenant, card.Id, Cancelled);
        Assert.Equal(card with { Holder = null, ErasedAt = vault.Host.Time.GetUtcNow() }, erased);
        Assert.Equal("card_erased", await CodeAsync(() => vault.NumberOfAsync(card.Id)));
        Assert.Equal(0, await vault.CountAsync("provider_token"));
        Assert.Equal(0, await vault.CountAsync("card", "number IS NOT NULL OR holder IS NOT NULL"));
    }

    [Fact]
    public async Task A_card_that_is_erased_while_its_provider_thinks_gets_no_token()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();
        vault.Provider.Answer = async (_, cancellation) =>
        {
            await vault.Door.EraseAsync(VaultHost.Tenant, card.Id, cancellation);
            return "src_1";
        };

        Assert.Equal("card_erased", await CodeAsync(() => vault.NumberOfAsync(card.Id)));
        Assert.Equal(0, await vault.CountAsync("provider_token"));
    }

    [Fact]
    public async Task A_test_card_needs_no_number_to_be_sent()
    {
        await using var vault = await VaultHost.StartAsync();

        var token = await vault.Door.MakeTestTokenAsync(VaultHost.Tenant, "chargeDeclinedInsufficientFunds", Cancelled);

        Assert.Equal((CardBrand.Visa, "9995"), (token!.Card.Brand, token.Card.Last4));
        Assert.True((await vault.RedeemAsync(token.Id, "pm_1")).Succeeded);
        Assert.Null(await vault.Door.MakeTestTokenAsync(VaultHost.Tenant, "nobody", Cancelled));
    }

    private static async Task<string> CodeAsync(Func<Task<string>> ask) => (await Assert.ThrowsAsync<ProblemException>(ask)).Problem.Code;
}

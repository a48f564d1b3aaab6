using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Tests.Access;

public sealed class AccessDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly AccessOptions Options = new() { MaxFailures = 3, LockoutMinutes = 15 };

    public static TheoryData<int, int, int, bool> Failures => new()
    {
        // failures before, minutes since the last, failures after, locked after
        { 0, 1, 1, false },
        { 1, 1, 2, false },
        { 2, 1, 0, true },
        { 2, 14, 0, true },
        { 2, 15, 1, false },
        { 2, 600, 1, false },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_failure_counts_and_old_ones_do_not(int before, int minutesAgo, int after, bool locked)
    {
        var tries = new SignInTries(before, null, Now.AddMinutes(-minutesAgo));

        var next = SignInTries.AfterFailure(tries, Now, Options);

        Assert.Equal(new SignInTries(after, locked ? Now.AddMinutes(15) : null, Now), next);
    }

    [Fact]
    public void The_first_failure_is_remembered() =>
        Assert.Equal(new SignInTries(1, null, Now), SignInTries.AfterFailure(null, Now, Options));

    [Fact]
    public void Failures_while_locked_do_not_prolong_the_lock()
    {
        var locked = new SignInTries(0, Now.AddMinutes(15), Now);

        Assert.Equal(locked, SignInTries.AfterFailure(locked, Now.AddMinutes(14), Options));
        Assert.True(locked.LockedAt(Now.AddMinutes(15).AddTicks(-1)));
        Assert.False(locked.LockedAt(Now.AddMinutes(15)));
    }

    [Theory]
    [InlineData(null, "At least 10 characters are expected.")]
    [InlineData("", "At least 10 characters are expected.")]
    [InlineData("123456789", "At least 10 characters are expected.")]
    [InlineData("1234567890", null)]
    [InlineData("ein Satz mit Umlauten: äöü", null)]
    public void A_password_has_at_least_ten_characters(string? password, string? error) => Assert.Equal(error, ErrorOf(password));

    [Fact]
    public void A_password_has_at_most_two_hundred_characters()
    {
        Assert.Null(ErrorOf(new string('x', 200)));
        Assert.Equal("At most 200 characters are expected.", ErrorOf(new string('x', 201)));
    }

    [Fact]
    public void A_key_reads_back_as_its_id_and_secret()
    {
        var (id, secret) = (new Id<ApiKey>(123_456_789_012), SecretToken.New());
        var text = ApiKeyText.Of(id, secret);

        Assert.Matches("^basin_[0-9a-z]{13}_[A-Za-z0-9_-]{43}$", text);
        Assert.True(ApiKeyText.TryParse(text, out var readId, out var readSecret));
        Assert.Equal(id, readId);
        Assert.Equal(secret, readSecret.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("basin_")]
    [InlineData("basin_0000000000001_")]
    [InlineData("basin_0000000000001_short")]
    [InlineData("Basin_0000000000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("basin_000000000000u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("basin_8000000000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("basin_0000000000001-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("basin_0000000000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_key_does_not_parse(string text) => Assert.False(ApiKeyText.TryParse(text, out _, out _));

    [Fact]
    public void Secrets_differ_and_match_only_their_own_hash()
    {
        var (one, other) = (SecretToken.New(), SecretToken.New());

        Assert.Equal(SecretToken.Length, one.Length);
        Assert.True(SecretToken.Matches(one, SecretToken.HashOf(one)));
        Assert.False(SecretToken.Matches(other, SecretToken.HashOf(one)));
        Assert.False(SecretToken.Matches(one, []));
        Assert.True(SecretToken.Matches(new string('ä', 1000), SecretToken.HashOf(new string('ä', 1000))));
    }

    [Theory]
    [InlineData("*", true)]
    [InlineData("orders:write", true)]
    [InlineData("dead-letters:read", true)]
    [InlineData("orders", false)]
    [InlineData("orders:", false)]
    [InlineData("Orders:write", false)]
    [InlineData("orders:write read:x", false)]
    [InlineData("orders:write\n", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_scope_is_a_noun_and_a_verb(string? text, bool expected) => Assert.Equal(expected, Scopes.IsScope(text));

    [Theory]
    [InlineData("fifteen-letters")]
    [InlineData("sixteen letters!")]
    [InlineData("sixteen-lettersä")]
    public void A_weak_operator_key_refuses_the_start(string key)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => new OperatorKey(key));

        Assert.Contains("BASIN_OPERATOR_KEY must have 16 to 200", refusal.Message);
        Assert.DoesNotContain(key, refusal.Message);
    }

    [Fact]
    public void Credentials_do_not_print_their_hash() =>
        Assert.DoesNotContain("secret", new StoredAccount(
            new Account(new(1), new(1), AccountKind.Customer, "a@b", Now), new Credentials("secret hash", "secret stamp")).ToString());

    private static string? ErrorOf(string? password)
    {
        var checks = new Checks();
        Account.CheckPassword(checks, password, "password");
        return checks.Problem?.Errors["password"][0];
    }

    [Theory]
    [InlineData("/v1/sample", true)]
    [InlineData("/V1/sample", true)]
    [InlineData("v1/sample", true)]
    [InlineData("/metrics", true)]
    [InlineData("/v1sample", false)]
    [InlineData("/account", false)]
    [InlineData("/console/sample", false)]
    public async Task A_scope_guards_only_routes_that_take_keys(string path, bool isGuarded)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        app.MapGet(path, () => "").RequireScope("sample:read");
        IEndpointRouteBuilder routes = app;
        if (isGuarded)
            Assert.Single(routes.DataSources.SelectMany(source => source.Endpoints));
        else
            Assert.Throws<InvalidOperationException>(() => routes.DataSources.SelectMany(source => source.Endpoints).ToList());
    }
}

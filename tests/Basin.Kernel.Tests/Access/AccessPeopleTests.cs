using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Tests.Access;

public sealed class AccessPeopleTests
{
    private const string Ada = "ada@example.com";

    [Fact]
    public async Task A_customer_registers_signs_out_and_signs_in_again()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);

        Assert.Equal(HttpStatusCode.NoContent, (await RegisterAsync(browser, " Ada@Example.com ")).StatusCode);
        Assert.Equal(Ada, (await browser.ShopperAsync()).GetProperty("email").GetString());
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);

        await browser.SendAsync("/sign-out");
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/account")).StatusCode);
        Assert.Equal(204, await browser.SignInAsync("ADA@example.com", AccessHost.Password));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task A_session_that_another_process_has_begun_is_known_at_once()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await RegisterAsync(browser, Ada);
        await browser.GetAsync("/account");

        var store = host.Services.GetRequiredKeyedService<Store>(AccessSystem.Name);
        var id = await store.WriteAsync(
            ShardKey.First,
            async tx =>
            {
                await tx.ExecuteAsync("UPDATE account SET stamp = $1", "theirs");
                return new Id<Account>((await tx.NumberAsync("SELECT id FROM account"))!.Value);
            },
            CancellationToken.None);

        var cookie = new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, id.ToString()), new("stamp", "theirs")]));
        Assert.NotNull(await host.Services.GetRequiredService<Sessions>().FindAsync(cookie, AccountKind.Customer, CancellationToken.None));
    }

    [Fact]
    public async Task A_session_outlives_a_restart()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        var registered = await RegisterAsync(browser, Ada);
        var cookie = registered.Headers.GetValues("Set-Cookie").First(value => value.StartsWith("basin_customer=")).Split(';')[0];

        await host.RestartAsync();

        host.Client.DefaultRequestHeaders.Add("Cookie", cookie);
        Assert.Equal(Ada, await host.Client.GetStringAsync("/account"));
    }

    [Fact]
    public async Task Cookies_are_closed_to_scripts_and_to_foreign_pages()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await browser.GetAsync("/shopper");

        var cookies = (await RegisterAsync(browser, Ada)).Headers.GetValues("Set-Cookie").ToList();

        var session = Assert.Single(cookies, cookie => cookie.StartsWith("basin_customer="));
        Assert.Contains("httponly", session);
        Assert.Contains("samesite=lax", session);
        Assert.Contains("path=/", session);
    }

    [Fact]
    public async Task The_keys_of_cookies_are_their_users_alone()
    {
        await using var host = await AccessHost.StartAsync(backend: Backend.Sqlite);
        using var browser = new Browser(host);
        await browser.GetAsync("/shopper");
        await RegisterAsync(browser, Ada);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(KeysFolder(host)));
        Assert.NotEmpty(Directory.GetFiles(KeysFolder(host)));
    }

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_get_the_same_answers()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await RegisterAsync(browser, Ada);
        using var stranger = new Browser(host);

        for (var i = 0; i < 7; i++)
        {
            var wrong = await AnswerAsync(stranger, Ada);
            var unknown = await AnswerAsync(stranger, "nobody@example.com");
            Assert.Equal(wrong, unknown);
            Assert.Equal(i < 4 ? "401 sign_in_refused" : "429 too_many_tries", wrong);
        }
    }

    [Fact]
    public async Task Five_failures_lock_an_address_for_fifteen_minutes_even_for_the_right_password()
    {
        await using var host = await AccessHost.StartAsync();
        using var owner = new Browser(host);
        await RegisterAsync(owner, Ada);
        using var browser = new Browser(host);
        for (var i = 0; i < 5; i++)
            await browser.SignInAsync(Ada, "wrong password");

        Assert.Equal(429, await browser.SignInAsync(Ada, AccessHost.Password));
        host.Clock.StepWall(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        Assert.Equal(429, await browser.SignInAsync(Ada, AccessHost.Password));
        host.Clock.StepWall(TimeSpan.FromSeconds(1));
        Assert.Equal(204, await browser.SignInAsync(Ada, AccessHost.Password));
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Of_many_guesses_at_once_none_slips_past_the_lock()
    {
        await using var host = await AccessHost.StartAsync();
        using var owner = new Browser(host);
        await RegisterAsync(owner, Ada);
        using var browser = new Browser(host);
        await browser.GetAsync("/form");

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => browser.SignInAsync(Ada, $"guess number {i}")));

        Assert.Equal(4, answers.Count(status => status == 401));
        Assert.Equal(36, answers.Count(status => status == 429));
    }

    [Fact]
    public async Task A_success_forgets_the_failures_before()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await RegisterAsync(browser, Ada);

        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 4; i++)
                Assert.Equal(401, await browser.SignInAsync(Ada, "wrong password"));
            Assert.Equal(204, await browser.SignInAsync(Ada, AccessHost.Password));
        }
    }

    [Fact]
    public async Task A_new_password_ends_the_other_sessions_and_the_old_password()
    {
        await using var host = await AccessHost.StartAsync();
        using var here = new Browser(host);
        using var there = new Browser(host);
        await RegisterAsync(here, Ada);
        await there.SignInAsync(Ada, AccessHost.Password);
        Assert.Equal(HttpStatusCode.OK, (await there.GetAsync("/account")).StatusCode);

        var refused = await here.SendAsync("/account/password", ("current", "wrong password"), ("next", "a better password"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var changed = await here.SendAsync("/account/password", ("current", AccessHost.Password), ("next", "a better password"));

        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await here.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await there.GetAsync("/account")).StatusCode);
        Assert.Equal(401, await there.SignInAsync(Ada, AccessHost.Password));
        Assert.Equal(204, await there.SignInAsync(Ada, "a better password"));
    }

    [Fact]
    public async Task A_session_slides_for_fourteen_days()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await RegisterAsync(browser, Ada);

        host.Clock.StepWall(TimeSpan.FromDays(10));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
        host.Clock.StepWall(TimeSpan.FromDays(13));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
        host.Clock.StepWall(TimeSpan.FromDays(15));
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task An_address_registers_once()
    {
        await using var host = await AccessHost.StartAsync();
        using var one = new Browser(host);
        using var other = new Browser(host);
        await RegisterAsync(one, Ada);

        Assert.Equal("email_taken", await (await RegisterAsync(other, "ADA@example.com")).CodeOfAsync());
    }

    [Fact]
    public async Task A_visitor_keeps_a_name_and_becomes_a_customer()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);

        var visitor = (await browser.ShopperAsync()).GetProperty("owner").GetString()!;
        Assert.StartsWith("visitor_", visitor);
        Assert.Equal(visitor, (await browser.ShopperAsync()).GetProperty("owner").GetString());

        await RegisterAsync(browser, Ada);
        var customer = (await browser.ShopperAsync()).GetProperty("owner").GetString()!;
        var happened = Assert.Single(await host.PublishedAsync<VisitorSignedIn>());
        Assert.Equal((visitor, customer), (happened.VisitorOwner, happened.CustomerOwner));

        await browser.SendAsync("/sign-out");
        Assert.NotEqual(visitor, (await browser.ShopperAsync()).GetProperty("owner").GetString());
        Assert.Equal(204, await browser.SignInAsync(Ada, AccessHost.Password));
        Assert.Equal(2, (await host.PublishedAsync<VisitorSignedIn>()).Count);
    }

    [Fact]
    public async Task A_forged_visitor_gets_a_name_of_their_own()
    {
        await using var host = await AccessHost.StartAsync();
        host.Client.DefaultRequestHeaders.Add("Cookie", "basin_visitor=AAAAAAAAAAAAAAAAAAAAAA");

        var shopper = await host.Client.GetFromJsonAsync<JsonElement>("/shopper");

        Assert.NotEqual("visitor_AAAAAAAAAAAAAAAAAAAAAA", shopper.GetProperty("owner").GetString());
    }

    [Fact]
    public async Task A_customer_opens_neither_console_nor_api()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await RegisterAsync(browser, Ada);

        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/console")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/v1/sample")).StatusCode);
        Assert.Equal(401, await browser.SignInAsync(Ada, AccessHost.Password, "/console/sign-in"));
    }

    [Fact]
    public async Task The_setup_link_makes_one_operator_and_then_nothing()
    {
        await using var host = await AccessHost.StartAsync();
        var token = host.SetupToken();
        using var browser = new Browser(host);

        Assert.Equal("setup_closed", await (await SetUpAsync(browser, SecretToken.New())).CodeOfAsync());
        Assert.Equal(HttpStatusCode.BadRequest, (await SetUpAsync(browser, token, "short")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SetUpAsync(browser, token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/console")).StatusCode);
        Assert.Equal("setup_closed", await (await SetUpAsync(browser, token)).CodeOfAsync());

        var lines = host.Log.Lines.Count(line => line.EventId == 1301);
        await host.RestartAsync();
        Assert.Equal(lines, host.Log.Lines.Count(line => line.EventId == 1301));
    }

    [Fact]
    public async Task A_restart_makes_a_new_setup_link()
    {
        await using var host = await AccessHost.StartAsync();
        var old = host.SetupToken();

        await host.RestartAsync();

        using var browser = new Browser(host);
        Assert.Equal("setup_closed", await (await SetUpAsync(browser, old)).CodeOfAsync());
        Assert.Equal(HttpStatusCode.NoContent, (await SetUpAsync(browser, host.SetupToken())).StatusCode);
    }

    [Fact]
    public async Task An_invitation_makes_one_more_operator_even_after_a_restart()
    {
        await using var host = await AccessHost.StartAsync();
        var token = await InviteAsync(host);
        await host.RestartAsync();
        using var second = new Browser(host);

        Assert.Equal("email_taken", await (await SetUpAsync(second, token)).CodeOfAsync());
        Assert.Equal(HttpStatusCode.NoContent, (await SetUpAsync(second, token, email: "two@example.com")).StatusCode);
        Assert.Equal("two@example.com", await (await second.GetAsync("/console")).Content.ReadAsStringAsync());
        Assert.Equal("setup_closed", await (await SetUpAsync(second, token, email: "three@example.com")).CodeOfAsync());
        var operators = await host.Get<Accounts>().ListOperatorsAsync(CancellationToken.None);
        Assert.Equal(["op@example.com", "two@example.com"], operators.Select(account => account.Email));
    }

    [Fact]
    public async Task Of_many_who_use_an_invitation_at_once_one_becomes_an_operator()
    {
        await using var host = await AccessHost.StartAsync();
        var token = await InviteAsync(host);
        using var others = new Browser(host);
        await others.GetAsync("/console/form");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => SetUpAsync(others, token, email: $"{i}@example.com")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(2, (await host.Get<Accounts>().ListOperatorsAsync(CancellationToken.None)).Count);
    }

    [Fact]
    public async Task An_invitation_lasts_a_day()
    {
        await using var host = await AccessHost.StartAsync();
        var token = await InviteAsync(host);
        using var late = new Browser(host);

        host.Clock.StepWall(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.True(await host.Get<Accounts>().MaySetUpAsync(token, CancellationToken.None));
        host.Clock.StepWall(TimeSpan.FromSeconds(1));
        Assert.Equal("setup_closed", await (await SetUpAsync(late, token, email: "late@example.com")).CodeOfAsync());
    }

    [Fact]
    public async Task Only_operators_invite()
    {
        await using var host = await AccessHost.StartAsync();
        using var customer = new Browser(host);
        await RegisterAsync(customer, Ada);

        Assert.Equal(HttpStatusCode.Unauthorized, (await customer.SendAsync("/console/invitations", ("ignored", ""))).StatusCode);
    }

    [Fact]
    public async Task An_operators_new_password_ends_their_other_sessions()
    {
        await using var host = await AccessHost.StartAsync();
        using var here = new Browser(host);
        using var there = new Browser(host);
        await SetUpAsync(here, host.SetupToken());
        await there.SignInAsync("op@example.com", AccessHost.Password, "/console/sign-in");

        var refused = await here.SendAsync("/console/password", ("current", "wrong password"), ("next", "a better password"));
        var changed = await here.SendAsync("/console/password", ("current", AccessHost.Password), ("next", "a better password"));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NoContent), (refused.StatusCode, changed.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await here.GetAsync("/console")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await there.GetAsync("/console")).StatusCode);
        Assert.Equal(204, await there.SignInAsync("op@example.com", "a better password", "/console/sign-in"));
    }

    [Fact]
    public async Task An_operators_cookie_opens_the_console_and_never_the_api()
    {
        await using var host = await AccessHost.StartAsync();
        using var browser = new Browser(host);
        await SetUpAsync(browser, host.SetupToken());

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/console/forgotten")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/v1/keys")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendWithoutTokenAsync("/v1/sample")).StatusCode);
        host.Clock.StepWall(TimeSpan.FromHours(9));
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/console")).StatusCode);
    }

    [Fact]
    public async Task Pages_and_refusals_carry_safe_headers()
    {
        await using var host = await AccessHost.StartAsync();

        var page = await host.Client.GetAsync("/form");
        var refusal = await host.Client.GetAsync("/v1/sample");

        Assert.Contains("frame-ancestors 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("same-origin", Assert.Single(page.Headers.GetValues("Cross-Origin-Opener-Policy")));
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("nosniff", Assert.Single(refusal.Headers.GetValues("X-Content-Type-Options")));
    }

    private static Task<HttpResponseMessage> RegisterAsync(Browser browser, string email) =>
        browser.SendAsync("/register", ("email", email), ("password", AccessHost.Password));

    private static Task<HttpResponseMessage> SetUpAsync(
        Browser browser, string token, string password = AccessHost.Password, string email = "op@example.com") =>
        browser.SendAsync("/console/setup", ("token", token), ("email", email), ("password", password));

    /// <summary>The first operator's invitation of another.</summary>
    private static async Task<string> InviteAsync(TestHost host)
    {
        using var first = new Browser(host);
        await SetUpAsync(first, host.SetupToken());
        return await (await first.SendAsync("/console/invitations", ("ignored", ""))).Content.ReadAsStringAsync();
    }

    private static async Task<string> AnswerAsync(Browser browser, string email)
    {
        var response = await browser.SendAsync("/sign-in", ("email", email), ("password", "wrong password"));
        return $"{(int)response.StatusCode} {await response.CodeOfAsync()}";
    }

    private static string KeysFolder(TestHost host) => Path.Combine(host.DataDirectory, "data", "keys");
}

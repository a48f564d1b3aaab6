using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Basin.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Basin.Host.Tests;

/// <summary>The pages as people use them: the real program, a real browser.</summary>
public sealed class PagesTests(PagesTests.Shop shop) : IClassFixture<PagesTests.Shop>
{
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 30_000 };

    [Fact]
    public async Task A_customer_finds_a_product_orders_it_and_sees_it_arrive_without_reloading()
    {
        await using var tab = await shop.OpenAsync(Look.Light);
        var page = tab.Page;

        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" }).FillAsync("kettle");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".product-grid a").First.ClickAsync();
        var title = await page.Locator("h1").InnerTextAsync();
        Assert.Contains("kettle", title, StringComparison.OrdinalIgnoreCase);
        await page.AddToCartAsync();
        await Expect(page.Locator(".lines")).ToContainTextAsync(title);

        await page.CheckOutAsync();
        var documents = tab.Documents;
        await Expect(page.Locator("order-tracker[data-state=delivered]")).ToBeVisibleAsync(Patiently);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Delivered");
        await Expect(page.Locator(".steps > li[data-status=done]")).ToHaveCountAsync(5);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel the order" })).ToBeHiddenAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Notifications" }).ClickAsync();
        await Expect(page.Locator("notification-bell .panel").GetByText("Delivered").First).ToBeVisibleAsync(Patiently);
        Assert.Equal(documents, tab.Documents);
        Assert.Empty(tab.Errors);
    }

    [Fact]
    public async Task A_live_part_that_did_not_load_is_asked_for_again()
    {
        await using var tab = await shop.OpenAsync(Look.Light);
        var page = tab.Page;
        var asked = 0;
        await page.RouteAsync("**/order-tracker.island.js*", route => Interlocked.Increment(ref asked) == 1 ? route.AbortAsync() : route.ContinueAsync());

        await page.BuyAsync("kettle");

        await Expect(page.Locator("order-tracker[data-state=delivered]")).ToBeVisibleAsync(Patiently);
        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    [InlineData("phone")]
    public async Task The_pages_of_the_shop_fit_their_window(string look)
    {
        await using var tab = await shop.OpenAsync(Look.Named(look));

        await LookAtAsync(tab, look, "home", "/");
        await LookAtAsync(tab, look, "search", "/?q=lamp");
        await LookAtAsync(tab, look, "nothing-found", "/?q=zzzz");
        await LookAtAsync(tab, look, "product", await FirstLinkAsync(tab, "/?q=lamp", ".product-grid a"));
        await tab.Page.AddToCartAsync();
        await LookAtAsync(tab, look, "cart", "/cart");
        await LookAtAsync(tab, look, "checkout", "/checkout");
        await LookAtAsync(tab, look, "orders", "/account/orders");
        await LookAtAsync(tab, look, "notifications", "/notifications");
        await LookAtAsync(tab, look, "sign-in", "/sign-in");
        await LookAtAsync(tab, look, "register", "/register");
        Assert.Empty(tab.Errors);
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    [InlineData("phone")]
    public async Task The_pages_of_the_console_fit_their_window(string look)
    {
        await using var tab = await shop.OpenAsync(Look.Named(look), asOperator: true);

        await LookAtAsync(tab, look, "console-map", "/console", ".map-node");
        await LookAtAsync(tab, look, "console-load", "/console/load", ".map-chart .uplot");
        await LookAtAsync(tab, look, "console-orders", "/console/orders");
        await LookAtAsync(tab, look, "console-order", await FirstLinkAsync(tab, "/console/orders", "main table a"));
        await LookAtAsync(tab, look, "console-limits", "/console/limits", "live-rates .uplot");
        await LookAtAsync(tab, look, "console-ledger", "/console/ledger", "main .badge[data-state=ok]");
        await LookAtAsync(tab, look, "console-account", await FirstLinkAsync(tab, "/console/ledger", "main table a"));
        await LookAtAsync(tab, look, "console-webhooks", "/console/webhooks");
        await LookAtAsync(tab, look, "console-webhook", await FirstLinkAsync(tab, "/console/webhooks?state=failed", "main tr:nth-child(2) a"));
        await LookAtAsync(tab, look, "console-payments", "/console/payments");
        await LookAtAsync(tab, look, "console-payment", await FirstLinkAsync(tab, "/console/payments", "main table a[href*=pay_]"));
        await LookAtAsync(tab, look, "console-dependencies", "/console/dependencies", "dependency-list[data-live=live] .badge[data-state=ok]");
        foreach (var name in (string[])["reconciliation", "events", "dead-letters", "mail", "vault", "limits/api", "questions", "keys", "operators", "demo", "settings"])
            await LookAtAsync(tab, look, $"console-{name.Replace('/', '-')}", $"/console/{name}");
        Assert.Empty(tab.Errors);
    }

    [Fact]
    public async Task An_operator_invites_another_who_changes_the_password()
    {
        await using var inviting = await shop.OpenAsync(Look.Light, asOperator: true);
        await using var invited = await shop.OpenAsync(Look.Light);
        var (page, theirs) = (inviting.Page, invited.Page);

        await page.GotoAsync("/console/operators");
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite an operator" }).ClickAsync();
        await theirs.GotoAsync(await page.Locator("pre.code").InnerTextAsync());
        await theirs.GetByLabel("E-mail").FillAsync("second@example.com");
        await theirs.GetByLabel("Password").FillAsync("several words are easier");
        await theirs.GetByRole(AriaRole.Button, new() { Name = "Begin" }).ClickAsync();
        await theirs.WaitForURLAsync("**/console");

        await theirs.GotoAsync("/console/operators");
        await Expect(theirs.GetByRole(AriaRole.Row, new() { Name = "second@example.com you" })).ToBeVisibleAsync();
        await ChangePasswordAsync(theirs, "not the right one");
        await Expect(theirs.Locator(".error")).ToHaveTextAsync("This is not the current password.");
        await ChangePasswordAsync(theirs, "several words are easier");
        await Expect(theirs.GetByRole(AriaRole.Status)).ToContainTextAsync("Done.");

        // A form that this host did not make for this operator changes nothing.
        var form = page.Context.APIRequest.CreateFormData().Set("_handler", "invite");
        var forged = await page.Context.APIRequest.PostAsync("/console/operators", new() { Form = form });
        Assert.Equal(400, forged.Status);
    }

    [Fact]
    public async Task An_operator_rotates_the_keys_of_the_vault()
    {
        await using var tab = await shop.OpenAsync(Look.Named("phone"), asOperator: true);
        var page = tab.Page;
        var made = await page.Context.APIRequest.PostAsync("/v1/vault/test-tokens", new()
        {
            DataObject = new { card = "visa" },
            Headers = new Dictionary<string, string> { ["Authorization"] = $"Bearer {HostProcess.OperatorKey}" },
        });
        Assert.Equal(200, made.Status);

        await page.GotoAsync("/console/vault");
        var before = await page.Locator("td code").First.InnerTextAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Rotate the data keys" }).ClickAsync();

        await Eventually.TrueAsync(async () =>
        {
            await page.GotoAsync("/console/vault");
            return await page.GetByText("Done").CountAsync() == 1;
        });
        Assert.NotEqual(before, await page.Locator("td code").First.InnerTextAsync());
        Assert.DoesNotContain("4242", await page.ContentAsync());
        await LookAtAsync(tab, "phone", "console-vault-rotated", "/console/vault");
    }

    [Fact]
    public async Task An_operator_changes_a_limit_and_takes_it_back()
    {
        await using var tab = await shop.OpenAsync(Look.Light, asOperator: true);
        var page = tab.Page;
        await page.GotoAsync("/console/limits");
        await Expect(page.Locator("live-rates .u-legend")).ToContainTextAsync("pages let in");
        await page.GetByRole(AriaRole.Link, new() { Name = "sign-in" }).ClickAsync();

        await page.GetByLabel("Requests", new() { Exact = true }).First.FillAsync("120");
        await page.GetByLabel("Not counted").FillAsync("10.0.0.0/99");
        await page.GetByRole(AriaRole.Button, new() { Name = "Put into force" }).ClickAsync();
        await Expect(page.Locator(".error")).ToHaveTextAsync("A network such as 10.0.0.0/8 is expected.");
        await Expect(page.GetByLabel("Requests", new() { Exact = true }).First).ToHaveValueAsync("120");

        await page.GetByLabel("Not counted").FillAsync("10.0.0.0/8");
        await page.GetByRole(AriaRole.Button, new() { Name = "Put into force" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Row, new() { Name = "sign-in changed address 120 a minute, 30 at once" });
        await Expect(row).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "sign-in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "As configured" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "sign-in address 60 a minute, 30 at once" })).ToBeVisibleAsync();
        Assert.DoesNotContain(tab.Errors, error => !error.Contains("400", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_operator_disables_an_endpoint_enables_it_and_replays_what_it_has_missed()
    {
        await using var tab = await shop.OpenAsync(Look.Light, asOperator: true);
        var page = tab.Page;
        var endpoint = page.Locator(".letter", new() { HasText = "/arrives" });
        await page.GotoAsync("/console/webhooks");
        await endpoint.GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await Expect(endpoint.Locator(".badge")).ToHaveTextAsync("Disabled");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("It is disabled.");
        await endpoint.GetByRole(AriaRole.Button, new() { Name = "Enable" }).ClickAsync();
        await Expect(endpoint.Locator(".badge")).ToHaveTextAsync("Enabled");

        await endpoint.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync("webhooks.test");
        await TriedAsync(page, times: 1);
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await TriedAsync(page, times: 2);
        await page.GotoAsync(page.Url);
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Delivered");
        await Expect(page.Locator(".timeline > li", new() { HasText = "204" })).ToHaveCountAsync(2);
        Assert.Empty(tab.Errors);

        // A form that this host did not make for this operator changes nothing.
        var forged = await page.Context.APIRequest.PostAsync(
            new Uri(page.Url).PathAndQuery + "/replay", new() { Form = page.Context.APIRequest.CreateFormData() });
        Assert.Equal(400, forged.Status);
    }

    /// <summary>Looks from beside the page, which may just be on its way to the next one.</summary>
    private static Task TriedAsync(IPage page, int times) => Eventually.TrueAsync(async () =>
    {
        var answer = await page.Context.APIRequest.GetAsync(page.Url);
        return (await answer.TextAsync()).Split("<strong>204").Length == times + 1;
    });

    [Fact]
    public async Task An_operator_gives_a_part_of_a_payment_back_and_compares_the_books()
    {
        await using var tab = await shop.OpenAsync(Look.Named("phone"), asOperator: true);
        var page = tab.Page;

        await page.GotoAsync(await FirstLinkAsync(tab, "/console/payments?state=captured", "main table a[href*=pay_]"));
        await page.GetByLabel("Amount in EUR").FillAsync("0.505");
        await page.GetByLabel("Reason").FillAsync("One cup was broken");
        await page.GetByRole(AriaRole.Button, new() { Name = "Give it back" }).ClickAsync();
        await Expect(page.Locator(".error")).ToHaveTextAsync("An amount above zero is expected, such as 12.50.");
        await page.GetByLabel("Amount in EUR").FillAsync("0.50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Give it back" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The provider is asked to give it back.");
        var payment = new Uri(page.Url).AbsolutePath;
        await Eventually.TrueAsync(async () =>
        {
            await page.GotoAsync(payment);
            return await page.Locator("tr[data-leg^=re_]").GetByText("Booked").CountAsync() == 1;
        });
        await Expect(page.Locator("dt:text('Given back') + dd")).ToHaveTextAsync("€0.50");
        await LookAtAsync(tab, "phone", "console-payment-refunded", payment);

        await page.GotoAsync("/console/reconciliation");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare now" }).ClickAsync();
        await page.WaitForURLAsync("**/console/reconciliation/rcn_*");
        await Expect(page.Locator("h1 .badge")).Not.ToHaveTextAsync("Running", new() { Timeout = 30_000 });
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync(new Regex("^(In order|On its way)$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await LookAtAsync(tab, "phone", "console-reconciliation-one", new Uri(page.Url).AbsolutePath);

        // A form that this host did not make for this operator changes nothing.
        var form = page.Context.APIRequest.CreateFormData().Set("_handler", "refund").Set("amount", "0.10").Set("reason", "forged");
        var forged = await page.Context.APIRequest.PostAsync(payment, new() { Form = form });
        Assert.Equal(400, forged.Status);
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    [InlineData("phone")]
    public async Task An_operator_sees_what_is_claimed_and_what_the_last_drills_came_to(string look)
    {
        await using var tab = await shop.OpenAsync(Look.Named(look), asOperator: true);
        var page = tab.Page;

        await page.GotoAsync("/console/drills");
        await Expect(page.Locator(".stats")).ToContainTextAsync("1 of 2");
        await Expect(page.Locator("#flash-sale h3 .badge")).ToHaveTextAsync("held");
        await Expect(page.Locator("#hot-key h3 .badge")).ToHaveTextAsync("failed");
        await Expect(page.Locator("#full-disk h3 .badge")).ToHaveTextAsync("not run");
        await LookAtAsync(tab, look, "console-drills", "/console/drills");
        await page.Locator("#hot-key summary").ClickAsync();
        await Expect(page.Locator("#hot-key tbody tr")).ToContainTextAsync("Books that disagree");
        await Expect(page.Locator("#hot-key .facts")).ToContainTextAsync("dotnet run --project drills/Basin.Drills -- run hot-key --seed 7");
        await page.Locator("#hot-key").ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"console-drill-{look}.png") });
        Assert.True(await tab.OverhangAsync() <= 0, "An open drill is wider than its window.");
        Assert.Empty(tab.Errors);
    }

    private static async Task ChangePasswordAsync(IPage page, string current)
    {
        await page.GetByLabel("Your current password").FillAsync(current);
        await page.GetByLabel("Your new password").FillAsync("other words are easier");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change the password" }).ClickAsync();
    }

    private static async Task LookAtAsync(Tab tab, string look, string name, string path, string shows = "main :is(h1, strong)")
    {
        await tab.Page.GotoAsync(path);
        await Expect(tab.Page.Locator(shows).First).ToBeVisibleAsync(Patiently);
        await tab.Page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"{name}-{look}.png"), Animations = ScreenshotAnimations.Disabled });
        Assert.True(await tab.OverhangAsync() <= 0, $"{path} is wider than its window.");
    }

    private static async Task<string> FirstLinkAsync(Tab tab, string path, string selector)
    {
        await tab.Page.GotoAsync(path);
        return (await tab.Page.Locator(selector).First.GetAttributeAsync("href"))!;
    }

    internal static string Screenshots
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
                folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run below the repository.");
            return Path.Combine(folder.FullName, "artifacts", "screenshots");
        }
    }

    /// <summary>One shop with demo products and traffic, its operator, and one browser for all of them.</summary>
    public sealed class Shop : IAsyncLifetime
    {
        private HostProcess _host = null!;
        private Receiver _receiver = null!;
        private Browser _browser = null!;
        private string _operator = null!;
        private readonly TemporaryDirectory _drills = new();

        private const string DrillReport = """
            {
              "schema": "basin.drills.v1", "at": "2026-11-01T10:00:00Z", "machine": "2 cores", "passed": false,
              "drills": [
                {
                  "name": "flash-sale", "seed": 7, "totalSeconds": 12, "passed": true, "classes": [],
                  "grades": [{ "name": "Effects doubled", "measured": 0, "limit": 0, "unit": "", "isFloor": false, "passed": true }]
                },
                {
                  "name": "hot-key", "seed": 7, "totalSeconds": 12, "passed": false,
                  "grades": [{ "name": "Books that disagree", "measured": 3, "limit": 0, "unit": "", "isFloor": false, "passed": false }],
                  "classes": [{ "class": "checkout", "customers": 250, "served": 249, "p50": 12.5, "p99": 480, "refused": 0, "failed": 0.01 }]
                }
              ]
            }
            """;

        public async ValueTask InitializeAsync()
        {
            await File.WriteAllTextAsync(_drills.File("report.json"), DrillReport);
            _host = await HostProcess.StartAsync("--demo", $"--Basin:Drills:Reports={_drills}", "--Basin:Shipping:DispatchAfter=00:00:01", "--Basin:Shipping:DeliverAfter=00:00:01",
                "--Basin:Webhooks:AllowPrivateTargets:0=127.0.0.0/8", "--Basin:Webhooks:Retries:0=00:00:00.001",
                "--Basin:Webhooks:Retries:1=00:00:00.001");
            _browser = await Browser.StartAsync();
            await Eventually.TrueAsync(
                async () => (await _host.Client.GetStringAsync("/?q=lamp")).Contains("/products/", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
            _operator = await SetUpOperatorAsync();
            await KeepBooksAsync();
            await ListenAsync();
        }

        /// <summary>Accounts of the ledger with every kind of entry.</summary>
        private async Task KeepBooksAsync()
        {
            using var client = _host.ClientOf();
            object[] accounts =
            [
                new { id = "ada:deposit", currency = "EUR", code = "deposits", debitsMustNotExceedCredits = true, history = true, reference = "customer 7" },
                new { id = "bank", currency = "EUR", code = "assets" },
                new { id = "sales:2026-11", currency = "EUR", code = "income" },
                new { id = "till", currency = "EUR", code = "assets", creditsMustNotExceedDebits = true },
                new { id = "bank:usd", currency = "USD", code = "assets" },
                new { id = "owner:usd", currency = "USD", code = "equity" },
            ];
            object[] transfers =
            [
                new { id = "wire-7", debit = "bank", credit = "ada:deposit", amount = 1_250_000, currency = "EUR", code = "deposit" },
                new { id = "hold-1", debit = "ada:deposit", credit = "sales:2026-11", amount = 12_900, currency = "EUR", code = "sale", kind = "pending" },
                new { id = "take-1", kind = "post", pendingId = "hold-1", amount = 10_000 },
                new { id = "hold-2", debit = "ada:deposit", credit = "sales:2026-11", amount = 2_500, currency = "EUR", code = "sale", kind = "pending" },
                new { id = "drop-2", kind = "void", pendingId = "hold-2" },
                new { id = "close", debit = "till", credit = "bank", amount = 0, currency = "EUR", code = "close", kind = "pending", closingDebit = true },
                new { id = "hold-3", debit = "ada:deposit", credit = "sales:2026-11", amount = 790, currency = "EUR", code = "sale", kind = "pending" },
                new { id = "funding", debit = "bank:usd", credit = "owner:usd", amount = 100_000_000, currency = "USD", code = "funding" },
            ];
            using var opened = await client.PostAsJsonAsync("/v1/ledger/accounts", new { accounts });
            using var moved = await client.PostAsJsonAsync("/v1/ledger/transfers", new { transfers });
            var statuses = await moved.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
            Assert.Equal(transfers.Length, statuses.Split("\"created\"").Length - 1);
        }

        /// <summary>Endpoints that arrive, fail and are gone.</summary>
        private async Task ListenAsync()
        {
            _receiver = await Receiver.StartAsync();
            _receiver.Answer = (received, response) => received.Path switch
            {
                ['/', 'f', ..] => Receiver.AnswerAsync(response, 503, "{\"error\":\"Down for maintenance\"}"),
                "/gone" => Receiver.AnswerAsync(response, 410),
                _ => Receiver.AnswerAsync(response, 204),
            };
            foreach (var path in (string[])["arrives", $"fails/{new string('x', 300)}", "gone"])
                await ListenAsync(path);
        }

        public async ValueTask DisposeAsync()
        {
            if (_browser is not null)
                await _browser.DisposeAsync();
            if (_host is not null)
                await _host.DisposeAsync();
            if (_receiver is not null)
                await _receiver.DisposeAsync();
            _drills.Dispose();
        }

        internal Task<Tab> OpenAsync(Look look, bool asOperator = false) => _browser.OpenAsync(_host.Client.BaseAddress!, look, asOperator ? _operator : null);

        /// <summary>Makes an endpoint, and tells it something.</summary>
        private async Task ListenAsync(string path)
        {
            var client = _host.ClientOf();
            string[] enabledTypes = ["payment_intent.*", "charge.refunded"];
            using var made = await client.PostAsJsonAsync(
                "/v1/webhooks/endpoints", new { url = _receiver.UrlOf(path), enabledTypes, description = "Books of the shop" });
            var id = (await made.Content.ReadFromJsonAsync<JsonNode>())!["id"]!.GetValue<string>();
            using var told = await client.PostAsync($"/v1/webhooks/endpoints/{id}/test-messages", null);
            var delivery = (await told.Content.ReadFromJsonAsync<JsonNode>())!["id"]!.GetValue<string>();
            await Eventually.TrueAsync(async () =>
            {
                var found = await client.GetFromJsonAsync<JsonNode>($"/v1/webhooks/deliveries/{delivery}");
                return found!["state"]!.GetValue<string>() is "delivered" or "failed";
            });
        }

        /// <summary>Follows the link of the log, and lets customers come.</summary>
        /// <returns>The operator's cookies.</returns>
        private async Task<string> SetUpOperatorAsync()
        {
            await using var tab = await OpenAsync(Look.Light);
            var page = tab.Page;
            await page.GotoAsync(_host.SetupLink!);
            await page.GetByLabel("E-mail").FillAsync("operator@example.com");
            await page.GetByLabel("Password").FillAsync("several words are easier");
            await page.GetByRole(AriaRole.Button, new() { Name = "Begin" }).ClickAsync();
            // The first request of a host that has just started, while others start beside it.
            await page.WaitForURLAsync("**/console", new() { Timeout = 120_000 });

            await page.GotoAsync("/console/demo");
            await page.GetByLabel("Orders per second").FillAsync("5");
            await page.GetByRole(AriaRole.Button, new() { Name = "Set" }).ClickAsync();
            await Expect(page.GetByLabel("Orders per second")).ToHaveValueAsync("5");
            await Eventually.TrueAsync(async () =>
            {
                await page.GotoAsync("/console/orders");
                return await page.Locator("main table a").CountAsync() > 0;
            });
            Assert.Empty(tab.Errors);
            return await page.Context.StorageStateAsync();
        }
    }
}

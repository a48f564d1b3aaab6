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
        await LookAtAsync(tab, look, "console-orders", "/console/orders");
        await LookAtAsync(tab, look, "console-order", await FirstLinkAsync(tab, "/console/orders", "main table a"));
        foreach (var name in (string[])["events", "dead-letters", "mail", "keys", "operators", "demo", "settings"])
            await LookAtAsync(tab, look, $"console-{name}", $"/console/{name}");
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

    private static string Screenshots
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
        private Browser _browser = null!;
        private string _operator = null!;

        public async ValueTask InitializeAsync()
        {
            _host = await HostProcess.StartAsync("--demo", "--Basin:Shipping:DispatchAfter=00:00:01", "--Basin:Shipping:DeliverAfter=00:00:01");
            _browser = await Browser.StartAsync();
            await Eventually.TrueAsync(
                async () => (await _host.Client.GetStringAsync("/?q=lamp")).Contains("/products/", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
            _operator = await SetUpOperatorAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_browser is not null)
                await _browser.DisposeAsync();
            if (_host is not null)
                await _host.DisposeAsync();
        }

        internal Task<Tab> OpenAsync(Look look, bool asOperator = false) => _browser.OpenAsync(_host.Client.BaseAddress!, look, asOperator ? _operator : null);

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
            await page.WaitForURLAsync("**/console");

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

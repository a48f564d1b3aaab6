using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Basin.Host.Tests;

/// <summary>How somebody looks at a page: a size in pixels and the colours they prefer.</summary>
internal sealed record Look(string Name, int Width, int Height, ColorScheme Colours)
{
    public static readonly Look Light = new("light", 1280, 860, ColorScheme.Light);

    public static Look Named(string name) => name switch
    {
        "light" => Light,
        "dark" => new("dark", 1280, 860, ColorScheme.Dark),
        "phone" => new("phone", 390, 844, ColorScheme.Light),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such look."),
    };
}

/// <summary>The Chromium of this machine, without a window. <c>BASIN_CHROMIUM</c> names another than the usual one.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly IPlaywright _driver;
    private readonly IBrowser _browser;

    private Browser(IPlaywright driver, IBrowser browser) => (_driver, _browser) = (driver, browser);

    public static async Task<Browser> StartAsync()
    {
        var driver = await Playwright.CreateAsync();
        var path = Environment.GetEnvironmentVariable("BASIN_CHROMIUM") ?? "/usr/bin/chromium";
        return new Browser(driver, await driver.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments }));
    }

    /// <summary>Somebody new, or somebody whose cookies were kept.</summary>
    public async Task<Tab> OpenAsync(Uri address, Look look, string? cookies = null)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            ViewportSize = new() { Width = look.Width, Height = look.Height },
            ColorScheme = look.Colours,
            StorageState = cookies,
        });
        return new Tab(await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _driver.Dispose();
    }
}

/// <summary>A page with what went wrong in it: refused by the content policy, thrown by a script, or not found.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _errors = new();
    private int _documents;

    public Tab(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _errors.Enqueue($"{page.Url}: {message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => _errors.Enqueue($"{page.Url}: {error}");
        page.Request += (_, request) => _documents += request.IsNavigationRequest ? 1 : 0;
    }

    public IPage Page { get; }

    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>How many documents were asked for, reloads among them.</summary>
    public int Documents => _documents;

    /// <summary>How many pixels of the page lie to the right of the window.</summary>
    public Task<int> OverhangAsync() => Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}

using System.Globalization;
using Basin.Host.Drills;
using Basin.Host.Pages;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Basin.Limits;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Basin.Host;

/// <summary>The pages of the host and of all systems, rendered on the server.</summary>
internal static class Web
{
    extension(WebApplicationBuilder builder)
    {
        public void AddPages()
        {
            builder.Services.AddRazorComponents();
            builder.AddOptionsSection<DrillsOptions>("Drills");
            builder.Services.AddSingleton<DrillReports>();
            builder.Services.AddSingleton<Navigation>();
            builder.Services.AddSingleton<ProblemPage>(problem => new ProblemPageResult(problem));
            builder.Services.AddSingleton<RefusalPage>(services => () => RenderAsync<Overloaded>(services));
        }
    }

    /// <summary>Renders a page that is nobody's, outside of any request.</summary>
    private static async Task<string> RenderAsync<TPage>(IServiceProvider services)
        where TPage : IComponent
    {
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>()).ToHtmlString());
    }

    extension(WebApplication app)
    {
        public void MapPages()
        {
            var systems = app.Services.GetServices<SystemDefinition>().Select(system => system.Assembly);
            // A file costs about what its refusal does, and pages that were let in need it.
            app.MapStaticAssets().DisableHttpMetrics().ServeAs(RequestClass.Essential);
            app.MapRazorComponents<App>()
                .AddAdditionalAssemblies([.. systems.Distinct().Where(assembly => assembly != typeof(App).Assembly)])
                .WithStaticAssets();
            app.MapConsole();
            app.MapAccountForms();
        }
    }
}

/// <summary>
/// Shows a problem instead of the page that was asked for. That page may have begun, so this one is rendered with services of its own.
/// </summary>
internal sealed class ProblemPageResult(Problem problem) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var scope = httpContext.RequestServices.CreateAsyncScope();
        var services = httpContext.RequestServices;
        httpContext.Response.Headers.Remove("blazor-enhanced-nav");
        httpContext.RequestServices = scope.ServiceProvider;
        // A page that was only looked at comes by itself; what somebody has sent is not sent again behind their back.
        if (problem.RetryAfter is { } wait && HttpMethods.IsGet(httpContext.Request.Method))
            httpContext.Response.Headers["Refresh"] = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        try
        {
            await new RazorComponentResult<App>(new { Problem = problem }) { StatusCode = problem.Status }.ExecuteAsync(httpContext);
        }
        finally
        {
            httpContext.RequestServices = services;
        }
    }
}

/// <summary>The entries of both faces, those of the systems included.</summary>
internal sealed class Navigation(IEnumerable<SystemDefinition> systems)
{
    private static readonly NavigationEntry[] Before = [new("Live map", "/console", "map"), new("Load", "/console/load", "load")];

    private static readonly NavigationEntry[] After =
    [
        new("Dependencies", "/console/dependencies", "plug"), new("Events", "/console/events", "events"), new("Dead letters", "/console/dead-letters", "inbox"),
        new("Questions", "/console/questions", "book"), new("Drills", "/console/drills", "shield"),
        new("API keys", "/console/keys", "key"), new("Operators", "/console/operators", "user"),
        new("Demo", "/console/demo", "bolt"), new("Settings", "/console/settings", "settings"), new("Problems", "/problems", "alert"),
    ];

    public IReadOnlyList<NavigationEntry> Console { get; } =
        [.. Before, .. systems.SelectMany(system => system.Navigation).Where(IsConsole), .. After];

    public IReadOnlyList<NavigationEntry> Shop { get; } =
        [.. systems.SelectMany(system => system.Navigation).Where(entry => !IsConsole(entry))];

    private static bool IsConsole(NavigationEntry entry) => entry.Path.StartsWith("/console", StringComparison.Ordinal);
}

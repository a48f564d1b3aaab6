using System.Reflection;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Testing.Pages;

/// <summary>Shows the pages of systems under test without the layout of the host.</summary>
internal sealed class PageShell : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenComponent<Router>(0);
        builder.AddComponentParameter(1, nameof(Router.AppAssembly), typeof(PageShell).Assembly);
        builder.AddComponentParameter(2, nameof(Router.Found), (RenderFragment<Microsoft.AspNetCore.Components.RouteData>)(route => page =>
        {
            page.OpenComponent<RouteView>(0);
            page.AddComponentParameter(1, nameof(RouteView.RouteData), route);
            page.CloseComponent();
        }));
        builder.CloseComponent();
    }
}

public static class TestPages
{
    internal const string TokenPath = "/test/token";

    extension(WebApplication app)
    {
        /// <summary>Maps the pages of the assemblies. The services of Razor components must have been added.</summary>
        public void MapTestPages(params Assembly[] assemblies)
        {
            app.MapRazorComponents<PageShell>().AddAdditionalAssemblies(assemblies);
            app.MapGet(TokenPath, (HttpContext http, IAntiforgery antiforgery) => antiforgery.GetAndStoreTokens(http).RequestToken);
        }
    }
}

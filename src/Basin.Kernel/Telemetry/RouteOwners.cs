using System.Collections.Frozen;
using System.Reflection;
using Basin.Kernel.Hosting;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Basin.Kernel.Telemetry;

/// <summary>
/// Which system a route belongs to: the one that the route names, as <c>/v1/orders</c> and <c>/internal/catalog</c> do, or else the only one in the
/// assembly that handles it, those apart that run with another.
/// </summary>
public sealed class RouteOwners(IEnumerable<SystemDefinition> systems, IEnumerable<EndpointDataSource> endpoints)
{
    private FrozenDictionary<string, string>? _owners;

    public string? OwnerOf(string route) => (_owners ??= Read()).GetValueOrDefault(route);

    private FrozenDictionary<string, string> Read()
    {
        var owners = new Dictionary<string, string>();
        foreach (var endpoint in endpoints.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route is { } route && OwnerOf(route, AssemblyOf(endpoint)) is { } name)
                owners.TryAdd(route, name);
        }
        return owners.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private string? OwnerOf(string route, Assembly? assembly)
    {
        var segments = route.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is ["v1" or "internal", var named, ..] && systems.Any(system => system.Name == named))
            return named;
        var here = systems.Where(system => system.Assembly == assembly && system.Companion is null).ToList();
        return here.Count == 1 && assembly != typeof(RouteOwners).Assembly ? here[0].Name : null;
    }

    private static Assembly? AssemblyOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type.Assembly ?? endpoint.Metadata.GetMetadata<MethodInfo>()?.Module.Assembly;
}

using System.Collections.Frozen;
using System.Reflection;
using Basin.Kernel.Hosting;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Basin.Kernel.Telemetry;

/// <summary>Which system a route belongs to: the one whose assembly handles it.</summary>
public sealed class RouteOwners(IEnumerable<SystemDefinition> systems, IEnumerable<EndpointDataSource> endpoints)
{
    private FrozenDictionary<string, string>? _owners;

    public string? OwnerOf(string route) => (_owners ??= Read()).GetValueOrDefault(route);

    private FrozenDictionary<string, string> Read()
    {
        var names = systems.DistinctBy(system => system.Assembly).ToDictionary(system => system.Assembly, system => system.Name);
        var owners = new Dictionary<string, string>();
        foreach (var endpoint in endpoints.SelectMany(source => source.Endpoints))
        {
            if (AssemblyOf(endpoint) is { } assembly && names.TryGetValue(assembly, out var name) && RouteOf(endpoint) is { } route)
                owners.TryAdd(route, name);
        }
        return owners.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static Assembly? AssemblyOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type.Assembly ?? endpoint.Metadata.GetMetadata<MethodInfo>()?.Module.Assembly;

    private static string? RouteOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
}

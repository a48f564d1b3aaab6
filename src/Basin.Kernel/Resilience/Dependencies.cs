using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Resilience;

/// <summary>Makes, or finds, some of the dependencies of this process once it has started.</summary>
internal sealed record DependencySource(Func<IServiceProvider, IEnumerable<Dependency>> Of);

/// <summary>Everything outside that this process depends on, as its systems and the kernel have declared it.</summary>
public sealed class Dependencies
{
    private readonly Lazy<IReadOnlyList<Dependency>> _all;

    public Dependencies(IServiceProvider services, IMeterFactory meters)
    {
        _all = new Lazy<IReadOnlyList<Dependency>>(
            () => [.. services.GetServices<DependencySource>().SelectMany(source => source.Of(services)).OrderBy(dependency => dependency.Name, StringComparer.Ordinal)]);
        var meter = meters.Create(ResilienceMetrics.MeterName);
        meter.CreateObservableGauge(
            "basin.dependency.state", () => Observe(view => (int)view.State), null, "How a dependency is: 0 ok, 1 struggling, 2 open, 3 unreachable");
        meter.CreateObservableGauge("basin.dependency.in_flight", () => Observe(view => view.InFlight), "{call}", "Calls of a dependency that run");
        meter.CreateObservableGauge("basin.dependency.waiting", () => Observe(view => view.Waiting), "{call}", "Calls of a dependency that wait for a place");
    }

    /// <summary>How each is now, by name.</summary>
    public IReadOnlyList<DependencyView> Look() => [.. _all.Value.Select(dependency => dependency.Look())];

    private IEnumerable<Measurement<int>> Observe(Func<DependencyView, int?> number) =>
        from view in Look()
        let value = number(view)
        where value is not null
        select new Measurement<int>(value.Value, new KeyValuePair<string, object?>("dependency", view.Name));
}

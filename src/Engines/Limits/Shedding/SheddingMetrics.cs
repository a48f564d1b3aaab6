using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Basin.Limits;

/// <summary>The instruments of the meter <c>Basin.Shedding</c>, read when somebody asks: a request pays nothing for them.</summary>
internal static class SheddingMetrics
{
    public static void Observe(IMeterFactory meters, Gate gate, HostLoad load, Func<TimeSpan> queueTime)
    {
        var meter = meters.Create("Basin.Shedding");
        meter.CreateObservableCounter("basin.shedding.requests", () => CountsOf(gate.State), "{request}", "Requests by their class and what became of them");
        meter.CreateObservableGauge("basin.shedding.limit", () => gate.State.Limit, "{request}", "Requests that may be worked on at the same time");
        meter.CreateObservableGauge("basin.shedding.in_flight", () => gate.State.InFlight, "{request}", "Requests that are worked on");
        meter.CreateObservableGauge("basin.shedding.waiting", () => gate.State.Waiting, "{request}", "Requests that wait outside");
        meter.CreateObservableGauge("basin.shedding.staying", () => gate.State.Staying, "{request}", "Answers that go on for as long as their clients stay");
        meter.CreateObservableGauge("basin.shedding.queue_time", () => queueTime().TotalSeconds, "s", "How long work inside waits to begin");
        meter.CreateObservableGauge("basin.shedding.level", () => load.Level, "1", "1 is all that the host can take");
        meter.CreateObservableGauge("basin.shedding.mode", () => ModesOf(load), "1", "1 while a degraded mode is on");
    }

    private static IEnumerable<Measurement<long>> CountsOf(GateState state) => state.Classes.SelectMany(counts => new[]
    {
        Of(counts.Class, "served", counts.Served), Of(counts.Class, "refused", counts.Refused), Of(counts.Class, "gone", counts.Gone),
    });

    private static Measurement<long> Of(RequestClass requestClass, string outcome, long count) => new(
        count, new("class", JsonNamingPolicy.SnakeCaseLower.ConvertName(requestClass.ToString())), new KeyValuePair<string, object?>("outcome", outcome));

    private static IEnumerable<Measurement<int>> ModesOf(HostLoad load) =>
        load.Modes.Select(state => new Measurement<int>(state.IsOn ? 1 : 0, new KeyValuePair<string, object?>("mode", state.Mode.Name)));
}

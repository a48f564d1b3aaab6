using Basin.Kernel.Telemetry;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Telemetry;

public sealed class PulseTests
{
    [Theory]
    [InlineData(0.5, 1.5)]
    [InlineData(0.25, 1)]
    [InlineData(0.99, 4)]
    public void A_quantile_is_found_inside_its_bucket(double share, double expected) =>
        Assert.Equal(expected, new Distribution([1, 2, 4], [5, 10, 0, 5]).Quantile(share));

    [Fact]
    public void Without_values_a_quantile_is_zero() => Assert.Equal(0, new Distribution([1, 2], [0, 0, 0]).Quantile(0.99));

    [Fact]
    public async Task A_pulse_shows_what_flowed_since_the_one_before()
    {
        await using var host = await TestHost.StartAsync(builder => builder.AddWalkerAndListener());
        var sampler = host.Get<PulseSampler>();
        await sampler.SampleAsync(CancellationToken.None);
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), 1, 2, 3, 4);
        await host.SettleAsync();
        host.Clock.Advance(TimeSpan.FromMilliseconds(500));

        await sampler.SampleAsync(CancellationToken.None);

        var pulse = sampler.Latest!;
        Assert.Equal(8, Assert.Single(pulse.Flows, flow => flow is { From: "walker", To: "listener" }).RatePerSecond);
        var listener = Assert.Single(pulse.Systems, system => system.Name == "listener");
        Assert.Equal((8, 0, 0, "ok"), (listener.RatePerSecond, listener.Lag, listener.Parked, listener.State));
    }

    [Fact]
    public void Several_processes_beat_as_one()
    {
        var at = new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
        var own = new Pulse(at, [new("orders", 10, 2, 9, Queue: 1, Lag: 40, Parked: 3, "ok")], [new("orders", "stock", 1.5)]);
        var other = new Pulse(at, [new("orders", 90, 5, 7, Queue: 2, Lag: 4, Parked: 3, "down")], [new("orders", "stock", 2), new("stock", "orders", 1)]);

        var together = own.With([other]);

        Assert.Equal(new SystemPulse("orders", 100, 5, 9, Queue: 3, Lag: 4, Parked: 3, "down"), Assert.Single(together.Systems));
        Assert.Equal([new FlowPulse("orders", "stock", 3.5), new FlowPulse("stock", "orders", 1)], together.Flows);
        Assert.Equal(2, together.Processes);
    }

    [Fact]
    public async Task A_system_that_gave_up_an_event_is_degraded_until_it_is_discarded()
    {
        await using var host = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(),
            options: new TestHostOptions { Settings = { ["Basin:Events:MaxAttempts"] = "1" } });
        host.Faults.Throw("on:listener:basin.walker.stepped.v1", times: 10);
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), 1);
        await host.SettleAsync();

        var backlog = await host.Get<Backlog>().ReadAsync(CancellationToken.None);

        Assert.Equal(1, Assert.Single(backlog, each => each.System == "listener").Dead);
        await host.Get<PulseSampler>().SampleAsync(CancellationToken.None);
        await host.Get<PulseSampler>().SampleAsync(CancellationToken.None);
        Assert.Equal("degraded", Assert.Single(host.Get<PulseSampler>().Latest!.Systems, system => system.Name == "listener").State);
    }
}

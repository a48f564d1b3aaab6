using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Testing;

public sealed class TestHostTests
{
    [Fact]
    public async Task Settling_waits_for_events_and_jobs_that_are_due()
    {
        await using var host = await StartAsync();
        var walker = host.Get<Walker>();
        var thing = walker.NewThing();

        await walker.StepAsync(thing, 1, 2, 3);
        await walker.ScheduleAsync(thing, 4, host.Clock.GetUtcNow());
        await walker.ScheduleAsync(thing, 5, host.Clock.GetUtcNow().AddHours(1));
        await host.SettleAsync();

        Assert.Equal([1, 2, 3], (await Effects.OfAsync(host.StoreOf("listener"))).Select(e => e.Value));
        Assert.Equal([4], (await Effects.OfAsync(host.StoreOf("walker"))).Select(e => e.Value));
        await host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal([4, 5], (await Effects.OfAsync(host.StoreOf("walker"))).Select(e => e.Value));
        Assert.Equal([1, 2, 3], (await host.PublishedAsync<Stepped>()).Select(e => e.Value));
    }

    [Fact]
    public async Task A_restart_keeps_the_data()
    {
        await using var host = await StartAsync();
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), 1, 2);

        await host.RestartAsync();
        await host.SettleAsync();

        Assert.Equal([1, 2], (await Effects.OfAsync(host.StoreOf("listener"))).Select(e => e.Value));
    }

    [Fact]
    public async Task Settling_says_what_goes_on_when_it_takes_too_long()
    {
        await using var host = await StartAsync();
        var hold = host.Faults.Hold("job:walker:walker.call.v1");
        await host.Get<Walker>().ScheduleAsync(host.Get<Walker>().NewThing(), 1, host.Clock.GetUtcNow());
        await hold.Arrived;

        var late = await Assert.ThrowsAsync<TimeoutException>(() => host.SettleAsync(TimeSpan.FromMilliseconds(50)));

        Assert.Contains("jobs of walker", late.Message);
        hold.Release();
        await host.SettleAsync();
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(builder => builder.AddWalkerAndListener());
}

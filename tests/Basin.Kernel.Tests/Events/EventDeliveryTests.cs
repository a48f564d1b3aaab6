using System.Diagnostics;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Events;

public sealed class EventDeliveryTests : IAsyncLifetime
{
    private const string OnStepped = "on:listener:basin.walker.stepped.v1";

    private bool _listening = true;
    private TestHost _host = null!;

    private Walker Walker => _host.Get<Walker>();

    private Listener Listener => _host.Get<Listener>();

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(
        builder =>
        {
            builder.AddWalker();
            if (_listening)
                builder.AddListener();
        },
        options: new TestHostOptions
        {
            Settings =
            {
                ["Basin:Events:MaxAttempts"] = "4",
                ["Basin:Events:FirstBackoff"] = "00:00:01",
                ["Basin:Events:LongestBackoff"] = "00:00:10",
                ["Basin:Events:KeptEvents"] = "5",
            },
        });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_handler_of_several_types_gets_them_in_order()
    {
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, 1);
        await Walker.RestAsync(thing, 2);
        await Walker.StepAsync(thing, 3);
        await _host.SettleAsync();
        Assert.Equal(["stepped 1", "rested 2", "stepped 3"], (await EffectsAsync()).Select(e => $"{e.Note} {e.Value}"));
    }

    [Fact]
    public async Task An_event_that_fails_holds_only_its_own_key()
    {
        var (bad, good) = (Walker.NewThing(), Walker.NewThing());
        Listener.OnStepped = (_, happened) => happened is { Value: 2 } && happened.Thing == bad ? throw new FormatException("no") : ValueTask.CompletedTask;
        await Walker.StepAsync(bad, 1, 2, 3, 4);
        await Walker.StepAsync(good, 1, 2, 3, 4);
        await Walker.RestAsync(bad, 5);
        await _host.SettleAsync();

        Assert.Equal([1], await ValuesOfAsync(bad));
        Assert.Equal([1, 2, 3, 4], await ValuesOfAsync(good));
        Listener.OnStepped = null;
        await _host.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([1, 2, 3, 4, 5], await ValuesOfAsync(bad));
        Assert.Empty(await ParkedAsync());
    }

    [Fact]
    public async Task Events_that_follow_one_another_are_handled_together_and_alone_when_that_fails()
    {
        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddWalker();
                builder.AddListenerTogether();
            });
        var walker = host.Get<Walker>();
        var thing = walker.NewThing();

        await walker.StepAsync(thing, 1, 2, 3);
        await host.SettleAsync();
        // The second time with savepoints, as for every batch that fails.
        host.Faults.Throw(OnStepped + Faults.After, times: 2);
        await walker.StepAsync(thing, 4, 5);
        await host.SettleAsync();

        Assert.Equal(
            [(1, "stepped with 3"), (2, "stepped with 3"), (3, "stepped with 3"), (4, "stepped with 1"), (5, "stepped with 1")],
            (await Effects.OfAsync(host.StoreOf("listener"))).Select(effect => (effect.Value, effect.Note)));
    }

    [Fact]
    public async Task Each_parked_event_is_logged_once_though_its_batch_runs_twice()
    {
        var (rested, stepped) = (Walker.NewThing(), Walker.NewThing());
        // One fails before it has written; the other has written, and the batch is run again with savepoints.
        _host.Faults.Throw("on:listener:basin.walker.rested.v1", times: int.MaxValue);
        _host.Faults.Throw(OnStepped + Faults.After, times: int.MaxValue);
        await Walker.Store.WriteAsync(
            ShardKey.Of(rested),
            async tx =>
            {
                await tx.PublishAsync(Walker.Tenant, new Rested(rested, 1));
                await tx.PublishAsync(Walker.Tenant, new Stepped(stepped, 2));
                return 2;
            },
            CancellationToken.None);
        await _host.SettleAsync();

        Assert.Equal(["waiting 1", "waiting 1"], await ParkedAsync());
        Assert.Equal(2, _host.Log.Lines.Count(line => line.EventId == 1101));
    }

    [Fact]
    public async Task Tries_come_with_growing_pauses_until_the_event_is_dead()
    {
        var tries = 0;
        Listener.OnStepped = (_, _) => throw new FormatException("no");
        await Walker.StepAsync(Walker.NewThing(), 1, 2);
        await _host.SettleAsync();
        Assert.Equal(["waiting 1", "blocked 0"], await ParkedAsync());

        // A pause is at least half of 1, 2, 4 seconds and at most the whole.
        foreach (var (halfOf, state) in new[] { (1, "waiting 2"), (2, "waiting 3"), (4, "dead 4") })
        {
            var before = Listener.Heard.Count;
            await _host.AdvanceAsync(TimeSpan.FromSeconds(halfOf * 0.49));
            Assert.Equal(before, Listener.Heard.Count);
            await _host.AdvanceAsync(TimeSpan.FromSeconds(halfOf * 0.52));
            Assert.Equal([state, "blocked 0"], await ParkedAsync());
            tries++;
        }
        await _host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(["dead 4", "blocked 0"], await ParkedAsync());
        Assert.Equal(3, tries);
        Assert.Empty(await EffectsAsync());
        await Eventually.TrueAsync(() => Task.FromResult(_host.Log.Lines.Any(line => line.EventId == 1102)));
    }

    [Fact]
    public async Task Whatever_a_handler_throws_parks_the_event_and_ends_nothing_else()
    {
        Func<Exception>[] failures =
        [
            () => new OperationCanceledException("mine"), () => new TaskCanceledException(), () => new StackGuardException(), () => new TimeoutException(),
        ];
        foreach (var failure in failures)
        {
            var thing = Walker.NewThing();
            _host.Faults.Throw(OnStepped + Faults.After, times: int.MaxValue, failure);
            await Walker.StepAsync(thing, 1);
            await _host.SettleAsync();
            Assert.Empty(await ValuesOfAsync(thing));
            _host.Faults.DisarmAll();
            await _host.AdvanceAsync(TimeSpan.FromSeconds(10));
            Assert.Equal([1], await ValuesOfAsync(thing));
        }
    }

    [Fact]
    public async Task Effect_and_checkpoint_are_kept_together_or_not_at_all()
    {
        var shard = Listener.Store.Shards[0];
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, 1);
        await _host.SettleAsync();
        var full = await Obstacle.FullDiskAsync(shard, "effect");
        for (var value = 2; value <= 400; value++)
            await Walker.StepAsync(thing, value);
        await Eventually.TrueAsync(() => shard.Trouble is not null);
        var kept = await ValuesOfAsync(thing);
        Assert.Equal(Enumerable.Range(1, kept.Count), kept);

        await full.RemoveAsync();
        await Eventually.TrueAsync(async () =>
        {
            _host.Clock.Advance(TimeSpan.FromSeconds(10));
            return (await ValuesOfAsync(thing)).Count >= 400;
        });
        await _host.SettleAsync();
        Assert.Equal(Enumerable.Range(1, 400), await ValuesOfAsync(thing));
        Assert.Empty(await ParkedAsync());
    }

    [Fact]
    public async Task A_broken_invariant_stops_the_consumer_and_nobody_else()
    {
        Listener.OnStepped = (_, _) => throw new InvariantException("never");
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, 1);
        await Eventually.TrueAsync(() => Listener.Store.Shards[0].Trouble?.Reason == StoreUnavailableException.Reasons.Stopped);
        await Walker.StepAsync(thing, 2);
        Assert.Empty(await EffectsAsync());

        await _host.RestartAsync();
        await _host.SettleAsync();
        Assert.Equal([1, 2], await ValuesOfAsync(thing));
    }

    [Fact]
    public async Task Trimming_keeps_the_newest()
    {
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, [.. Enumerable.Range(1, 600)]);
        await _host.SettleAsync();
        await Eventually.TrueAsync(async () =>
        {
            await _host.AdvanceAsync(TimeSpan.FromSeconds(5));
            // Five are to be kept, and those of their row.
            return await OutboxAsync() <= EventSegment.MaxEvents;
        });
        await _host.RestartAsync();
        Assert.Equal([596, 597, 598, 599, 600], (await _host.PublishedAsync<Stepped>()).Select(e => e.Value).TakeLast(5));
        await Walker.StepAsync(thing, 601);
        await _host.SettleAsync();
        Assert.Equal(Enumerable.Range(1, 601), await ValuesOfAsync(thing));
    }

    [Fact]
    public async Task Trimming_never_takes_what_a_consumer_still_needs()
    {
        Listener.OnStepped = (_, _) => throw new InvariantException("never");
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, [.. Enumerable.Range(1, 50)]);
        await Eventually.TrueAsync(() => Listener.Store.Shards[0].Trouble is not null);
        var shard = Walker.Store.Shards[0];
        for (var round = 0; round < 3; round++)
        {
            var before = shard.Writes.Accepted;
            await Eventually.TrueAsync(() =>
            {
                _host.Clock.Advance(TimeSpan.FromSeconds(5));
                return shard.Writes.Accepted > before && shard.Writes is var writes && writes.Accepted == writes.Answered;
            });
        }
        Assert.Equal(50, await OutboxAsync());
        await _host.RestartAsync();
        await _host.SettleAsync();
        Assert.Equal(Enumerable.Range(1, 50), await ValuesOfAsync(thing));
    }

    [Fact]
    public async Task A_consumer_added_later_begins_with_the_oldest_event_that_is_kept()
    {
        _listening = false;
        await _host.RestartAsync();
        var thing = Walker.NewThing();
        await Walker.StepAsync(thing, 1, 2, 3);
        _listening = true;
        await _host.RestartAsync();
        await _host.SettleAsync();
        Assert.Equal([1, 2, 3], await ValuesOfAsync(thing));
    }

    [Fact]
    public async Task More_events_than_are_kept_in_memory_are_read_from_the_disk()
    {
        _listening = false;
        await _host.RestartAsync();
        var thing = Walker.NewThing();
        for (var batch = 0; batch < 10; batch++)
            await Walker.StepAsync(thing, [.. Enumerable.Range((batch * 600) + 1, 600)]);
        _listening = true;
        _host.Settings["Basin:Events:KeptEvents"] = "10000";
        await _host.StopAsync();
        await _host.StartAgainAsync();
        await _host.SettleAsync();
        var values = await ValuesOfAsync(thing);
        Assert.Equal(Enumerable.Range(values[0], 6000 - values[0] + 1), values);
    }

    [Fact]
    public async Task The_trace_of_a_request_is_carried_on_by_what_its_events_cause()
    {
        Listener.OnStepped = async (tx, happened) => await tx.PublishAsync(Walker.Tenant, new Rested(happened.Thing, 9));
        using (var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            await Walker.StepAsync(Walker.NewThing(), 1);
            await _host.SettleAsync();
            var shard = Listener.Store.Shards[0];
            var caused = Assert.Single(await shard.Events.ReadAfterAsync(shard, 0, 10, CancellationToken.None));
            Assert.Contains(request.TraceId.ToString(), caused.TraceParent);
        }
    }

    private Task<List<Effect>> EffectsAsync() => Effects.OfAsync(_host.StoreOf("listener"));

    private async Task<List<int>> ValuesOfAsync(Id<Thing> thing) =>
        [.. (await EffectsAsync()).Where(effect => effect.Key == thing.Value).Select(effect => effect.Value)];

    private async Task<List<string>> ParkedAsync() => await Listener.Store.ReadAllAsync(
        snapshot => snapshot.ListAsync("SELECT state, attempts FROM basin_parked ORDER BY sequence", row => $"{row.Text(0)} {row.Integer(1)}"),
        CancellationToken.None);

    private async Task<int> OutboxAsync() => (await Walker.Store.Shards[0].ReadAsync(
        snapshot => EventSegment.ReadAfterAsync(snapshot, 0, int.MaxValue), CancellationToken.None)).Count;

    private sealed class StackGuardException : Exception;
}

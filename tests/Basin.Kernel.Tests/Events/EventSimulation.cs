using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Events;

/// <summary>
/// Histories from a seed: several shards on both sides, handlers that fail before and after their work, restarts, time that jumps. In the end every
/// event has taken effect exactly once, in the order of its key.
/// </summary>
public sealed class EventSimulation
{
    private const string OnStepped = "on:listener:basin.walker.stepped.v1";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(6, true)]
    [InlineData(7, true)]
    public async Task Every_event_takes_effect_once_and_in_order(int seed, bool together)
    {
        var chance = new Randomness(seed);
        await using var host = await StartAsync(seed, together, chance);
        var published = new Dictionary<Id<Thing>, int>();
        for (var shard = 0; shard < 8; shard++)
            published[host.Get<Walker>().NewThing(shard)] = 0;
        for (var round = 0; round < 30; round++)
        {
            host.Faults.ThrowSometimes(OnStepped, chance.NextDouble() * 0.3, chance);
            host.Faults.ThrowSometimes(OnStepped + Faults.After, chance.NextDouble() * 0.3, chance);
            await PublishAsync(host, chance, published);
            switch (chance.Next(6))
            {
                case 0:
                    await host.RestartAsync();
                    break;
                case 1:
                    host.Clock.Advance(TimeSpan.FromMilliseconds(chance.Next(5_000)));
                    break;
                case 2:
                    await host.AdvanceAsync(TimeSpan.FromMilliseconds(chance.Next(60_000)));
                    break;
                case 3:
                    host.Clock.StepWall(TimeSpan.FromMilliseconds(chance.Next(120_000) - 60_000));
                    break;
            }
        }

        host.Faults.DisarmAll();
        await Eventually.TrueAsync(async () =>
        {
            await host.AdvanceAsync(TimeSpan.FromMinutes(3));
            return await ParkedAsync(host) == 0;
        });
        var effects = await Effects.OfAsync(host.StoreOf("listener"));
        foreach (var (thing, last) in published)
            Assert.Equal(Enumerable.Range(1, last), effects.Where(effect => effect.Key == thing.Value).Select(effect => effect.Value));
    }

    private static Task<TestHost> StartAsync(int seed, bool together, Randomness chance) => TestHost.StartAsync(
        builder =>
        {
            builder.AddWalker();
            _ = together ? builder.AddListenerTogether() : builder.AddListener();
        },
        options: new TestHostOptions
        {
            Seed = seed,
            Settings =
            {
                ["Basin:Store:Shards:walker"] = $"{1 + chance.Next(3)}",
                ["Basin:Store:Shards:listener"] = $"{1 + chance.Next(3)}",
                ["Basin:Events:MaxBatch"] = $"{1 + chance.Next(20)}",
                ["Basin:Events:MaxAttempts"] = "1000",
                ["Basin:Events:KeptEvents"] = "10",
            },
        });

    private static async Task PublishAsync(TestHost host, Randomness chance, Dictionary<Id<Thing>, int> published)
    {
        var walker = host.Get<Walker>();
        var writes = new List<Task>();
        foreach (var thing in published.Keys.ToList())
        {
            var count = chance.Next(6);
            var first = published[thing] + 1;
            published[thing] += count;
            if (count > 0)
                writes.Add(walker.StepAsync(thing, [.. Enumerable.Range(first, count)]));
        }
        await Task.WhenAll(writes);
    }

    private static async Task<long> ParkedAsync(TestHost host)
    {
        var counts = await host.StoreOf("listener").ReadAllAsync(
            snapshot => snapshot.ListAsync("SELECT COUNT(*) FROM basin_parked", row => row.Integer(0)), CancellationToken.None);
        return counts.Sum();
    }
}

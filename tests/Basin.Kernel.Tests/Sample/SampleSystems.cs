using System.Collections.Concurrent;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Tests.Sample;

/// <summary>One row of the log of effects.</summary>
public sealed record Effect(long Key, int Value, string Note);

/// <summary>A system that publishes, and runs jobs.</summary>
public sealed class Walker([FromKeyedServices("walker")] Store store)
{
    public static readonly Id<Tenant> Tenant = new(1);

    /// <summary>What a test wants its jobs to do instead of writing an effect.</summary>
    public Func<Call, JobRun, CancellationToken, Task>? OnCall { get; set; }

    public ConcurrentQueue<(Call Call, int Attempt)> Called { get; } = new();

    public Store Store => store;

    public Id<Thing> NewThing(int shard = 0) => store.NewId<Thing>(ShardKey.ForShard(shard));

    public Task<int> StepAsync(Id<Thing> thing, params int[] values) => store.WriteAsync(
        ShardKey.Of(thing),
        async tx =>
        {
            foreach (var value in values)
                await tx.PublishAsync(Tenant, new Stepped(thing, value));
            return values.Length;
        },
        CancellationToken.None);

    public Task RestAsync(Id<Thing> thing, int value) => store.PublishAsync(ShardKey.Of(thing), Tenant, new Rested(thing, value));

    public Task ScheduleAsync(Id<Thing> thing, int value, DateTimeOffset due) => store.WriteAsync(
        ShardKey.Of(thing),
        async tx =>
        {
            await tx.ScheduleAsync(Tenant, new Call(thing, value), due);
            return 0;
        },
        CancellationToken.None);

    public Task RunAsync(Call call, JobRun run, CancellationToken cancellation)
    {
        Called.Enqueue((call, run.Attempt));
        return OnCall is { } own
            ? own(call, run, cancellation)
            : run.CompleteAsync(tx => Effects.AddAsync(tx, call.Thing.Value, call.Value, "called"), cancellation);
    }
}

/// <summary>A system that writes down what it hears.</summary>
public sealed class Listener([FromKeyedServices("listener")] Store store)
{
    /// <summary>What a test wants to happen after the effect is written.</summary>
    public Func<Transaction, Stepped, ValueTask>? OnStepped { get; set; }

    public ConcurrentQueue<EventContext> Heard { get; } = new();

    public Store Store => store;

    public async ValueTask HearAsync(Transaction tx, Stepped happened, EventContext context)
    {
        Heard.Enqueue(context);
        await Effects.AddAsync(tx, happened.Thing.Value, happened.Value, "stepped");
        if (OnStepped is { } own)
            await own(tx, happened);
    }

    /// <summary>The same for several.</summary>
    public static async ValueTask HearTogetherAsync(Transaction tx, IReadOnlyList<(Stepped Happened, EventContext Context)> events)
    {
        foreach (var (happened, _) in events)
            await Effects.AddAsync(tx, happened.Thing.Value, happened.Value, $"stepped with {events.Count}");
    }

    public async ValueTask RestAsync(Transaction tx, Rested happened, EventContext context) =>
        await Effects.AddAsync(tx, happened.Thing.Value, happened.Value, "rested");
}

public static class Effects
{
    public static async ValueTask AddAsync(Transaction tx, long key, int value, string note) =>
        await tx.ExecuteAsync("INSERT INTO effect (key, value, note) VALUES ($1, $2, $3)", key, value, note);

    /// <summary>In the order in which they were written, shard by shard.</summary>
    public static async Task<List<Effect>> OfAsync(Store store) => await store.ReadAllAsync(
        snapshot => snapshot.ListAsync(
            "SELECT key, value, note FROM effect ORDER BY number", row => new Effect(row.Integer(0), row.Int(1), row.Text(2))),
        CancellationToken.None);
}

public static class SampleHosting
{
    extension(IHostApplicationBuilder builder)
    {
        public SystemDefinition AddWalker()
        {
            builder.Services.AddSingleton<Walker>();
            return builder.AddSystem("walker", typeof(Walker).Assembly)
                .Sharded()
                .Publishes<Stepped>()
                .Publishes<Rested>()
                .Runs<Call, Walker>(walker => walker.RunAsync);
        }

        public SystemDefinition AddListener()
        {
            builder.Services.AddSingleton<Listener>();
            return builder.AddSystem("listener", typeof(Listener).Assembly)
                .Sharded()
                .On<Stepped, Listener>(listener => listener.HearAsync)
                .On<Rested, Listener>(listener => listener.RestAsync);
        }

        /// <summary>One that hears several steps at once.</summary>
        public SystemDefinition AddListenerTogether()
        {
            builder.Services.AddSingleton<Listener>();
            return builder.AddSystem("listener", typeof(Listener).Assembly)
                .Sharded()
                .OnMany<Stepped>(Listener.HearTogetherAsync)
                .On<Rested, Listener>(listener => listener.RestAsync);
        }

        public void AddWalkerAndListener()
        {
            builder.AddWalker();
            builder.AddListener();
        }
    }
}

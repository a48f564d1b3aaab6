using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Testing;

/// <summary>Waits until a host is quiet.</summary>
internal static class Settling
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

#pragma warning disable RS0030 // How long a test waits is real time, whatever its clock says.
    private static readonly TimeProvider Real = TimeProvider.System;
#pragma warning restore RS0030

    public static async Task WaitAsync(IServiceProvider services, TimeProvider time, TimeSpan timeout)
    {
        var relay = services.GetRequiredService<Relay>();
        var stores = services.GetRequiredService<Stores>();
        var began = Real.GetTimestamp();
        while (true)
        {
            // Whatever hands work on commits something, so two equal counts around a quiet look mean that nothing slipped through.
            var before = Accepted(stores);
            var busy = await WhatGoesOnAsync(relay, stores, time);
            if (busy is null && Accepted(stores) == before)
                return;
            if (Real.GetElapsedTime(began) > timeout)
                throw new TimeoutException($"After {timeout.TotalSeconds} s something still goes on: {busy ?? "writes keep coming"}.");
            relay.Wake();
            await Task.Delay(Pause, Real);
        }
    }

    private static long Accepted(Stores stores) => stores.All.SelectMany(store => store.Shards).Sum(shard => shard.Writes.Accepted);

    private static async Task<string?> WhatGoesOnAsync(Relay relay, Stores stores, TimeProvider time)
    {
        foreach (var store in stores.All)
        {
            foreach (var shard in store.Shards)
            {
                if (shard.Writes is var writes && writes.Accepted != writes.Answered)
                    return $"{writes.Accepted - writes.Answered} writes in {store.System}/{shard.Number}";
            }
        }
        if (relay.Subscriptions.FirstOrDefault(subscription => subscription.Lag > 0) is { } behind)
            return $"{behind.Consumer} is {behind.Lag} events behind {behind.Source}";
        if (relay.Runners.FirstOrDefault(runner => !runner.IsQuiet) is { } runner)
            return $"jobs of {runner.System}";
        return await DueParkedEventAsync(stores, time);
    }

    private static async Task<string?> DueParkedEventAsync(Stores stores, TimeProvider time)
    {
        foreach (var store in stores.All)
        {
            foreach (var shard in store.Shards)
            {
                var due = await shard.ReadAsync(
                    snapshot => snapshot.NumberAsync(
                        "SELECT COUNT(*) FROM basin_parked WHERE state = 'waiting' AND due_at <= $1", time.GetUtcNow()),
                    CancellationToken.None);
                if (due > 0)
                    return $"{due} parked events of {store.System}/{shard.Number} are due";
            }
        }
        return null;
    }
}

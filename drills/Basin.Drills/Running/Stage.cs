using System.Collections.Concurrent;
using Basin.Testing;

namespace Basin.Drills.Running;

/// <summary>Where a drill takes place; all of it is gone afterwards.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public Stage(Drill drill, int seed, string program, TimeProvider time)
    {
        (Drill, Seed, Time) = (drill, seed, time);
        Host = new PrivateHost(drill.Host, program, Place, Wire);
    }

    public Drill Drill { get; }

    public int Seed { get; }

    public TimeProvider Time { get; }

    public TemporaryDirectory Place { get; } = new();

    public Wire Wire { get; } = new();

    public PrivateHost Host { get; }

    /// <summary>Who is told by webhooks, where the drill has one.</summary>
    public Receiver? Receiver { get; set; }

    /// <summary>What it has taken, and not only heard.</summary>
    public ConcurrentQueue<Received> Taken { get; } = [];

    /// <summary>What customers have got so far.</summary>
    public ConcurrentBag<Visit> Visits { get; } = [];

    public ConcurrentBag<Try> Tries { get; } = [];

    /// <summary>Those that are over.</summary>
    public ConcurrentQueue<FaultTime> Faults { get; } = [];

    /// <summary>Numbers for the grades of this drill alone, by their names.</summary>
    public ConcurrentDictionary<string, double> Notes { get; } = new();

    /// <summary>What happens right now, for whoever watches.</summary>
    public string Doing { get; set; } = "";

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Wire.DisposeAsync();
        if (Receiver is not null)
            await Receiver.DisposeAsync();
        Place.Dispose();
    }
}

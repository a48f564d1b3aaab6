using System.Collections.Concurrent;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Jobs;

namespace Basin.Testing;

/// <summary>A fault that a test has armed.</summary>
public sealed class FaultException(string point) : Exception($"Fault at '{point}'.");

/// <summary>
/// Breaks named points on purpose. Production code knows nothing of it: a <see cref="TestHost"/> surrounds every handler of events and jobs, and
/// <see cref="FaultyProvider"/> surrounds a provider's interface.
/// </summary>
/// <remarks>
/// Points are <c>on:{consumer}:{event type}</c>, <c>job:{system}:{job type}</c> and <c>{interface}.{method}</c>; the same with <c>:after</c>
/// is met when the work is done but its end not yet known: of an event before its commit, of a job after it, of a provider after its effect.
/// </remarks>
public sealed class Faults
{
    public const string After = ":after";

    private readonly ConcurrentDictionary<string, Func<string, CancellationToken, ValueTask>> _armed = new();
    private readonly ConcurrentDictionary<string, int> _met = new();

    /// <summary>How often a point was met, armed or not.</summary>
    public int Met(string point) => _met.GetValueOrDefault(point);

    /// <summary>Throws the next times.</summary>
    public void Throw(string point, int times = 1, Func<Exception>? failure = null)
    {
        var left = times;
        _armed[point] = (name, _) => Interlocked.Decrement(ref left) >= 0
            ? ValueTask.FromException(failure?.Invoke() ?? new FaultException(name))
            : ValueTask.CompletedTask;
    }

    /// <summary>Throws with a probability until disarmed.</summary>
    public void ThrowSometimes(string point, double probability, Randomness chance) =>
        _armed[point] = (name, _) => chance.NextDouble() < probability
            ? ValueTask.FromException(new FaultException(name))
            : ValueTask.CompletedTask;

    /// <summary>Takes longer, by the clock of the host. Not for handlers of events: those await nothing but their transaction.</summary>
    public void Delay(string point, TimeSpan by, TimeProvider time) =>
        _armed[point] = async (_, cancellation) => await Task.Delay(by, time, cancellation);

    /// <summary>Holds whoever comes until the returned hold is released.</summary>
    public Hold Hold(string point)
    {
        var hold = new Hold();
        _armed[point] = async (_, cancellation) => await hold.WaitAsync(cancellation);
        return hold;
    }

    public void Disarm(string point) => _armed.TryRemove(point, out _);

    public void DisarmAll() => _armed.Clear();

    /// <summary>Passes a point, or meets the fault that is armed there.</summary>
    public ValueTask MeetAsync(string point, CancellationToken cancellation = default)
    {
        _met.AddOrUpdate(point, 1, static (_, count) => count + 1);
        return _armed.TryGetValue(point, out var fault) ? fault(point, cancellation) : ValueTask.CompletedTask;
    }

    internal void Surround(SystemDefinition system) =>
        system.Surround(binding => Surround(system.Name, binding), binding => Surround(system.Name, binding));

    private EventBinding Surround(string consumer, EventBinding binding)
    {
        var point = $"on:{consumer}:{binding.Type}";
        return binding with
        {
            Apply = async (tx, record, source) =>
            {
                await MeetAsync(point);
                // What was stored is what counts: a handler is given that, as after a restart.
                await binding.Apply(tx, record with { Happened = null }, source);
                await MeetAsync(point + After);
            },
            ApplyTogether = binding.ApplyTogether is null ? null : async (tx, records, source) =>
            {
                foreach (var _ in records)
                    await MeetAsync(point);
                await binding.ApplyTogether(tx, [.. records.Select(record => record with { Happened = null })], source);
                foreach (var _ in records)
                    await MeetAsync(point + After);
            },
        };
    }

    private JobBinding Surround(string system, JobBinding binding)
    {
        var point = $"job:{system}:{binding.Type}";
        return binding with
        {
            Run = async (run, cancellation) =>
            {
                await MeetAsync(point, cancellation);
                run.ReadBack();
                await binding.Run(run, cancellation);
                await MeetAsync(point + After, cancellation);
            },
        };
    }
}

/// <summary>Holds callers of a point until it is released.</summary>
public sealed class Hold
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first caller has arrived.</summary>
    public Task Arrived => _arrived.Task;

    public void Release() => _released.TrySetResult();

    internal Task WaitAsync(CancellationToken cancellation)
    {
        _arrived.TrySetResult();
        return _released.Task.WaitAsync(cancellation);
    }
}

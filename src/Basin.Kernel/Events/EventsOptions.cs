using System.ComponentModel.DataAnnotations;
using Basin.Kernel.Hosting;

namespace Basin.Kernel.Events;

/// <summary>Section <c>Basin:Events</c>: how events and jobs are handed on and retried.</summary>
public sealed class EventsOptions
{
    /// <summary>Events applied in one transaction at most. Default 4096.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 4096;

    /// <summary>Tries before an event or a job becomes a dead letter. Default 10.</summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; set; } = 10;

    /// <summary>
    /// How long a job whose dependency, such as a carrier, does not answer or is not asked is tried again, however many tries that are. Default 1 day from when
    /// it was scheduled.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan LongestOutage { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Wait after the first failure. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two tries. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Jobs of one shard that run at the same time. Default 512.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrentJobs { get; set; } = 512;

    /// <summary>Requests that write, per processor and at the same time, for which events and jobs step back. Default 32.</summary>
    [Range(1, 1_000_000)]
    public int CrowdedAtPerProcessor { get; set; } = 32;

    /// <summary>How old an event or a due job becomes at most by stepping back for requests. Default 30 s; 0 never steps back.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan LongestYield { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Events that every consumer has passed and that are still kept for people to see, with those of the same commit. Default 10000.</summary>
    [Range(1, 100_000_000)]
    public int KeptEvents { get; set; } = 10_000;

    internal Backoff Backoff => new(FirstBackoff, LongestBackoff);
}

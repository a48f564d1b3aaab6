using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Storage;

/// <summary>Section <c>Basin:Store</c>.</summary>
public sealed class StoreOptions
{
    /// <summary>Where the database files are, one folder per system. Default <c>data</c> below the working directory.</summary>
    [Required]
    public string Directory { get; set; } = "data";

    /// <summary>Shards per system by name, where a system may have more than one. Default 1. It cannot shrink or grow once data is there.</summary>
    public Dictionary<string, int> Shards { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Work waiting for a shard's writer before more is refused with 503. Default 8192.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueuedWrites { get; set; } = 8192;

    /// <summary>How long a request may wait for its turn before it is refused with 503. Default 5.</summary>
    [Range(0.1, 60)]
    public double MaxQueueSeconds { get; set; } = 5;

    /// <summary>Work committed together at most. Default 1024.</summary>
    [Range(1, 100_000)]
    public int MaxWritesPerCommit { get; set; } = 1024;

    /// <summary>Milliseconds for which work that nobody waits for is gathered after a commit. Default 10; 0 commits it at once.</summary>
    [Range(0, 1000)]
    public int BackgroundPauseMilliseconds { get; set; } = 10;

    /// <summary>Read-only connections per shard. Default 4.</summary>
    [Range(1, 256)]
    public int ReadersPerShard { get; set; } = 4;

    /// <summary>Reads that wait for one of them before more are refused with 503. Default 8192.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueuedReads { get; set; } = 8192;

    /// <summary>Page cache of each connection in MiB. Default 16.</summary>
    [Range(1, 4096)]
    public int CacheMegabytesPerConnection { get; set; } = 16;

    /// <summary>Size at which a shard's log is folded back into its file, in MiB. Default 64.</summary>
    [Range(1, 4096)]
    public int LogMegabytes { get; set; } = 64;

    /// <summary>Largest size of a shard's file in MiB. Default 262144 (256 GiB).</summary>
    [Range(1, 16_000_000)]
    public long MaxShardMegabytes { get; set; } = 262_144;

    /// <summary>
    /// Reads again what the writer keeps at hand (<see cref="Entities{TKey, T}"/>), and stops the shard when a system has changed a row without saying so.
    /// For tests. Default false.
    /// </summary>
    public bool ChecksKeptEntities { get; set; }
}

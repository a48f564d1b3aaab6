namespace Basin.Kernel.Ids;

/// <summary>
/// The layout of an id, high bit first: 1 bit zero, 41 bits of milliseconds since 2025-01-01T00:00:00Z (until 2094),
/// 10 bits of shard, 12 bits of sequence.
/// </summary>
public static class Snowflake
{
    public const int ShardBits = 10;
    public const int SequenceBits = 12;
    public const int MaxShards = 1 << ShardBits;
    public const int SequencesPerMillisecond = 1 << SequenceBits;
    internal const long MaxMilliseconds = (1L << 41) - 1;
    private const long EpochUnixMilliseconds = 1_735_689_600_000;

    public static long Compose(long milliseconds, int shard, int sequence) =>
        (milliseconds << (ShardBits + SequenceBits)) | ((long)shard << SequenceBits) | (uint)sequence;

    public static int ShardOf(long id) => (int)(id >> SequenceBits) & (MaxShards - 1);

    public static int SequenceOf(long id) => (int)id & (SequencesPerMillisecond - 1);

    public static DateTimeOffset TimeOf(long id) =>
        DateTimeOffset.FromUnixTimeMilliseconds((id >> (ShardBits + SequenceBits)) + EpochUnixMilliseconds);

    /// <summary>Smaller than every id made at that time or later, and larger than every id made before.</summary>
    public static long FirstAt(DateTimeOffset time) => Compose(Math.Max(0, MillisecondsOf(time)), shard: 0, sequence: 0);

    internal static long MillisecondsOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() - EpochUnixMilliseconds;
}

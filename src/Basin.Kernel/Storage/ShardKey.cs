using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Basin.Kernel.Ids;

namespace Basin.Kernel.Storage;

/// <summary>
/// Decides which shard owns a row. An id routes by the shard number inside it; any other text routes by its hash. Both use the same bits,
/// so every system sends one key to the same place, whatever its number of shards.
/// </summary>
public readonly record struct ShardKey(long Value)
{
    public int ShardIn(int shardCount) => Snowflake.ShardOf(Value) % shardCount;

    public static ShardKey Of<T>(Id<T> id)
        where T : IEntity => new(id.Value);

    /// <summary>The first 63 bits of the text's SHA-256: stable for ever, unlike a hash code.</summary>
    public static ShardKey Of(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return new ShardKey(BinaryPrimitives.ReadInt64LittleEndian(hash) & long.MaxValue);
    }

    /// <summary>The key of what a system keeps in one place, such as its list of categories.</summary>
    public static ShardKey First => default;

    /// <summary>A key that routes to the shard with this number.</summary>
    public static ShardKey ForShard(int shard) => new(Snowflake.Compose(0, shard, 0));
}

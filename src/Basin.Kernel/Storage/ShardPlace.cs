using Basin.Kernel.Ids;

namespace Basin.Kernel.Storage;

/// <summary>Which shard it is.</summary>
/// <param name="Count">How many shards the system has.</param>
internal sealed record ShardPlace(string System, int Number, int Count)
{
    public IdSequences Sequences { get; init; } = IdSequences.All;

    public override string ToString() => $"{System}/{Number}";
}

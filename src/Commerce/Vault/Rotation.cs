using Basin.Vault.Keys;

namespace Basin.Vault;

/// <summary>
/// All cards are sealed anew, some at a time, while the vault goes on; then the data keys that sealed them before are deleted. What a rotation has
/// still to do is seen in the cards, so it goes on after a restart, wherever it was.
/// </summary>
/// <param name="Key">The new data key; no card stays under an older one.</param>
/// <param name="Cards">How many there were to seal when it began; some of them may have been removed since.</param>
/// <param name="Resealed">How many are done.</param>
/// <param name="EndedAt">Null while it runs.</param>
internal sealed record Rotation(Id<Rotation> Id, Id<DataKey> Key, long Cards, long Resealed, DateTimeOffset BeganAt, DateTimeOffset? EndedAt)
    : IEntity
{
    public static string Prefix => "vrot";
}

namespace Basin.Kernel.Storage;

/// <summary>
/// Documents of one shard that never change, by the id of their row, so that what is read again and again within seconds is parsed once. A place
/// holds one document: the next one that belongs there takes it, which bounds the memory.
/// </summary>
internal sealed class Documents
{
    private const int PlacesBits = 14;

    private readonly Remembered?[] _places = new Remembered?[1 << PlacesBits];

    private sealed record Remembered(long Id, object Document);

    public T? Find<T>(long id)
        where T : class => Volatile.Read(ref _places[PlaceOf(id)]) is { } found && found.Id == id ? found.Document as T : null;

    public void Remember(long id, object document) => Volatile.Write(ref _places[PlaceOf(id)], new Remembered(id, document));

    /// <summary>Called when a transaction is undone: it may have read what it had written itself.</summary>
    public void Forget() => Array.Clear(_places);

    /// <summary>Ids of neighbours differ in few bits; the product with the golden ratio spreads them (Knuth, TAOCP 3, 6.4).</summary>
    private static int PlaceOf(long id) => (int)((ulong)id * 0x9E3779B97F4A7C15 >> (64 - PlacesBits));
}

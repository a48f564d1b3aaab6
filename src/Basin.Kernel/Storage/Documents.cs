using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Storage;

/// <summary>
/// Documents of one shard that never change, by tenant and id of their row, so that what is read again and again within seconds is parsed once. Each id
/// belongs to a set of a few places and takes that of the oldest there, which bounds the memory.
/// </summary>
internal sealed class Documents
{
    private const int SetBits = 11;
    private const int PlacesPerSet = 8;
    private const int MaxBytes = 2048;
    private const int Places = PlacesPerSet << SetBits;

    /// <summary>What one look is worth: a document is asked for about this often while its entity is on its way.</summary>
    private const int KeptPerLook = 4;

    private readonly Lock _lock = new();
    private readonly Remembered[]?[] _sets = new Remembered[1 << SetBits][];
    private readonly byte[] _oldest = new byte[1 << SetBits];
    private int _worthKeeping = Places;

    private readonly record struct Remembered(long Tenant, long Id, object Document);

    public T? Find<T>(Id<Tenant> tenant, long id)
        where T : class
    {
        lock (_lock)
        {
            _worthKeeping = Math.Min(_worthKeeping + KeptPerLook, Places);
            foreach (ref readonly var place in _sets[SetOf(id)].AsSpan())
            {
                if (place.Id == id && place.Tenant == tenant.Value && place.Document is T found)
                    return found;
            }
            return null;
        }
    }

    /// <summary>
    /// Forgets at once what comes while nobody looks: in a rush it would be replaced before anybody does, and what lives that long is dear to collect.
    /// </summary>
    /// <param name="bytes">The length of its JSON: a large one is not worth its memory.</param>
    public void Remember(Id<Tenant> tenant, long id, object document, int bytes)
    {
        if (bytes > MaxBytes)
            return;
        lock (_lock)
        {
            if (_worthKeeping == 0)
                return;
            _worthKeeping--;
            var set = SetOf(id);
            var places = _sets[set] ??= new Remembered[PlacesPerSet];
            places[_oldest[set]] = new Remembered(tenant.Value, id, document);
            _oldest[set] = (byte)((_oldest[set] + 1) % PlacesPerSet);
        }
    }

    /// <summary>Called when a transaction is undone: it may have read what it had written itself.</summary>
    public void Forget()
    {
        lock (_lock)
            Array.Clear(_sets);
    }

    /// <summary>Ids of neighbours differ in few bits; the product with the golden ratio spreads them (Knuth, TAOCP 3, 6.4).</summary>
    private static int SetOf(long id) => (int)((ulong)id * 0x9E3779B97F4A7C15 >> (64 - SetBits));
}

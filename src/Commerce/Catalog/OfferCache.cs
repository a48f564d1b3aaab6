using System.Collections.Concurrent;

namespace Basin.Catalog;

/// <summary>
/// Offers in memory, at most a number of them. Before it answers, it forgets the products of all events committed since; an acknowledged write has
/// committed its event, so its writer, and whoever heard of it, never sees the offer from before. Nobody has to tell the cache, and nobody can forget to.
/// </summary>
/// <remarks>
/// Two generations bound it: new offers go into the young one; when that holds half of the maximum it becomes the old one, and what was
/// old and not asked for is gone.
/// </remarks>
internal sealed class OfferCache(EventLog log, int maximum)
{
    private readonly Lock _lock = new();
    private volatile Generation _young = new();
    private volatile Generation _old = new();
    private long _seen = log.LastSequence;

    public int Count => _young.Offers.Count + _old.Offers.Count;

    /// <summary>Forgets what has changed. Call it once before the finds of one answer.</summary>
    public void CatchUp()
    {
        if (log.LastSequence == Volatile.Read(ref _seen))
            return;
        lock (_lock)
        {
            var last = log.LastSequence;
            if (log.TryReadAfter(_seen) is { } happened)
            {
                foreach (var record in happened)
                {
                    _young.Forget(record.Key);
                    _old.Forget(record.Key);
                }
                last = happened.Count > 0 ? happened[^1].Sequence : last;
            }
            else
            {
                (_young, _old) = (new Generation(), new Generation());
            }
            Volatile.Write(ref _seen, last);
        }
    }

    public Offer? Find(Id<Tenant> tenant, string sku)
    {
        var key = new OfferKey(tenant.Value, sku);
        if (_young.Offers.TryGetValue(key, out var offer))
            return offer;
        if (!_old.Offers.ContainsKey(key))
            return null;
        lock (_lock)
        {
            // It may have been forgotten meanwhile.
            if (_old.Offers.TryGetValue(key, out offer))
                Keep(key, offer);
            return offer;
        }
    }

    /// <summary>Keeps the offers of a product that were read from the store, unless the product has changed since.</summary>
    /// <param name="readAt">The newest event that was surely in what was read: the last one before the read began.</param>
    public void Add(Id<Tenant> tenant, IEnumerable<Offer> offers, long readAt)
    {
        lock (_lock)
        {
            if (log.TryReadAfter(readAt) is not { } since)
                return;
            foreach (var offer in offers)
            {
                if (!since.Any(record => record.Key == offer.Product.Value))
                    Keep(new OfferKey(tenant.Value, offer.Sku), offer);
            }
        }
    }

    private void Keep(OfferKey key, Offer offer)
    {
        if (_young.Offers.Count >= maximum / 2)
            (_young, _old) = (new Generation(), _young);
        _young.Add(key, offer);
    }

    private readonly record struct OfferKey(long Tenant, string Sku);

    /// <summary>Read by anybody, changed under the lock only.</summary>
    private sealed class Generation
    {
        private readonly Dictionary<long, List<OfferKey>> _keysOf = [];

        public ConcurrentDictionary<OfferKey, Offer> Offers { get; } = new();

        public void Add(OfferKey key, Offer offer)
        {
            if (!Offers.TryAdd(key, offer))
                return;
            if (!_keysOf.TryGetValue(offer.Product.Value, out var keys))
                _keysOf.Add(offer.Product.Value, keys = []);
            keys.Add(key);
        }

        public void Forget(long product)
        {
            if (!_keysOf.Remove(product, out var keys))
                return;
            foreach (var key in keys)
                Offers.TryRemove(key, out _);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Basin.Limits.Algorithms;

namespace Basin.Limits.Regions;

/// <summary>Counts the permits of many keys by one rule for all regions: what this one lets in, and what it hears of the others. Any number of threads may ask.</summary>
/// <param name="region">Tells the others what is let in here.</param>
public sealed class RegionalLimiter(RegionalTerms terms, Region region, int maxKeys = Limiter.DefaultMaxKeys)
{
    /// <summary>What those count as that come when as many are known as may be.</summary>
    private const string TooMany = "";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private readonly List<Key> _unsaid = [];
    private readonly Level _whole = new(terms.Rule, terms.Overshoot);
    private readonly Level _alone = new(terms.Alone);
    private readonly long _forgottenAfterUs = new Level(terms.Alone).TimeFor(terms.Most * terms.Alone.PeriodUs);

    public RegionalTerms Terms => terms;

    /// <summary>Takes permits, or changes nothing; and how things stand then.</summary>
    public Decision Take(string key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var (nowUs, aloneSinceUs) = region.Look();
        lock (_lock)
        {
            var known = Of(key, nowUs, aloneSinceUs);
            var isTaken = _whole.Fits(known.Taken, cost) && cost <= terms.Unsettled - known.Unsettled && (aloneSinceUs is null || _alone.Fits(known.TakenAlone, cost));
            if (isTaken)
            {
                known.Taken += cost * _whole.PartsPerPermit;
                known.TakenAlone += aloneSinceUs is null ? 0 : cost * _alone.PartsPerPermit;
                (known.Unsaid, known.TakenAtUs) = (known.Unsaid + cost, nowUs);
                if (!known.IsListed)
                    _unsaid.Add(known);
                known.IsListed = true;
            }
            return StandingOf(known, cost, isTaken, aloneSinceUs is not null);
        }
    }

    /// <summary>Gives permits back because the work was refused elsewhere. What the others know already comes back with time.</summary>
    public void GiveBack(string key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var (nowUs, aloneSinceUs) = region.Look();
        lock (_lock)
        {
            var known = Of(key, nowUs, aloneSinceUs);
            if (known.Unsaid < cost)
                return;
            known.Unsaid -= cost;
            known.Taken = Math.Max(0, known.Taken - (cost * _whole.PartsPerPermit));
        }
    }

    /// <summary>Takes note of what another region has let in, whether it fits or not.</summary>
    internal void Note(string key, long permits)
    {
        var (nowUs, aloneSinceUs) = region.Look();
        lock (_lock)
        {
            var known = Of(key, nowUs, aloneSinceUs);
            // No more can be missing in truth, so that a region that comes back after hours takes nothing of today.
            known.Taken = Math.Min(known.Taken + (Math.Min(permits, terms.Most) * _whole.PartsPerPermit), terms.Most * _whole.PartsPerPermit);
        }
    }

    /// <summary>What was let in since this was asked last; the others are told of it, so that it counts as unsettled until <see cref="Settle"/>.</summary>
    internal List<(string Key, long Permits)> TakeUnsaid()
    {
        lock (_lock)
        {
            var said = _unsaid.FindAll(key => key.Unsaid > 0).ConvertAll(key => (key.Name, key.Unsaid));
            foreach (var key in _unsaid)
                (key.Said, key.Unsaid, key.IsListed) = (key.Said + key.Unsaid, 0, false);
            _unsaid.Clear();
            return said;
        }
    }

    /// <param name="said">What one of those who have this region's promise, at least, does not know yet of what it was told.</param>
    /// <returns>Whether no more is unsettled than may be.</returns>
    internal bool Settle(string key, long said)
    {
        lock (_lock)
        {
            if (!_keys.TryGetValue(key, out var known))
                return said <= terms.Unsettled;
            known.Said = said;
            return known.Unsettled <= terms.Unsettled;
        }
    }

    /// <summary>
    /// Whether nothing was let in for so long that all of it has come back, even at this region's part of the rate: then what was let in says nothing more.
    /// </summary>
    internal bool IsIdle(string key)
    {
        var (nowUs, _) = region.Look();
        lock (_lock)
            return !_keys.TryGetValue(key, out var known) || nowUs - known.TakenAtUs > _forgottenAfterUs;
    }

    /// <summary>Forgets the keys that have all their permits, and that the others know all of.</summary>
    public void Sweep()
    {
        var (nowUs, aloneSinceUs) = region.Look();
        lock (_lock)
        {
            foreach (var name in _keys.Keys.ToList())
            {
                if (Of(name, nowUs, aloneSinceUs) is { Taken: 0, Unsettled: 0, TakenAtUs: var takenAtUs } && nowUs - takenAtUs > _forgottenAfterUs)
                    _keys.Remove(name);
            }
        }
    }

    /// <summary>What is known of a key, as it stands now.</summary>
    private Key Of(string name, long nowUs, long? aloneSinceUs)
    {
        if (name.Length > Spent.MaxLength)
            name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        if (!_keys.TryGetValue(name, out var known))
        {
            if (_keys.Count >= maxKeys && name != TooMany)
                return Of(TooMany, nowUs, aloneSinceUs);
            _keys.Add(name, known = new Key(name));
        }
        (known.Taken, known.AtUs) = (_whole.After(known.Taken, known.AtUs, nowUs), Math.Max(known.AtUs, nowUs));
        if (aloneSinceUs is { } sinceUs)
        {
            // Whoever is left alone begins with nothing: what the others do not know was let in already.
            if (known.AloneSinceUs != sinceUs)
                (known.AloneSinceUs, known.TakenAlone, known.AloneAtUs) = (sinceUs, terms.Unsettled * _alone.PartsPerPermit, Math.Max(sinceUs, known.AloneAtUs));
            (known.TakenAlone, known.AloneAtUs) = (_alone.After(known.TakenAlone, known.AloneAtUs, nowUs), Math.Max(known.AloneAtUs, nowUs));
        }
        return known;
    }

    private Decision StandingOf(Key key, long cost, bool isTaken, bool isAlone)
    {
        var whole = _whole.Remaining(key.Taken);
        var unsettled = terms.Unsettled - key.Unsettled;
        var own = isAlone ? Math.Min(unsettled, _alone.Remaining(key.TakenAlone)) : unsettled;
        var retryUs = isTaken ? 0
            : cost > terms.Unsettled ? Decision.Never
            : cost > whole ? _whole.TimeUntil(key.Taken, cost)
            : cost > unsettled ? region.SettlesAfterUs : _alone.TimeUntil(key.TakenAlone, cost);
        return new Decision(isTaken, Math.Max(0, Math.Min(whole, own)), _whole.TimeFor(key.Taken), retryUs);
    }

    private sealed class Key(string name)
    {
        public string Name => name;

        /// <summary>What is missing from the bucket of all regions at <see cref="AtUs"/>, in parts.</summary>
        public long Taken { get; set; }

        public long AtUs { get; set; }

        /// <summary>The same of the bucket that this region goes by since it is alone.</summary>
        public long TakenAlone { get; set; }

        public long AloneAtUs { get; set; }

        public long? AloneSinceUs { get; set; }

        /// <summary>When somebody was let in last.</summary>
        public long TakenAtUs { get; set; }

        /// <summary>Let in, and nobody was told.</summary>
        public long Unsaid { get; set; }

        /// <summary>Whether it is among those of whom the others are to be told.</summary>
        public bool IsListed { get; set; }

        /// <summary>Let in, and one of those who have a promise has not confirmed it.</summary>
        public long Said { get; set; }

        public long Unsettled => Unsaid + Said;
    }
}

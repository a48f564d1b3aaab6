using System.Runtime.InteropServices;

namespace Basin.Limits.Regions;

/// <summary>
/// What this region has told each of the others and knows that they have heard, and what they promise each other. Everything is told in numbered rounds, one
/// at a time to each, until it is confirmed: whatever the network loses, repeats or delays is noted once.
/// <para>
/// Promises last by the clock of whoever gives them. Who gets one counts from a moment before it was given: when it said what the other has heard since.
/// </para>
/// </summary>
public sealed class Region
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Other> _others;
    private readonly RegionsOptions _options;
    private readonly string _run;
    private readonly MonotonicClock _clock;
    private readonly long _promisedUs;
    private Dictionary<string, RegionalLimiter> _limiters = [];

    /// <param name="run">What the others know this process by; of no other process, before or after.</param>
    public Region(RegionsOptions options, string run, TimeProvider time)
    {
        (_options, _run, _clock) = (options, run, new MonotonicClock(time));
        _promisedUs = (long)options.LostAfter.TotalMicroseconds;
        var nowUs = _clock.NowUs;
        _others = options.Others.Keys.ToDictionary(name => name, _ => new Other { HoldsUntilUs = nowUs, ConfirmedAtUs = nowUs }, StringComparer.Ordinal);
    }

    /// <summary>After so many microseconds the others usually know what they are told.</summary>
    internal long SettlesAfterUs => (long)_options.SettleEvery.TotalMicroseconds;

    public RegionalTerms TermsOf(LimitRule rule) => new(rule, _others.Count + 1, _options.UnsettledPercent);

    /// <summary>Makes these the limits that the regions count together, each under a name that stands for its rule.</summary>
    public void Use(IEnumerable<(string Name, RegionalLimiter Limiter)> limits)
    {
        var limiters = limits.ToDictionary(limit => limit.Name, limit => limit.Limiter, StringComparer.Ordinal);
        lock (_lock)
            _limiters = limiters;
    }

    /// <summary>The time, and since when this region has missed the promise of one of the others; null while it has all.</summary>
    internal (long NowUs, long? AloneSinceUs) Look()
    {
        var nowUs = _clock.NowUs;
        var holdsUntilUs = long.MaxValue;
        foreach (var other in _others.Values)
            holdsUntilUs = Math.Min(holdsUntilUs, Volatile.Read(ref other.HoldsUntilUs));
        return (nowUs, holdsUntilUs <= nowUs ? holdsUntilUs : null);
    }

    /// <summary>Whether it has the promises of all others.</summary>
    public bool HasAll => Look().AloneSinceUs is null;

    /// <summary>What another region is told now.</summary>
    /// <exception cref="KeyNotFoundException">There is no such region.</exception>
    public Settlement Tell(string name)
    {
        lock (_lock)
        {
            Collect();
            var (nowUs, other) = (_clock.NowUs, _others[name]);
            other.Telling ??= NextRound(other);
            var heard = other.Run is null ? null : new Heard(other.Run, other.HeardRound, other.HeardStamp);
            return new Settlement(_options.Here, _run, other.Telling.Number, other.Telling.Spent, nowUs, Promise(other, nowUs) ? _promisedUs : 0, heard);
        }
    }

    /// <summary>Takes note of what another region tells, which it may have told before.</summary>
    /// <returns>False when there is no such region.</returns>
    public bool Hear(Settlement told)
    {
        lock (_lock)
        {
            if (!_others.TryGetValue(told.From, out var other))
                return false;
            if (told.Run != other.Run)
                (other.Run, other.HeardRound, other.HeardStamp) = (told.Run, 0, told.Stamp);
            other.HeardStamp = Math.Max(other.HeardStamp, told.Stamp);
            if (told.Heard is { } heard && heard.Run == _run)
                HearBack(other, heard, told.PromisedUs);
            if (told.Round > other.HeardRound)
                Note(other, told);
            return true;
        }
    }

    /// <summary>Forgets what says nothing any more.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            Collect();
            // A region that is gone for days is not told of permits that have long come back.
            foreach (var other in _others.Values.Where(other => !other.HasPromise))
            {
                foreach (var entry in other.Waiting.Keys.Where(entry => !_limiters.TryGetValue(entry.Limit, out var limiter) || limiter.IsIdle(entry.Key)).ToList())
                    other.Waiting.Remove(entry);
            }
            foreach (var limiter in _limiters.Values)
                limiter.Sweep();
        }
    }

    /// <summary>What was let in since the last time waits to be told to each, and promises that are over hold up nobody. Also while nobody can be told.</summary>
    public void Collect()
    {
        lock (_lock)
        {
            foreach (var (name, limiter) in _limiters)
            {
                foreach (var (key, permits) in limiter.TakeUnsaid())
                {
                    foreach (var other in _others.Values)
                        other.Add(new Entry(name, key), permits, limiter.Terms.Most);
                    Settle(new Entry(name, key));
                }
            }
            var nowUs = _clock.NowUs;
            foreach (var other in _others.Values.Where(other => other.HasPromise && other.PromisedUntilUs <= nowUs))
            {
                other.HasPromise = false;
                foreach (var entry in other.Entries)
                    Settle(entry);
            }
        }
    }

    /// <summary>
    /// Promises another region anew that little is let in that it does not know of, as long as it confirms what it is told. One that is silent would
    /// otherwise hold this region up for ever.
    /// </summary>
    private bool Promise(Other other, long nowUs)
    {
        if (nowUs - other.ConfirmedAtUs >= _promisedUs)
            return false;
        if (!other.HasPromise)
        {
            other.HasPromise = true;
            if (!other.Entries.Aggregate(true, (isKept, entry) => Settle(entry) && isKept))
            {
                other.HasPromise = false;
                foreach (var entry in other.Entries)
                    Settle(entry);
                return false;
            }
        }
        other.PromisedUntilUs = nowUs + _promisedUs;
        return true;
    }

    private static Round NextRound(Other other)
    {
        var told = other.Waiting.Take(Settlement.MaxSpent).ToDictionary();
        foreach (var entry in told.Keys)
            other.Waiting.Remove(entry);
        return new Round(++other.LastRound, told);
    }

    /// <summary>What another region says about what this one has told it.</summary>
    private void HearBack(Other other, Heard heard, long promisedUs)
    {
        var nowUs = _clock.NowUs;
        if (promisedUs > 0)
            Volatile.Write(ref other.HoldsUntilUs, Math.Max(other.HoldsUntilUs, Math.Min(heard.Stamp, nowUs) + promisedUs));
        if (other.Telling is not { } round || heard.Round != round.Number)
            return;
        (other.Telling, other.ConfirmedAtUs) = (null, nowUs);
        foreach (var entry in round.Permits.Keys)
            Settle(entry);
    }

    private void Note(Other other, Settlement told)
    {
        other.HeardRound = told.Round;
        foreach (var spent in told.Spent)
        {
            // Where a policy was just changed the regions count by different rules for a moment.
            if (_limiters.TryGetValue(spent.Limit, out var limiter))
                limiter.Note(spent.Key, spent.Permits);
        }
    }

    /// <summary>Each is told in the same order, so that what one of those with a promise does not know is what the slowest does not know.</summary>
    private bool Settle(Entry entry)
    {
        var said = 0L;
        foreach (var other in _others.Values)
            said = other.HasPromise ? Math.Max(said, other.Outstanding(entry)) : said;
        return !_limiters.TryGetValue(entry.Limit, out var limiter) || limiter.Settle(entry.Key, said);
    }

    private readonly record struct Entry(string Limit, string Key);

    private sealed record Round(long Number, Dictionary<Entry, long> Permits)
    {
        public List<Spent> Spent { get; } = [.. Permits.Select(each => new Spent(each.Key.Limit, each.Key.Key, each.Value))];
    }

    private sealed class Other
    {
        /// <summary>Until when it has promised to let in little that is not known here.</summary>
        public long HoldsUntilUs;

        /// <summary>Whether it was promised the same, until <see cref="PromisedUntilUs"/>.</summary>
        public bool HasPromise { get; set; }

        public long PromisedUntilUs { get; set; }

        /// <summary>What it will be told.</summary>
        public Dictionary<Entry, long> Waiting { get; } = [];

        /// <summary>What it is told, again and again until it confirms.</summary>
        public Round? Telling { get; set; }

        public long LastRound { get; set; }

        public long ConfirmedAtUs { get; set; }

        /// <summary>Of its process, as it said.</summary>
        public string? Run { get; set; }

        public long HeardRound { get; set; }

        public long HeardStamp { get; set; }

        public IEnumerable<Entry> Entries => Telling is null ? Waiting.Keys : Waiting.Keys.Concat(Telling.Permits.Keys);

        /// <param name="most">More than has ever come back since says nothing.</param>
        public void Add(Entry entry, long permits, long most)
        {
            ref var waiting = ref CollectionsMarshal.GetValueRefOrAddDefault(Waiting, entry, out _);
            waiting = Math.Min(most, waiting + permits);
        }

        public long Outstanding(Entry entry) => Waiting.GetValueOrDefault(entry) + (Telling?.Permits.GetValueOrDefault(entry) ?? 0);
    }
}

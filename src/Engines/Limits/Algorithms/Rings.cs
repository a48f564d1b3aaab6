namespace Basin.Limits.Algorithms;

/// <summary>The rings of some cells, each found by the number in its cell.</summary>
internal sealed class Rings
{
    private readonly List<Ring?> _rings = [];
    private readonly Stack<int> _free = [];

    /// <summary>In bytes.</summary>
    public long Size => _rings.Sum(ring => ring?.Size ?? 0);

    public Ring? Find(ref Cell cell) => cell.A == 0 ? null : _rings[(int)cell.A - 1];

    public Ring Of(ref Cell cell)
    {
        if (cell.A != 0)
            return _rings[(int)cell.A - 1]!;
        if (!_free.TryPop(out var index))
        {
            index = _rings.Count;
            _rings.Add(null);
        }
        cell.A = index + 1;
        return _rings[index] = new Ring();
    }

    public void Free(ref Cell cell)
    {
        if (cell.A == 0)
            return;
        _rings[(int)cell.A - 1] = null;
        _free.Push((int)cell.A - 1);
        cell.A = 0;
    }
}

/// <summary>What one key has taken and when, the oldest first.</summary>
internal sealed class Ring
{
    private const int EntrySize = 16;

    private (long AtUs, long Cost)[] _entries = new (long, long)[2];
    private int _first;

    public int Count { get; private set; }

    public long Sum { get; private set; }

    public long Size => (long)_entries.Length * EntrySize;

    /// <summary>0 when there is none.</summary>
    public long NewestUs => Count == 0 ? 0 : Newest.AtUs;

    private ref (long AtUs, long Cost) Newest => ref At(Count - 1);

    public void Add(long atUs, long cost)
    {
        Sum += cost;
        // Clocks of several threads differ a little; what is remembered never goes back.
        if (Count > 0 && Newest.AtUs >= atUs)
        {
            Newest.Cost += cost;
            return;
        }
        if (Count == _entries.Length)
            Grow();
        Count++;
        Newest = (atUs, cost);
    }

    /// <summary>Forgets what was taken at a time or before.</summary>
    public void ForgetUntil(long us)
    {
        while (Count > 0 && At(0).AtUs <= us)
        {
            Sum -= At(0).Cost;
            _first = (_first + 1) & (_entries.Length - 1);
            Count--;
        }
    }

    /// <summary>Takes back what was taken last.</summary>
    public void TakeBack(long cost)
    {
        while (cost > 0 && Count > 0)
        {
            var part = Math.Min(cost, Newest.Cost);
            Newest.Cost -= part;
            (Sum, cost) = (Sum - part, cost - part);
            if (Newest.Cost == 0)
                Count--;
        }
    }

    /// <summary>When the permit was taken with which so many of the oldest are gone; 0 for none.</summary>
    public long TimeWhenGone(long permits)
    {
        var atUs = 0L;
        for (var i = 0; i < Count && permits > 0; i++)
        {
            atUs = At(i).AtUs;
            permits -= At(i).Cost;
        }
        return atUs;
    }

    private ref (long AtUs, long Cost) At(int index) => ref _entries[(_first + index) & (_entries.Length - 1)];

    private void Grow()
    {
        var larger = new (long, long)[_entries.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[i] = At(i);
        (_entries, _first) = (larger, 0);
    }
}

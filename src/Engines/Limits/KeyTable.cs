using System.Runtime.CompilerServices;
using Basin.Limits.Algorithms;

namespace Basin.Limits;

/// <summary>
/// The cells of many keys, found by a hash of 64 bits that stands for the key: 24 bytes each, in one array, the next place taken where one is taken
/// already. Nothing is allocated but a larger array. Cells that have become fresh are forgotten before the array grows, and whenever it is swept.
/// Not for several threads at once.
/// </summary>
/// <param name="most">So many keys are told apart; those beyond share one cell, which is too strict for them rather than too lax.</param>
internal sealed class KeyTable<TAlgorithm>(TAlgorithm algorithm, int most)
    where TAlgorithm : struct, ILimitAlgorithm
{
    private const int Smallest = 16;
    private const int SlotSize = 24;

    /// <summary>A full table is not searched for fresh cells by everybody who finds it full.</summary>
    private const long SweepEveryUs = 1_000_000;

    private struct Slot
    {
        /// <summary>0 where nothing is.</summary>
        public ulong Hash;
        public Cell Cell;
    }

    private Slot[] _slots = new Slot[Smallest];
    private Cell _shared;
    private long _sweptUs = -SweepEveryUs;

    public int Count { get; private set; }

    public Rings Rings { get; } = new();

    /// <summary>In bytes, rings included.</summary>
    public long Size => ((long)_slots.Length * SlotSize) + Rings.Size;

    /// <summary>The cell of a key, made when there is none.</summary>
    /// <param name="hash">Not 0.</param>
    public ref Cell Of(ulong hash, long nowUs)
    {
        var slots = _slots;
        var i = HomeOf(hash, slots.Length);
        while (slots[i].Hash != 0)
        {
            if (slots[i].Hash == hash)
                return ref slots[i].Cell;
            if (++i == slots.Length)
                i = 0;
        }
        return ref Make(hash, i, nowUs);
    }

    /// <summary>Forgets the cells that are fresh, and gives memory back when few are left.</summary>
    public void Sweep(long nowUs) => Rebuild(nowUs, mayShrink: true);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ref Cell Make(ulong hash, int place, long nowUs)
    {
        if (Count >= most && nowUs - _sweptUs < SweepEveryUs)
            return ref _shared;
        // Four of five places are taken at most, so that a search is short.
        if (Count >= most || Count >= _slots.Length / 5 * 4)
        {
            Rebuild(nowUs, mayShrink: false);
            return ref Of(hash, nowUs);
        }
        _slots[place].Hash = hash;
        Count++;
        return ref _slots[place].Cell;
    }

    /// <summary>Copies what is still worth knowing into an array of the size that it needs.</summary>
    private void Rebuild(long nowUs, bool mayShrink)
    {
        _sweptUs = nowUs;
        var live = 0;
        for (var i = 0; i < _slots.Length; i++)
        {
            ref var slot = ref _slots[i];
            if (slot.Hash == 0)
                continue;
            if (algorithm.IsFresh(ref slot.Cell, nowUs, Rings))
            {
                algorithm.Drop(ref slot.Cell, Rings);
                slot.Hash = 0;
            }
            else
            {
                live++;
            }
        }
        var before = _slots;
        _slots = new Slot[SizeFor(live, mayShrink)];
        Count = live;
        foreach (ref var slot in before.AsSpan())
        {
            if (slot.Hash != 0)
                Insert(ref slot);
        }
    }

    /// <summary>Larger by a quarter when most of it is taken, so that little lies waste.</summary>
    private int SizeFor(int live, bool mayShrink)
    {
        var room = live >= most ? live : live + (live / 8);
        var needed = Math.Max(Smallest, (room / 4 * 5) + 10);
        return mayShrink ? needed : Math.Max(needed, _slots.Length);
    }

    private void Insert(ref Slot slot)
    {
        var i = HomeOf(slot.Hash, _slots.Length);
        while (_slots[i].Hash != 0)
        {
            if (++i == _slots.Length)
                i = 0;
        }
        _slots[i] = slot;
    }

    /// <summary>Spreads hashes over any number of places (D. Lemire, "A fast alternative to the modulo reduction", 2016).</summary>
    private static int HomeOf(ulong hash, int places) => (int)(((hash & uint.MaxValue) * (ulong)places) >> 32);
}

using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Basin.Limits.Algorithms;

namespace Basin.Limits;

/// <summary>
/// Counts the permits of many keys by one rule, in this process. Any number of threads may ask. A key that has all its permits again is forgotten, and is
/// as one that was never seen.
/// </summary>
public abstract class Limiter
{
    /// <summary>So many keys are told apart unless somebody says otherwise: 48 MB at most.</summary>
    public const int DefaultMaxKeys = 1_000_000;

    /// <summary>Nobody outside knows it, so that nobody finds keys that meet.</summary>
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    private protected Limiter(LimitRule rule) => Rule = rule;

    public LimitRule Rule { get; }

    /// <summary>Keys that are remembered.</summary>
    public abstract int Keys { get; }

    /// <summary>What they take, in bytes.</summary>
    public abstract long Size { get; }

    /// <param name="maxKeys">
    /// So many are told apart; those beyond share what is allowed to one. Not for <see cref="LimitAlgorithm.Concurrency"/>, whose keys are as many as have work.
    /// </param>
    /// <exception cref="ArgumentException">The rule cannot be used.</exception>
    public static Limiter Of(LimitRule rule, TimeProvider time, int maxKeys = DefaultMaxKeys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKeys, 1);
        if (rule.Fault is var (member, sentence))
            throw new ArgumentException(sentence, member);
        var clock = new MonotonicClock(time);
        return rule.Algorithm switch
        {
            LimitAlgorithm.TokenBucket => new Limiter<TokenBucket>(rule, new TokenBucket(rule), clock, maxKeys),
            LimitAlgorithm.LeakyBucket => new Limiter<LeakyBucket>(rule, new LeakyBucket(rule), clock, maxKeys),
            LimitAlgorithm.FixedWindow => new Limiter<FixedWindow>(rule, new FixedWindow(rule), clock, maxKeys),
            LimitAlgorithm.SlidingLog => new Limiter<SlidingLog>(rule, new SlidingLog(rule), clock, maxKeys),
            LimitAlgorithm.SlidingCounter => new Limiter<SlidingCounter>(rule, new SlidingCounter(rule), clock, maxKeys),
            LimitAlgorithm.Gcra => new Limiter<Gcra>(rule, new Gcra(rule), clock, maxKeys),
            // A key is remembered only while its work goes on, and must be known when that ends.
            _ => new Limiter<Concurrency>(rule, new Concurrency(rule), clock, int.MaxValue),
        };
    }

    /// <summary>A number that stands for a key in this process.</summary>
    public static ulong HashOf(ReadOnlySpan<char> key) => HashOf(MemoryMarshal.AsBytes(key));

    /// <inheritdoc cref="HashOf(ReadOnlySpan{char})"/>
    public static ulong HashOf(ReadOnlySpan<byte> key)
    {
        var hash = XxHash3.HashToUInt64(key, Seed);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>A number that stands for two together.</summary>
    public static ulong Combine(ulong one, ulong other)
    {
        Span<ulong> both = [one, other];
        return HashOf(MemoryMarshal.AsBytes(both));
    }

    /// <summary>Takes permits, or changes nothing.</summary>
    /// <param name="cost">1 or more.</param>
    public bool TryTake(ReadOnlySpan<char> key, long cost = 1) => TryTake(HashOf(key), cost);

    /// <inheritdoc cref="TryTake(ReadOnlySpan{char}, long)"/>
    /// <param name="key">By <see cref="HashOf"/>.</param>
    public abstract bool TryTake(ulong key, long cost = 1);

    /// <summary>The same, and how things stand then.</summary>
    public Decision Take(ReadOnlySpan<char> key, long cost = 1) => Take(HashOf(key), cost);

    /// <inheritdoc cref="Take(ReadOnlySpan{char}, long)"/>
    public abstract Decision Take(ulong key, long cost = 1);

    /// <summary>How things stand for somebody who wants so many permits, without taking any.</summary>
    public abstract Decision Look(ulong key, long cost = 1);

    /// <summary>Gives permits back: because the work is done (<see cref="LimitAlgorithm.Concurrency"/>), or was refused elsewhere.</summary>
    public abstract void GiveBack(ulong key, long cost = 1);

    /// <summary>Forgets the keys that have all their permits.</summary>
    public abstract void Sweep();
}

/// <summary>Keys are spread over stripes, each with its lock, so that threads seldom meet.</summary>
internal sealed class Limiter<TAlgorithm> : Limiter
    where TAlgorithm : struct, ILimitAlgorithm
{
    /// <summary>Enough for the threads of a large machine.</summary>
    private static readonly int StripeCount = (int)BitOperations.RoundUpToPowerOf2((uint)(4 * Environment.ProcessorCount));

    private readonly TAlgorithm _algorithm;
    private readonly MonotonicClock _clock;
    private readonly Stripe[] _stripes;

    public Limiter(LimitRule rule, TAlgorithm algorithm, MonotonicClock clock, int maxKeys)
        : base(rule)
    {
        (_algorithm, _clock) = (algorithm, clock);
        _stripes = new Stripe[StripeCount];
        for (var i = 0; i < StripeCount; i++)
            _stripes[i] = new Stripe(new KeyTable<TAlgorithm>(algorithm, Math.Max(1, maxKeys / StripeCount)));
    }

    public override int Keys => Sum(table => table.Count);

    public override long Size
    {
        get
        {
            var size = 0L;
            ForEach(table => size += table.Size);
            return size;
        }
    }

    public override bool TryTake(ulong key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var nowUs = _clock.NowUs;
        ref var stripe = ref StripeOf(key);
        stripe.Enter();
        try
        {
            return _algorithm.TryTake(ref stripe.Table.Of(key, nowUs), nowUs, cost, stripe.Table.Rings);
        }
        finally
        {
            stripe.Exit();
        }
    }

    public override Decision Take(ulong key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var nowUs = _clock.NowUs;
        ref var stripe = ref StripeOf(key);
        stripe.Enter();
        try
        {
            ref var cell = ref stripe.Table.Of(key, nowUs);
            var isTaken = _algorithm.TryTake(ref cell, nowUs, cost, stripe.Table.Rings);
            return _algorithm.StandingOf(ref cell, nowUs, cost, isTaken, stripe.Table.Rings);
        }
        finally
        {
            stripe.Exit();
        }
    }

    public override Decision Look(ulong key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var nowUs = _clock.NowUs;
        ref var stripe = ref StripeOf(key);
        stripe.Enter();
        try
        {
            var standing = _algorithm.StandingOf(ref stripe.Table.Of(key, nowUs), nowUs, cost, wasTaken: false, stripe.Table.Rings);
            return standing with { IsAllowed = cost <= standing.Remaining };
        }
        finally
        {
            stripe.Exit();
        }
    }

    public override void GiveBack(ulong key, long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var nowUs = _clock.NowUs;
        ref var stripe = ref StripeOf(key);
        stripe.Enter();
        try
        {
            _algorithm.GiveBack(ref stripe.Table.Of(key, nowUs), nowUs, cost, stripe.Table.Rings);
        }
        finally
        {
            stripe.Exit();
        }
    }

    public override void Sweep()
    {
        var nowUs = _clock.NowUs;
        ForEach(table => table.Sweep(nowUs));
    }

    private int Sum(Func<KeyTable<TAlgorithm>, int> number)
    {
        var sum = 0;
        ForEach(table => sum += number(table));
        return sum;
    }

    private void ForEach(Action<KeyTable<TAlgorithm>> action)
    {
        foreach (ref var stripe in _stripes.AsSpan())
        {
            stripe.Enter();
            try
            {
                action(stripe.Table);
            }
            finally
            {
                stripe.Exit();
            }
        }
    }

    /// <summary>By the upper half of the hash; the table uses the lower one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Stripe StripeOf(ulong key) => ref _stripes[(int)(key >> 32) & (_stripes.Length - 1)];

    /// <summary>A table and its lock, which is held for some nanoseconds: whoever meets it spins. In a cache line of its own.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Stripe(KeyTable<TAlgorithm> table)
    {
        private int _isTaken;

        public KeyTable<TAlgorithm> Table { get; } = table;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Enter()
        {
            if (Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0)
                Spin();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Exit() => Volatile.Write(ref _isTaken, 0);

        private void Spin()
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref _isTaken) != 0 || Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0)
                spin.SpinOnce();
        }
    }
}

using Basin.Kernel.Events;
using Basin.Kernel.Load;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Hosting;

/// <summary>
/// Requests that write go first: somebody waits for them. While they crowd, what follows from them steps back, for a bounded time, so that a rush
/// is taken in as fast as it comes and worked off afterwards.
/// </summary>
public sealed class RightOfWay(EventsOptions options, HostLoad load, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(25);

    /// <summary>A commit answers many at once, and their next requests are on their way for a moment.</summary>
    private static readonly TimeSpan CrowdLasts = TimeSpan.FromMilliseconds(50);

    private readonly int _crowd = options.CrowdedAtPerProcessor * Environment.ProcessorCount;
    private int _inside;
    private int _waiting;
    private long _lastCrowd = time.GetTimestamp() - time.TimestampFrequency;

    /// <summary>Those that are not let in, because too many are inside, crowd too.</summary>
    private bool IsCrowded =>
        Volatile.Read(ref _inside) >= _crowd || load.IsOver || time.GetElapsedTime(Volatile.Read(ref _lastCrowd)) < CrowdLasts;

    /// <summary>Endpoint filter: counts the requests that write, once they are let in and read, so that nobody crowds by sending slowly.</summary>
    internal async ValueTask<object?> CountAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // Whoever reads may stay for hours, as a live page does.
        var method = context.HttpContext.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
            return await next(context);
        if (Interlocked.Increment(ref _inside) >= _crowd)
            Volatile.Write(ref _lastCrowd, time.GetTimestamp());
        try
        {
            return await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    /// <summary>
    /// For a request that has written and now waits for what follows: it no longer crowds, and nothing steps back as long as somebody waits, or they would
    /// wait for each other.
    /// </summary>
    internal Waiting Wait()
    {
        Interlocked.Decrement(ref _inside);
        Interlocked.Increment(ref _waiting);
        return new Waiting(this);
    }

    internal readonly struct Waiting(RightOfWay rightOfWay) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref rightOfWay._waiting);
            Interlocked.Increment(ref rightOfWay._inside);
        }
    }

    /// <summary>Returns when no requests crowd, or when the work is as old as it may become by stepping back.</summary>
    /// <param name="owedSince">When the work could have begun.</param>
    internal async ValueTask YieldAsync(DateTimeOffset owedSince, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        // The second bound holds when the wall clock has stepped back.
        while (IsCrowded && Volatile.Read(ref _waiting) == 0 && time.GetUtcNow() - owedSince < options.LongestYield && time.GetElapsedTime(began) < options.LongestYield)
            await Task.Delay(LookAgain, time, cancellation);
    }
}

using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>Waits until a provider has answered, or as long as a caller can be expected to.</summary>
internal sealed class ProviderNews([FromKeyedServices(PaymentsSystem.Name)] Store store, PaymentsOptions options, TimeProvider time)
{
    /// <summary>So long a request waits for news before it looks by itself, where news may be lost on the way.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);

    private int _waiting;

    /// <param name="payment">What the provider was asked about.</param>
    /// <param name="look">Finds what may have changed.</param>
    /// <param name="isSettled">Whether the provider has answered.</param>
    public async Task<T> WaitAsync<T>(Id<Payment> payment, Func<Task<T>> look, Func<T, bool> isSettled, CancellationToken cancellation)
    {
        using var watch = store.ShardOf(ShardKey.Of(payment)).Events.WatchKey(payment.Value);
        var last = time.GetUtcNow() + options.AnswerPatience;
        var waits = false;
        try
        {
            while (true)
            {
                var seen = await look();
                if (isSettled(seen) || time.GetUtcNow() >= last || !(waits = waits || MayWait()))
                    return seen;
                await watch.WaitAsync(LongestSilence, time, cancellation);
            }
        }
        finally
        {
            if (waits)
                Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>While a provider hangs each request would stay for as long as it may; beyond a number they are told at once that nothing is known yet.</summary>
    private bool MayWait()
    {
        if (Interlocked.Increment(ref _waiting) <= options.MaxAnswersAwaited)
            return true;
        Interlocked.Decrement(ref _waiting);
        return false;
    }
}

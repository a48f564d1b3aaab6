using Basin.Payments.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Payments;

/// <summary>
/// Calls the provider, outside any transaction, until the outcome is known. A provider that did not answer is first asked what it knows; only when it
/// has never heard of the call is the call made again, under the same key.
/// </summary>
internal sealed class ProviderCalls(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, IPaymentProvider provider, PaymentsOptions options, TimeProvider time, Randomness chance,
    ILogger<ProviderCalls> log)
{
    /// <summary>Providers keep idempotency keys for a day or so: a call that has waited for long may have been made, and is looked for first.</summary>
    private static readonly TimeSpan KeysKeptSurely = TimeSpan.FromHours(1);

    public async Task RunAsync(ProviderCall call, JobRun run, CancellationToken cancellation)
    {
        var (outcome, silence) = await AskAsync(call, run, cancellation);
        if (outcome is null)
            await AskLaterAsync(call, run, payment => payment.NoAnswer(call.Operation, silence!), silence!, cancellation);
        else if (!outcome.Succeeded && call.Operation is PaymentOperation.Void or PaymentOperation.Refund)
            await AskLaterAsync(call, run, payment => payment.Settle(call.Operation, outcome), $"refused with {outcome.Code}", cancellation);
        else
            await run.CompleteAsync(tx => FollowAsync(tx, run, call, payment => payment.Settle(call.Operation, outcome)), cancellation);
        PaymentsMetrics.Called(call.Operation, outcome);
    }

    /// <returns>An outcome, or why there is none.</returns>
    private async Task<(ProviderOutcome? Outcome, string? Silence)> AskAsync(ProviderCall call, JobRun run, CancellationToken cancellation)
    {
        try
        {
            var mayBeMade = run.Attempt > 1 || time.GetUtcNow() - call.At > KeysKeptSurely;
            return (await time.InTimeAsync(options.ProviderTimeout, token => AskAsync(call, run, mayBeMade, token), cancellation), null);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            PaymentsLog.NoAnswer(log, call.Operation, call.Payment, run.Attempt, failure);
            return (null, failure is TimeoutException or OperationCanceledException ? "no answer in time" : $"no answer: {failure.GetType().Name}");
        }
    }

    private async Task<ProviderOutcome> AskAsync(ProviderCall call, JobRun run, bool mayBeMade, CancellationToken cancellation)
    {
        if (mayBeMade && await provider.FindAsync(run.Tenant, call, cancellation) is { } known)
            return known;
        // Nobody waits any more, and a later try may be on its way.
        cancellation.ThrowIfCancellationRequested();
        return await provider.CallAsync(run.Tenant, call, cancellation);
    }

    private async Task AskLaterAsync(ProviderCall call, JobRun run, Func<Payment, Decision?> decide, string why, CancellationToken cancellation)
    {
        if (run.Attempt < options.MaxTries)
        {
            var next = time.GetUtcNow() + options.Backoff.After(run.Attempt, chance);
            await run.AgainAtAsync(next, tx => FollowAsync(tx, run, call, decide, $"{why}; try {run.Attempt}, asked again at {next:yyyy-MM-ddTHH:mm:ssZ}"), cancellation);
            return;
        }
        var sentence = $"{why}; try {run.Attempt}, left to the operator";
        // A busy shard must not refuse the note: the job would then call the provider once more.
        await store.ShardOf(ShardKey.Of(call.Payment)).WriteAsync(
            async tx =>
            {
                await FollowAsync(tx, run, call, decide, sentence);
                return true;
            },
            WritePriority.Background,
            cancellation);
        throw new JobGivenUpException($"{call.Payment}, {call.Operation.Name}: {sentence}.");
    }

    private static async ValueTask FollowAsync(
        Transaction tx, JobRun run, ProviderCall call, Func<Payment, Decision?> decide, string? detail = null)
    {
        var payment = await PaymentsStore.FindAsync(tx, run.Tenant, call.Payment)
            ?? throw new InvalidOperationException($"{call.Payment} is not there.");
        var decision = decide(payment);
        await Consequences.FollowAsync(tx, detail is null ? decision : decision is null ? null : decision with { Detail = detail });
    }
}

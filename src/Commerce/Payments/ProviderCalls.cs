using Basin.Payments.Providers;
using Basin.Vault;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Payments;

/// <summary>
/// Calls the provider, outside any transaction, until the outcome is known. A provider that did not answer is first asked what it knows; only when it
/// has never heard of the call is the call made again, under the same key.
/// </summary>
internal sealed class ProviderCalls(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers, IVault vault, PaymentsOptions options, TimeProvider time, Randomness chance,
    ILogger<ProviderCalls> log)
{
    /// <summary>Providers keep idempotency keys for a day or so: a call that has waited for long may have been made, and is looked for first.</summary>
    private static readonly TimeSpan KeysKeptSurely = TimeSpan.FromHours(1);

    public async Task RunAsync(ProviderCall call, JobRun run, CancellationToken cancellation)
    {
        var (outcome, silence) = await AskAsync(call, run, cancellation);
        if (WasNotAsked(call, run, outcome, silence) && NextFor(call) is { } other)
            await run.CompleteAsync(tx => GoElsewhereAsync(tx, run, call, other, silence?.Why ?? outcome!.Code!), cancellation);
        else if (outcome is null)
            await AskLaterAsync(call, run, silence!.Why, cancellation);
        else
            await run.CompleteAsync(tx => SettleAsync(tx, run, call, outcome), cancellation);
        PaymentsMetrics.Called(call.Operation, outcome);
    }

    /// <returns>An outcome, or why there is none.</returns>
    private async Task<(ProviderOutcome? Outcome, Silence? Silence)> AskAsync(ProviderCall call, JobRun run, CancellationToken cancellation)
    {
        try
        {
            var mayBeMade = run.Attempt > 1 || time.GetUtcNow() - call.At > KeysKeptSurely;
            var known = mayBeMade
                ? await providers.AskAsync(call.Provider, (provider, token) => provider.FindAsync(run.Tenant, call, token), cancellation)
                : null;
            return (known ?? await CallAsync(call, run, cancellation), null);
        }
        catch (ProblemException refusal) when (refusal.Problem.Status < StatusCodes.Status500InternalServerError)
        {
            return (new ProviderOutcome(null, refusal.Problem.Code), null);
        }
        catch (DependencyException refused) when (!refused.WasAsked)
        {
            return (null, new Silence(false, refused.Failure == DependencyFailure.Full
                ? "not asked, because too many of its calls are on their way"
                : "not asked, because it fails most of its calls"));
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            var cause = failure is DependencyException silent ? silent.Cause : failure;
            PaymentsLog.NoAnswer(log, call.Operation, call.Payment, run.Attempt, cause);
            return (null, new Silence(true, cause is TimeoutException or OperationCanceledException ? "no answer in time" : $"no answer: {cause.GetType().Name}"));
        }
    }

    /// <summary>The vault tells the provider the card's number, the first time, and gives what the provider calls it.</summary>
    private async ValueTask<ProviderCall> WithTokenAsync(ProviderCall call, Id<Tenant> tenant, CancellationToken cancellation) =>
        call.Card is { } card && Id<Card>.TryParse(card, null, out var id)
            ? call with { Token = await vault.ProviderTokenAsync(tenant, id, call.Provider, cancellation) }
            : call;

    private async Task<ProviderOutcome> CallAsync(ProviderCall call, JobRun run, CancellationToken cancellation)
    {
        var asked = await WithTokenAsync(call, run.Tenant, cancellation);
        return await providers.AskAsync(call.Provider, (provider, token) => provider.CallAsync(run.Tenant, asked, token), cancellation);
    }

    /// <summary>Why there is no outcome.</summary>
    private sealed record Silence(bool WasAsked, string Why);

    /// <summary>Whether it is certain that the provider holds nothing, and never will.</summary>
    private static bool WasNotAsked(ProviderCall call, JobRun run, ProviderOutcome? outcome, Silence? silence) =>
        call.Operation == PaymentOperation.Authorize
        && (outcome?.Code == ProviderOutcome.UnavailableCode || (silence is { WasAsked: false } && run.IsFirst));

    private string? NextFor(ProviderCall call) => providers.ChooseAfter(call.Provider, new Money(call.AmountMinor, call.Currency), call.Brand);

    private static async ValueTask GoElsewhereAsync(Transaction tx, JobRun run, ProviderCall call, string provider, string why)
    {
        var payment = await FindAsync(tx, run, call);
        await Consequences.FollowAsync(
            tx,
            payment.GoElsewhere(provider, $"{call.Provider}: {why}"),
            new PaymentSource(call.Token, call.Card, call.Brand, call.IsSetUp, call.IsOffSession, call.ReturnUrl));
    }

    /// <summary>What is owed and was refused is asked for again, later and under another key: one key has one outcome.</summary>
    private async ValueTask SettleAsync(Transaction tx, JobRun run, ProviderCall call, ProviderOutcome outcome)
    {
        var payment = await FindAsync(tx, run, call);
        var refund = call.Refund is { } id ? await RefundsStore.FindAsync(tx, run.Tenant, id) : null;
        var decision = refund is null ? payment.Settle(call.Operation, outcome) : payment.SettleRefund(refund, outcome);
        var isAskedAgain = !outcome.Succeeded && (call.Operation == PaymentOperation.Void || refund?.IsOwed == true);
        if (decision is null || !isAskedAgain)
        {
            await Consequences.FollowAsync(tx, decision);
            return;
        }
        var turn = call.Turn + 1;
        var next = tx.Now + options.Backoff.After(turn, chance);
        await Consequences.FollowAsync(tx, decision with { Detail = $"refused with {outcome.Code}; try {turn}, asked again at {next:yyyy-MM-ddTHH:mm:ssZ}" });
        await tx.ScheduleAsync(run.Tenant, call with { Turn = turn, At = next }, next);
    }

    private async Task AskLaterAsync(ProviderCall call, JobRun run, string why, CancellationToken cancellation)
    {
        if (run.Attempt < options.MaxTries)
        {
            var next = time.GetUtcNow() + options.Backoff.After(run.Attempt, chance);
            await run.AgainAtAsync(
                next, tx => NoteAsync(tx, run, call, $"{why}; try {run.Attempt}, asked again at {next:yyyy-MM-ddTHH:mm:ssZ}"), cancellation);
            return;
        }
        var sentence = $"{why}; try {run.Attempt}, left to the operator";
        // A busy shard must not refuse the note: the job would then call the provider once more.
        await store.ShardOf(ShardKey.Of(call.Payment)).WriteAsync(
            async tx =>
            {
                await NoteAsync(tx, run, call, sentence);
                return true;
            },
            WritePriority.Background,
            cancellation);
        throw new JobGivenUpException($"{call.Payment}, {call.Operation.Name}: {sentence}.");
    }

    private static async ValueTask NoteAsync(Transaction tx, JobRun run, ProviderCall call, string sentence) =>
        await Consequences.FollowAsync(tx, (await FindAsync(tx, run, call)).NoAnswer(call.Operation, sentence));

    private static async ValueTask<Payment> FindAsync(Transaction tx, JobRun run, ProviderCall call) =>
        await PaymentsStore.FindAsync(tx, run.Tenant, call.Payment) ?? throw new InvalidOperationException($"{call.Payment} is not there.");
}

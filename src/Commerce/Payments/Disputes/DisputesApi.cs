using Basin.Payments.Providers;
using Basin.Payments.Stripe;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Disputes;

/// <summary>Tells a provider what a merchant says to a dispute, until it has taken it.</summary>
/// <param name="Evidence">Null when the merchant gives in.</param>
public sealed record DisputeAnswer(Id<Dispute> Dispute, Id<Payment> Payment, string Provider, string Reference, IReadOnlyDictionary<string, string>? Evidence)
    : IJob<DisputeAnswer>
{
    static JobType<DisputeAnswer> IJob<DisputeAnswer>.Type { get; } = new("payments.dispute-answer.v1", Disputes.Dispute.Prefix, RecordsJson.Default.DisputeAnswer);

    long IJob<DisputeAnswer>.Key => Payment.Value;
}

/// <summary>The use cases of disputes.</summary>
internal sealed class DisputesApi(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers, PaymentsOptions options, TimeProvider time, Randomness chance)
{
    /// <param name="change">What the merchant has changed; null gives in.</param>
    /// <param name="submits">Whether the evidence goes to the bank now.</param>
    public Task<StripeAnswer> RespondAsync(
        StripeRequest request, string id, Func<Dispute, Dispute>? change, bool submits, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                var dispute = await Records.FindAsync(tx, request.Tenant, known) ?? throw NoSuch(id);
                if ((submits || change is null) && !dispute.AwaitsResponse)
                    throw StripeErrors.Invalid(null, "This dispute is already closed or under review.", "dispute_already_responded").Refusal();
                var changed = change is null ? dispute : change(dispute);
                changed = change is null ? changed with { Status = dispute.IsInquiry ? DisputeStatus.WarningUnderReview : DisputeStatus.UnderReview } : submits ? changed.Submit() : changed;
                await Records.ChangeAsync(tx, changed);
                var payment = await PaymentsStore.FindAsync(tx, request.Tenant, dispute.Payment);
                if (submits || change is null)
                    await tx.ScheduleAsync(request.Tenant, AnswerOf(changed, payment!, gives: change is null), tx.Now);
                await DisputeSteps.TellAsync(tx, payment!, changed, "charge.dispute.updated");
                return StripeAnswer.Ok(await DisputeSteps.ShapeOfAsync(tx, changed), StripeJson.Default.DisputeShape);
            },
            cancellation);
    }

    public async Task<DisputeShape> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await store.ReadAsync(
            ShardKey.Of(known),
            async snapshot => await Records.FindAsync(snapshot, tenant, known) is { } dispute ? await DisputeSteps.ShapeOfAsync(snapshot, dispute) : null,
            cancellation) ?? throw NoSuch(id);
    }

    public async Task<List<(Dispute Dispute, DisputeShape Shape)>> ListAsync(Id<Tenant> tenant, RecordQuery query, CancellationToken cancellation)
    {
        var disputes = await Records.ListAsync<Dispute>(store, tenant, query, cancellation);
        var found = new List<(Dispute, DisputeShape)>(disputes.Count);
        foreach (var dispute in disputes)
            found.Add((dispute, await store.ReadAsync(ShardKey.Of(dispute.Id), snapshot => DisputeSteps.ShapeOfAsync(snapshot, dispute), cancellation)));
        return found;
    }

    /// <summary>The provider decides later, and tells by a notice.</summary>
    public async Task AnswerAsync(DisputeAnswer answer, JobRun run, CancellationToken cancellation)
    {
        try
        {
            await providers.AskAsync(
                answer.Provider,
                async (provider, token) =>
                {
                    await provider.AnswerDisputeAsync(run.Tenant, answer, token);
                    return true;
                },
                cancellation);
        }
        catch (Exception failure) when (failure is not ProblemException && run.Attempt < options.MaxTries && !cancellation.IsCancellationRequested)
        {
            await run.AgainAtAsync(time.GetUtcNow() + options.Backoff.After(run.Attempt, chance), static _ => ValueTask.CompletedTask, cancellation);
            return;
        }
        await run.CompleteAsync(cancellation);
    }

    private static DisputeAnswer AnswerOf(Dispute dispute, Payment payment, bool gives) =>
        new(dispute.Id, payment.Id, payment.Provider, dispute.Reference, gives ? null : dispute.Evidence);

    private static Id<Dispute> IdOf(string text) => Id<Dispute>.TryParse(text, null, out var id) ? id : throw NoSuch(text);

    private static ProblemException NoSuch(string id) =>
        (StripeErrors.NoSuch("dispute", id, "dispute") with { Status = StatusCodes.Status404NotFound }).Refusal();
}

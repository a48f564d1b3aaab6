using Basin.Payments.Disputes;
using Basin.Payments.Stripe;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>The use cases of refunds.</summary>
internal sealed class RefundsApi([FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderNews news)
{
    /// <param name="payment">What is given back, found by a charge or an intent.</param>
    public Task<StripeAnswer> CreateAsync(
        StripeRequest request, Id<Payment> payment, long? amountMinor, string? reason, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation) =>
        request.WriteAsync(
            store,
            ShardKey.Of(payment),
            async tx =>
            {
                var found = await PaymentsStore.FindAsync(tx, request.Tenant, payment) ?? throw ChargesApi.NoSuch(Charge.IdOf(payment).ToString(), "charge");
                if (await DisputeSteps.HoldMoneyAsync(tx, found))
                    throw StripeErrors.Invalid(null, $"Charge {Charge.IdOf(payment)} has been charged back; cannot issue a refund.", "charge_disputed").Refusal();
                var decision = Begin(found, tx.NewId<Refund>(), amountMinor, reason);
                decision = decision with { Begins = decision.Begins! with { Metadata = metadata, CreatedAt = tx.Now } };
                await Consequences.FollowAsync(tx, decision);
                return decision.Begins.Id.ToString();
            },
            async (reference, cancelled) => StripeAnswer.Ok(
                await WaitAsync(request.Tenant, IdOf(reference), cancelled), StripeJson.Default.RefundShape),
            cancellation);

    public async Task<RefundShape> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        (await FindAsync(tenant, IdOf(id), cancellation)).Shape;

    /// <param name="payment">Only those of this payment.</param>
    public async Task<List<(Refund Refund, RefundShape Shape)>> ListAsync(
        Id<Tenant> tenant, RecordQuery query, Id<Payment>? payment, CancellationToken cancellation)
    {
        var refunds = await RefundsStore.ListAsync(store, tenant, query, payment?.Value, cancellation);
        var found = new List<(Refund, RefundShape)>(refunds.Count);
        foreach (var refund in refunds)
            found.Add((refund, await store.ReadAsync(ShardKey.Of(refund.Payment), snapshot => ShapeOfAsync(snapshot, refund), cancellation)));
        return found;
    }

    public Task<StripeAnswer> UpdateAsync(StripeRequest request, string id, MetadataChange metadata, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                var refund = await RefundsStore.FindAsync(tx, request.Tenant, known) ?? throw NoSuch(id);
                var changed = refund with { Metadata = metadata.ApplyTo(refund.Metadata) };
                await RefundsStore.ChangeAsync(tx, changed);
                return StripeAnswer.Ok(await ShapeOfAsync(tx, changed), StripeJson.Default.RefundShape);
            },
            cancellation);
    }

    /// <summary>The refusals of a payment in Stripe's words.</summary>
    private static Decision Begin(Payment payment, Id<Refund> id, long? amountMinor, string? reason)
    {
        var name = Charge.IdOf(payment.Id);
        if (payment.CapturedMinor == 0)
            throw StripeErrors.Invalid(null, $"Charge {name} was not captured; there is nothing to give back.", "charge_not_refundable").Refusal();
        if (payment.RefundableMinor == 0)
            throw StripeErrors.Invalid(null, $"Charge {name} has already been refunded.", "charge_already_refunded").Refusal();
        if (amountMinor > payment.RefundableMinor)
        {
            var (asked, left) = (new Money(amountMinor.Value, payment.Currency), new Money(payment.RefundableMinor, payment.Currency));
            throw StripeErrors.Invalid("amount", $"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})", "amount_too_large").Refusal();
        }
        return payment.Refund(id, amountMinor, reason);
    }

    private async Task<RefundShape> WaitAsync(Id<Tenant> tenant, Id<Refund> id, CancellationToken cancellation)
    {
        var (refund, shape) = await FindAsync(tenant, id, cancellation);
        if (refund.IsSettled)
            return shape;
        return (await news.WaitAsync(refund.Payment, () => FindAsync(tenant, id, cancellation), found => found.Refund.IsSettled, cancellation)).Shape;
    }

    private async Task<(Refund Refund, RefundShape Shape)> FindAsync(Id<Tenant> tenant, Id<Refund> id, CancellationToken cancellation)
    {
        var found = await store.ReadAsync(
            ShardKey.Of(id),
            async snapshot => await RefundsStore.FindAsync(snapshot, tenant, id) is { } refund ? Tuple.Create(refund, await ShapeOfAsync(snapshot, refund)) : null,
            cancellation);
        return found is null ? throw NoSuch(id.ToString()) : (found.Item1, found.Item2);
    }

    /// <summary>A refund is in the shard of its payment.</summary>
    private static async ValueTask<RefundShape> ShapeOfAsync(Snapshot snapshot, Refund refund)
    {
        var payment = await PaymentsStore.FindAsync(snapshot, refund.Tenant, refund.Payment);
        return await Charges.ShapeOfAsync(snapshot, payment!, refund);
    }

    private static Id<Refund> IdOf(string text) => Id<Refund>.TryParse(text, null, out var id) ? id : throw NoSuch(text);

    private static ProblemException NoSuch(string id) =>
        (StripeErrors.NoSuch("refund", id, "refund") with { Status = StatusCodes.Status404NotFound }).Refusal();
}

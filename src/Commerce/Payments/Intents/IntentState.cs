using Basin.Payments.Stripe;

namespace Basin.Payments;

/// <summary>An intent with its last attempt, as they are in one view of their shard.</summary>
internal sealed record IntentState(PaymentIntent Intent, Payment? Attempt, Charge? Charge)
{
    /// <summary>Whether the provider has answered what it was asked.</summary>
    public bool IsSettled => Attempt?.Awaited is null or PaymentOperation.Void;

    public PaymentIntentShape Shape => PaymentIntentShape.Of(Intent, Attempt, Charge);

    /// <returns>Null when there is no such intent.</returns>
    public static async ValueTask<IntentState?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<PaymentIntent> id) =>
        await Records.FindAsync(snapshot, tenant, id) is { } intent ? await OfAsync(snapshot, intent) : null;

    public static async ValueTask<IntentState> OfAsync(Snapshot snapshot, PaymentIntent intent)
    {
        if (intent.Attempt is not { } attempt)
            return new IntentState(intent, null, null);
        var payment = await PaymentsStore.FindAsync(snapshot, intent.Tenant, attempt);
        return new IntentState(intent, payment, await ChargesStore.FindAsync(snapshot, intent.Tenant, attempt));
    }
}

using Basin.Payments.Customers;

namespace Basin.Payments;

/// <summary>What follows for an intent from a step of its last attempt.</summary>
internal static class IntentSteps
{
    public static async ValueTask FollowAsync(Transaction tx, Decision decision)
    {
        var payment = decision.Payment;
        if (payment.Intent is not { } id || decision.Step is not ("authorized" or "incremented"))
            return;
        var intent = await Records.FindAsync(tx, payment.Tenant, id);
        if (decision.Step == "incremented")
            await Records.ChangeAsync(tx, intent! with { Amount = intent.Amount with { Minor = payment.AmountMinor } });
        // The method may be in another shard; and whoever asked may be gone, while the customer proves who they are.
        else if (intent is { FutureUsage: not null, Customer: { } customer, AttemptMethod: { } method } && intent.Attempt == payment.Id)
            await tx.ScheduleAsync(payment.Tenant, new MethodKeep(method, customer), tx.Now);
    }
}

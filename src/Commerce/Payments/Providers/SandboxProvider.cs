using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Providers;

/// <summary>
/// A provider outside, played inside the process. Its books are a system of their own, so that they survive whatever becomes of the caller, and
/// the caller cannot touch them. It knows no cards, only these tokens:
/// <c>tok_visa</c> and <c>tok_mastercard</c> succeed; <c>tok_chargeDeclined</c>, <c>tok_chargeDeclinedInsufficientFunds</c> and
/// <c>tok_chargeDeclinedExpiredCard</c> are declined; <c>tok_timeout</c> loses the first call; <c>tok_unknown</c> loses the first answer;
/// <c>tok_slow</c> takes its time; <c>tok_captureFails</c> can be held but not taken. Any other is declined as <c>invalid_token</c>.
/// </summary>
public sealed class SandboxProvider(
    [FromKeyedServices(SandboxProvider.System)] Store store, SandboxOptions options, TimeProvider time, Randomness chance) : IPaymentProvider
{
    internal const string System = "sandbox";

    public async Task<ProviderOutcome> CallAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation)
    {
        await DelayAsync(call.Token == "tok_slow" ? options.Latency + options.SlowAnswer : options.Latency, cancellation);
        BreakSometimes();
        var (outcome, isLost) = await WriteAsync(call, tx => OutcomeAsync(tx, tenant, call), cancellation);
        if (isLost)
            throw new TimeoutException("The provider did not answer in time.");
        BreakSometimes();
        return outcome;
    }

    public async Task<ProviderOutcome?> FindAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation)
    {
        await DelayAsync(options.Latency, cancellation);
        BreakSometimes();
        return await store.ReadAsync(KeyOf(call), snapshot => SandboxBooks.FindCallAsync(snapshot, tenant, call.Key), cancellation);
    }

    public async Task<IReadOnlyList<ProviderCharge>> ListChargesAsync(
        Id<Tenant> tenant, Id<Payment> after, Id<Payment> through, CancellationToken cancellation) =>
        await store.ReadAllAsync(snapshot => SandboxBooks.ListChargesAsync(snapshot, tenant, after, through), cancellation);

    /// <summary>What a call comes to, and whether the caller does not get to know.</summary>
    private static async ValueTask<(ProviderOutcome Outcome, bool IsLost)> OutcomeAsync(Transaction tx, Id<Tenant> tenant, ProviderCall call)
    {
        if (await SandboxBooks.FindCallAsync(tx, tenant, call.Key) is { } kept)
            return (kept, false);
        if (call.Token == "tok_timeout" && await SandboxBooks.LoseOnceAsync(tx, tenant, call.Key))
            return (new ProviderOutcome(null, null), true);
        var outcome = call.Operation == PaymentOperation.Authorize
            ? await AuthorizeAsync(tx, tenant, call)
            : await ChangeAsync(tx, tenant, call);
        await SandboxBooks.KeepCallAsync(tx, tenant, call.Key, outcome);
        return (outcome, call.Token == "tok_unknown");
    }

    private static async ValueTask<ProviderOutcome> AuthorizeAsync(Transaction tx, Id<Tenant> tenant, ProviderCall call)
    {
        if (WhyDeclined(call.Token) is { } code)
            return new ProviderOutcome(null, code);
        var charge = tx.NewId<Charge>();
        await SandboxBooks.OpenChargeAsync(tx, tenant, charge, call);
        return new ProviderOutcome(charge.ToString(), null);
    }

    private static async ValueTask<ProviderOutcome> ChangeAsync(Transaction tx, Id<Tenant> tenant, ProviderCall call)
    {
        if (!Id<Charge>.TryParse(call.Charge, out var id) || await SandboxBooks.FindChargeAsync(tx, tenant, id) is not { } charge)
            return new ProviderOutcome(call.Charge, "no_such_charge");
        var code = WhyRefused(charge, call);
        if (code is null)
            await SandboxBooks.ChangeChargeAsync(tx, tenant, id, call);
        return new ProviderOutcome(call.Charge, code);
    }

    private static string? WhyDeclined(string? token) => token switch
    {
        "tok_visa" or "tok_mastercard" or "tok_timeout" or "tok_unknown" or "tok_slow" or "tok_captureFails" => null,
        "tok_chargeDeclined" => "card_declined",
        "tok_chargeDeclinedInsufficientFunds" => "insufficient_funds",
        "tok_chargeDeclinedExpiredCard" => "expired_card",
        _ => "invalid_token",
    };

    private static string? WhyRefused(Charge charge, ProviderCall call) => call.Operation switch
    {
        PaymentOperation.Capture when charge.Token == "tok_captureFails" => "capture_failed",
        PaymentOperation.Capture when charge.Voided => "charge_voided",
        PaymentOperation.Capture when call.AmountMinor > charge.AuthorizedMinor - charge.CapturedMinor => "amount_too_large",
        PaymentOperation.Void when charge.Voided => "charge_voided",
        PaymentOperation.Void when charge.CapturedMinor > 0 => "charge_captured",
        PaymentOperation.Refund when call.AmountMinor > charge.CapturedMinor - charge.RefundedMinor => "amount_too_large",
        _ => null,
    };

    /// <summary>A charge knows its shard; what makes a charge goes where its key says.</summary>
    private static ShardKey KeyOf(ProviderCall call) =>
        Id<Charge>.TryParse(call.Charge, out var charge) ? ShardKey.Of(charge) : ShardKey.Of(call.Key);

    // An outside provider has no part in the queue limits of this process; those who call it bound themselves.
    private Task<T> WriteAsync<T>(ProviderCall call, Func<Transaction, ValueTask<T>> work, CancellationToken cancellation) =>
        store.ShardOf(KeyOf(call)).WriteAsync(work, WritePriority.Background, cancellation);

    private Task DelayAsync(TimeSpan delay, CancellationToken cancellation) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellation) : Task.CompletedTask;

    private void BreakSometimes()
    {
        if (options.ErrorRate > 0 && chance.NextDouble() < options.ErrorRate / 2)
            throw new IOException("The connection to the provider broke.");
    }
}

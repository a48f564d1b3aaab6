using System.Text.Json;
using Basin.Payments.Disputes;

namespace Basin.Payments.Providers;

/// <summary>
/// A provider outside, played inside the process. Its books are a system of their own, so that they survive whatever becomes of the caller, and
/// the caller cannot touch them. It knows no cards, only the tokens of <see cref="SandboxCards"/>; any other is declined as <c>invalid_token</c>.
/// </summary>
public sealed class SandboxProvider(
    string name, Store store, SandboxOptions options, Func<string> publicUrl, TimeProvider time, Randomness chance) : IPaymentProvider
{
    /// <summary>What a dispute costs, in the currency's minor unit.</summary>
    private const long DisputeFeeMinor = 1500;

    private const string WinningEvidence = "winning_evidence";

    internal const string System = "sandbox";

    /// <summary>The name of the second one.</summary>
    internal const string Reserve = "reserve";

    public string Name => name;

    public async Task<ProviderOutcome> CallAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation)
    {
        var behaviour = SandboxCards.Find(call.Token)?.Behaviour;
        await DelayAsync(behaviour == Behaviour.Slow ? options.Latency + options.SlowAnswer : options.Latency, cancellation);
        BreakSometimes();
        var (outcome, isLost) = await WriteAsync(KeyOf(call), tx => OutcomeAsync(tx, tenant, call, behaviour), cancellation);
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

    public async Task<ProviderOutcome> SetUpAsync(Id<Tenant> tenant, ProviderSetup setup, CancellationToken cancellation)
    {
        await DelayAsync(options.Latency, cancellation);
        BreakSometimes();
        var outcome = await WriteAsync(ShardKey.Of(setup.Key), tx => SetUpAsync(tx, tenant, setup), cancellation);
        BreakSometimes();
        return outcome;
    }

    public async Task<IReadOnlyList<ProviderCharge>> ListChargesAsync(
        Id<Tenant> tenant, Id<Payment> after, Id<Payment> through, CancellationToken cancellation) =>
        await store.ReadAllAsync(snapshot => SandboxBooks.ListChargesAsync(snapshot, tenant, after, through), cancellation);

    /// <summary>What a call comes to, and whether the caller does not get to know.</summary>
    private async ValueTask<(ProviderOutcome Outcome, bool IsLost)> OutcomeAsync(
        Transaction tx, Id<Tenant> tenant, ProviderCall call, Behaviour? behaviour)
    {
        if (await SandboxBooks.FindCallAsync(tx, tenant, call.Key) is { } kept)
            return (kept, false);
        if (behaviour == Behaviour.LosesCall && await SandboxBooks.LoseOnceAsync(tx, tenant, call.Key))
            return (new ProviderOutcome(null, null), true);
        if (behaviour == Behaviour.Unavailable && call.Operation == PaymentOperation.Authorize && name == System)
            return (new ProviderOutcome(null, ProviderOutcome.UnavailableCode), false);
        var outcome = call.Operation == PaymentOperation.Authorize
            ? await AuthorizeAsync(tx, tenant, call)
            : await ChangeAsync(tx, tenant, call);
        await SandboxBooks.KeepCallAsync(tx, tenant, call.Key, outcome);
        return (outcome, behaviour == Behaviour.LosesAnswer);
    }

    private async ValueTask<ProviderOutcome> AuthorizeAsync(Transaction tx, Id<Tenant> tenant, ProviderCall call)
    {
        var card = SandboxCards.Find(call.Token);
        if (card is null)
            return new ProviderOutcome(null, "invalid_token");
        if (card.Behaviour is Behaviour.Declines or Behaviour.DeclinesCharges or Behaviour.Blocked)
            return new ProviderOutcome(null, card.Code);
        var asks = card.Behaviour is Behaviour.AsksCustomer or Behaviour.AsksCustomerThenDeclines
            || (card.Behaviour == Behaviour.AsksCustomerUnlessSetUp && !call.IsSetUp);
        if (asks && call.IsOffSession)
            return new ProviderOutcome(null, Payment.AuthenticationRequiredCode);
        var charge = tx.NewId<SandboxCharge>();
        await SandboxBooks.OpenChargeAsync(tx, tenant, charge, call, asks ? Proof.Asked : Proof.NotAsked);
        return new ProviderOutcome(charge.ToString(), null) { ActionUrl = asks ? $"{publicUrl()}/sandbox/3d-secure/{name}/{charge}" : null };
    }

    private async ValueTask<ProviderOutcome> SetUpAsync(Transaction tx, Id<Tenant> tenant, ProviderSetup asked)
    {
        var card = SandboxCards.Find(asked.Token);
        if (card is null)
            return new ProviderOutcome(null, "invalid_token");
        if (card.Behaviour is Behaviour.Declines or Behaviour.Blocked)
            return new ProviderOutcome(null, card.Code);
        var setup = await SandboxBooks.FindSetupAsync(tx, tenant, asked.Key);
        if (setup is null)
        {
            var asks = card.Behaviour is Behaviour.AsksCustomer or Behaviour.AsksCustomerUnlessSetUp or Behaviour.AsksCustomerThenDeclines;
            setup = new SandboxSetup(tx.NewId<SandboxSetup>(), asked.Key, asked.Token, asks ? Proof.Asked : Proof.NotAsked);
            await SandboxBooks.OpenSetupAsync(tx, tenant, setup);
        }
        return new ProviderOutcome(setup.Id.ToString(), setup.Proof == Proof.Failed ? "authentication_failed" : null)
        {
            ActionUrl = setup.Proof == Proof.Asked ? $"{publicUrl()}/sandbox/setup/{name}/{setup.Id}" : null,
        };
    }

    private async ValueTask<ProviderOutcome> ChangeAsync(Transaction tx, Id<Tenant> tenant, ProviderCall call)
    {
        if (!Id<SandboxCharge>.TryParse(call.Charge, out var id) || await SandboxBooks.FindChargeAsync(tx, tenant, id) is not { } charge)
            return new ProviderOutcome(call.Charge, "no_such_charge");
        if (WhyRefused(charge, call) is { } code)
            return new ProviderOutcome(call.Charge, code);
        var fee = call.Operation == PaymentOperation.Capture ? FeeOf(call.AmountMinor) : 0;
        await SandboxBooks.ChangeChargeAsync(tx, tenant, id, Change(charge, call), fee);
        var card = SandboxCards.Find(charge.Token)!;
        if (NoticeAfter(tenant, id, call, card) is { } notice)
            await tx.ScheduleAsync(tenant, new SandboxNotice(notice, id), tx.Now);
        return new ProviderOutcome(call.Charge, null)
        {
            FeeMinor = fee,
            IsAvailable = card.Behaviour == Behaviour.AvailableAtOnce,
            IsPending = call.Operation == PaymentOperation.Refund && card.Behaviour == Behaviour.RefundsLate,
        };
    }

    /// <summary>What some cards make the provider tell by itself.</summary>
    private static ProviderNotice? NoticeAfter(Id<Tenant> tenant, Id<SandboxCharge> charge, ProviderCall call, SandboxCard card) => (call.Operation, card.Behaviour) switch
    {
        (PaymentOperation.Capture, Behaviour.Disputed or Behaviour.Inquired) => new ProviderNotice(
            $"{charge}:disputed", NoticeKind.DisputeOpened, tenant, call.Payment, $"dispute_{charge}", call.AmountMinor,
            card.Behaviour == Behaviour.Inquired ? 0 : DisputeFeeMinor, card.Code, card.Behaviour == Behaviour.Inquired),
        (PaymentOperation.Refund, Behaviour.RefundsLate) => new ProviderNotice(
            $"{call.Key}:arrived", NoticeKind.RefundSucceeded, tenant, call.Payment, call.Refund.ToString(), call.AmountMinor),
        (PaymentOperation.Refund, Behaviour.RefundFails) => new ProviderNotice(
            $"{call.Key}:returned", NoticeKind.RefundFailed, tenant, call.Payment, call.Refund.ToString(), call.AmountMinor, Reason: card.Code),
        _ => null,
    };

    public async Task AnswerDisputeAsync(Id<Tenant> tenant, DisputeAnswer answer, CancellationToken cancellation)
    {
        await DelayAsync(options.Latency, cancellation);
        BreakSometimes();
        var won = answer.Evidence?.Values.Contains(WinningEvidence) == true;
        var charge = Id<SandboxCharge>.Parse(answer.Reference["dispute_".Length..], null);
        var notice = new ProviderNotice(
            $"{charge}:decided", won ? NoticeKind.DisputeWon : NoticeKind.DisputeLost, tenant, answer.Payment, answer.Reference);
        await store.ShardOf(ShardKey.Of(charge)).WriteAsync(
            async tx =>
            {
                await tx.ScheduleAsync(tenant, new SandboxNotice(notice, charge), tx.Now);
                return true;
            },
            WritePriority.Background,
            cancellation);
    }

    public ProviderNotice? ReadNotice(ReadOnlyMemory<byte> body, string signature) => SandboxSignature.IsOf(body.Span, signature)
        ? JsonSerializer.Deserialize(body.Span, RecordsJson.Default.ProviderNotice)
        : null;

    /// <summary>The customer proves who they are on the sandbox's page, or does not.</summary>
    /// <returns>Where they come back to; null when there is nothing to prove any more, or no way back.</returns>
    internal Task<string?> ProveAsync(Id<SandboxCharge> charge, bool succeeds, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(charge),
        async tx =>
        {
            if (await SandboxBooks.FindProofAsync(tx, charge) is not { } asked || !await SandboxBooks.ProveAsync(tx, asked.Tenant, charge, succeeds))
                return null;
            var notice = new ProviderNotice($"{charge}:returned", NoticeKind.CustomerReturned, asked.Tenant, asked.Payment);
            await tx.ScheduleAsync(asked.Tenant, new SandboxNotice(notice, charge), tx.Now);
            return asked.ReturnUrl;
        },
        cancellation);

    /// <summary>The customer does what a setup asks of them, or fails to; only the first time counts.</summary>
    internal Task<bool> ProveSetupAsync(Id<Tenant> tenant, Id<SandboxSetup> setup, bool succeeds, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(setup),
        async tx => await SandboxBooks.ProveSetupAsync(tx, tenant, setup, succeeds) is not null,
        cancellation);

    internal ValueTask<SetupAsked?> FindSetupAsync(Id<SandboxSetup> setup, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.Of(setup), snapshot => SandboxBooks.FindAskedAsync(snapshot, setup), cancellation);

    internal ValueTask<ProofAsked?> FindProofAsync(Id<SandboxCharge> charge, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.Of(charge), snapshot => SandboxBooks.FindProofAsync(snapshot, charge), cancellation);

    private static SandboxCharge Change(SandboxCharge charge, ProviderCall call) => call.Operation switch
    {
        PaymentOperation.Complete or PaymentOperation.Increment => charge with { AuthorizedMinor = call.AmountMinor },
        PaymentOperation.Capture => charge with { CapturedMinor = charge.CapturedMinor + call.AmountMinor },
        PaymentOperation.Refund => charge with { RefundedMinor = charge.RefundedMinor + call.AmountMinor },
        _ => charge with { Voided = true },
    };

    private static string? WhyRefused(SandboxCharge charge, ProviderCall call)
    {
        var card = SandboxCards.Find(charge.Token);
        return call.Operation switch
        {
            PaymentOperation.Complete when charge.Proof != Proof.Given => "authentication_failed",
            PaymentOperation.Complete when card?.Behaviour == Behaviour.AsksCustomerThenDeclines => card.Code,
            PaymentOperation.Increment when charge.Voided || charge.CapturedMinor > 0 => "charge_not_held",
            PaymentOperation.Capture when card?.Behaviour == Behaviour.CaptureFails => card.Code,
            PaymentOperation.Capture when charge.Voided => "charge_voided",
            PaymentOperation.Capture when call.AmountMinor > charge.AuthorizedMinor - charge.CapturedMinor => "amount_too_large",
            PaymentOperation.Void when charge.Voided => "charge_voided",
            PaymentOperation.Void when charge.CapturedMinor > 0 => "charge_captured",
            PaymentOperation.Refund when call.AmountMinor > charge.CapturedMinor - charge.RefundedMinor => "amount_too_large",
            _ => null,
        };
    }

    private long FeeOf(long amountMinor) => Math.Min(amountMinor, (((amountMinor * options.FeePerMille) + 500) / 1000) + options.FeeMinor);

    /// <summary>A charge knows its shard; what makes a charge goes where its key says.</summary>
    private static ShardKey KeyOf(ProviderCall call) =>
        Id<SandboxCharge>.TryParse(call.Charge, out var charge) ? ShardKey.Of(charge) : ShardKey.Of(call.Key);

    // An outside provider has no part in the queue limits of this process; those who call it bound themselves.
    private Task<T> WriteAsync<T>(ShardKey shard, Func<Transaction, ValueTask<T>> work, CancellationToken cancellation) =>
        store.ShardOf(shard).WriteAsync(work, WritePriority.Background, cancellation);

    private Task DelayAsync(TimeSpan delay, CancellationToken cancellation) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellation) : Task.CompletedTask;

    private void BreakSometimes()
    {
        if (options.ErrorRate > 0 && chance.NextDouble() < options.ErrorRate / 2)
            throw new IOException("The connection to the provider broke.");
    }
}

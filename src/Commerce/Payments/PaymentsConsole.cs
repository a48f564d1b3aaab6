using Basin.Ledger;
using Basin.Payments.Disputes;
using Basin.Payments.Providers;
using Basin.Payments.Reconciling;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>A currency as operators see it, in its minor unit.</summary>
/// <param name="Captures">How many today.</param>
/// <param name="CapturedMinor">Today, as the next three.</param>
/// <param name="AvailableMinor">What can be paid out now.</param>
/// <param name="PendingMinor">What can be paid out later.</param>
internal sealed record CurrencyOverview(
    string Currency, long Captures, long CapturedMinor, long FeesMinor, long GivenBackMinor, long DisputedMinor, long AvailableMinor, long PendingMinor);

/// <param name="IsLeftAlone">Whether it fails most of its calls, and is not asked for now.</param>
internal sealed record ProviderOverview(string Name, bool IsLeftAlone);

/// <summary>A payment with all that belongs to it.</summary>
internal sealed record PaymentDetails(
    Payment Payment, IReadOnlyList<PaymentStep> History, IReadOnlyList<Refund> Refunds, IReadOnlyList<Dispute> Disputes,
    IReadOnlyList<BalanceTransaction> Lines)
{
    /// <summary>What can be given back by whoever asks.</summary>
    public long RefundableMinor => Disputes.Any(dispute => dispute.HoldsMoney) ? 0 : Payment.RefundableMinor;
}

/// <param name="Booked">Null when the ledger does not have it yet.</param>
internal sealed record PaymentLeg(ExpectedLeg Expected, TransferView? Booked);

/// <summary>What an operator types to give money back.</summary>
internal sealed record RefundForm(string Amount, string Reason);

/// <summary>What the pages of the console ask.</summary>
internal sealed class PaymentsConsole([FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers, ILedger ledger, TimeProvider time)
{
    private const int MaxRefunds = 100;
    private const int MaxReason = 200;

    /// <summary>Today by UTC, and what the providers owe.</summary>
    public async Task<IReadOnlyList<CurrencyOverview>> SumAsync(Id<Tenant> tenant, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var today = Reconciliation.StartOf(Reconciliation.DayOf(now));
        var moved = await store.ReadAllAsync(snapshot => BalanceStore.SumAsync(snapshot, tenant, today, today.AddDays(1)), cancellation);
        var days = await store.ReadAllAsync(snapshot => BalanceStore.ListDaysAsync(snapshot, tenant), cancellation);
        var currencies = moved.Select(one => one.Currency).Concat(days.Select(day => day.Currency)).Distinct().Order(StringComparer.Ordinal);
        return [.. currencies.Select(currency => Sum(
            currency, moved.FindAll(one => one.Currency == currency), days.FindAll(day => day.Currency == currency), now))];
    }

    public IReadOnlyList<ProviderOverview> Providers => [.. providers.Names.Select(name => new ProviderOverview(name, providers.IsOpen(name)))];

    /// <summary>Newest first.</summary>
    public async Task<Page<Payment>> ListAsync(Id<Tenant> tenant, PaymentState? state, Paging paging, CancellationToken cancellation)
    {
        var found = await PaymentsStore.ListAsync(store, tenant, paging.AfterNumber(long.MaxValue), paging.Limit + 1, cancellation, state);
        return paging.PageOf(found, payment => $"{payment.Id.Value}");
    }

    /// <summary>The attempts of an intent, newest first.</summary>
    public async Task<Page<Payment>> ListAttemptsAsync(Id<Tenant> tenant, Id<PaymentIntent> intent, Paging paging, CancellationToken cancellation)
    {
        var query = new RecordQuery(From: 0, Before: paging.AfterNumber(long.MaxValue), paging.Limit + 1);
        var found = await PaymentsStore.ListAsync(store, tenant, query, intent.Value, customer: null, cancellation);
        return paging.PageOf(found, payment => $"{payment.Id.Value}");
    }

    public ValueTask<PaymentDetails?> FindAsync(Id<Tenant> tenant, Id<Payment> id, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.Of(id),
        async snapshot => await PaymentsStore.FindAsync(snapshot, tenant, id) is not { } payment ? null : new PaymentDetails(
            payment,
            await PaymentsStore.HistoryAsync(snapshot, tenant, id) ?? [],
            await RefundsStore.ListOfPaymentAsync(snapshot, tenant, id, MaxRefunds),
            await Records.ListOfOwnerAsync<Dispute>(snapshot, tenant, id.Value),
            await BalanceStore.ListOfPaymentAsync(snapshot, tenant, id)),
        cancellation);

    /// <returns>Null when the ledger does not answer.</returns>
    public async Task<IReadOnlyList<PaymentLeg>?> FindLegsAsync(PaymentDetails details, CancellationToken cancellation)
    {
        var legs = ExpectedLegs.Of(details.Payment, details.Lines).ToList();
        if (legs.Count == 0)
            return [];
        try
        {
            var extract = await ledger.FindAsync(details.Payment.Tenant, [], [.. legs.Select(leg => leg.Id)], cancellation);
            var booked = extract.Transfers.ToDictionary(one => one.Transfer.Id, one => one.Transfer);
            return legs.ConvertAll(leg => new PaymentLeg(leg, booked.GetValueOrDefault(leg.Id)));
        }
        catch (ProblemException refusal) when (refusal.Problem.Code == KernelProblems.SystemUnavailable.Code)
        {
            return null;
        }
    }

    /// <summary>Gives money back as it was typed.</summary>
    public async Task<Answer<PaymentView>> RefundAsync(Caller caller, Payment payment, RefundForm form, Once once, CancellationToken cancellation)
    {
        var checks = new Checks();
        checks.Text(form.Reason, "reason", MaxReason);
        checks.That(!CardDigits.AreIn(form.Reason), "reason", "This looks like a card number, which is never kept.");
        // What was never requested has no currency, and nothing to give back.
        var currency = payment.Currency.Length == 0 ? "EUR" : payment.Currency;
        var amount = PaymentWords.MinorOf(form.Amount, currency);
        checks.That(amount is not null, "amount", $"An amount above zero is expected, such as {PaymentWords.Typed(1250, currency)}.");
        if (checks.Problem is { } problem)
            return problem;
        try
        {
            return await once.WriteAsync(
                store, ShardKey.Of(payment.Id), form, tx => PaymentsEndpoints.BeginRefundAsync(tx, caller, payment.Id, amount, form.Reason), cancellation);
        }
        catch (ProblemException refusal)
        {
            return refusal.Problem;
        }
    }

    private static CurrencyOverview Sum(string currency, IReadOnlyList<MovedMoney> moved, IReadOnlyList<BalanceDay> days, DateTimeOffset now)
    {
        var captured = moved.Where(one => one.Kind == MovementKind.Capture).ToList();
        return new CurrencyOverview(
            currency,
            captured.Sum(one => one.Count),
            captured.Sum(one => one.AmountMinor),
            moved.Sum(one => one.FeeMinor),
            -Of(MovementKind.Refund) - Of(MovementKind.RefundReturned),
            -Of(MovementKind.Dispute) - Of(MovementKind.DisputeWon),
            days.Where(day => day.AvailableAt <= now).Sum(day => day.NetMinor),
            days.Where(day => day.AvailableAt > now).Sum(day => day.NetMinor));

        long Of(MovementKind kind) => moved.Where(one => one.Kind == kind).Sum(one => one.AmountMinor);
    }
}

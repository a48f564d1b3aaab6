using Basin.Ledger;
using Basin.Payments.Stripe;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Payouts;

/// <summary>The use cases of payouts. All are made in the first shard, one after another, so that no two take the same money.</summary>
internal sealed class PayoutsApi([FromKeyedServices(PaymentsSystem.Name)] Store store, TimeProvider time)
{
    /// <param name="asked">Without id, provider and line.</param>
    public Task<StripeAnswer> CreateAsync(StripeRequest request, Payout asked, CancellationToken cancellation) => request.WriteAsync(
        store,
        ShardKey.First,
        async cancelled => await SumOthersAsync(request.Tenant, asked.Amount.Currency, cancelled),
        async (tx, others) => (await BeginAsync(tx, asked, others)).ToString(),
        async (reference, cancelled) => StripeAnswer.Ok(await FindAsync(request.Tenant, reference, cancelled), StripeJson.Default.PayoutShape),
        cancellation);

    public async Task<PayoutShape> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        Id<Payout>.TryParse(id, null, out var known)
        && await store.ReadAsync(ShardKey.Of(known), snapshot => Records.FindAsync(snapshot, tenant, known), cancellation) is { } found
            ? PayoutShape.Of(found)
            : throw (StripeErrors.NoSuch("payout", id, "payout") with { Status = StatusCodes.Status404NotFound }).Refusal();

    public async Task<List<Payout>> ListAsync(Id<Tenant> tenant, RecordQuery query, CancellationToken cancellation) =>
        await Records.ListAsync<Payout>(store, tenant, query, cancellation);

    /// <summary>The bank has it.</summary>
    public static Task ArriveAsync(PayoutArrival arrival, JobRun run, CancellationToken cancellation) => run.CompleteAsync(
        async tx =>
        {
            var payout = await Records.FindAsync(tx, run.Tenant, arrival.Payout) ?? throw new InvalidOperationException($"{arrival.Payout} is not there.");
            var paid = payout with { Status = PayoutStatus.Paid };
            await Records.ChangeAsync(tx, paid);
            await StripeEvents.TellAsync(tx, run.Tenant, "payout.paid", paid.Id.ToString(), PayoutShape.Of(paid), StripeJson.Default.PayoutShape);
        },
        cancellation);

    private static async ValueTask<Id<Payout>> BeginAsync(Transaction tx, Payout asked, IReadOnlyDictionary<string, long> others)
    {
        var available = others.ToDictionary();
        foreach (var (provider, sum) in AvailableOf(await BalanceStore.ListDaysAsync(tx, asked.Tenant), asked.Amount.Currency, tx.Now))
            available[provider] = available.GetValueOrDefault(provider) + sum;
        var from = available.OrderByDescending(each => each.Value).FirstOrDefault();
        if (from.Value < asked.Amount.Minor)
        {
            throw StripeErrors.Invalid(
                "amount", $"You have insufficient funds in your account: {asked.Amount with { Minor = Math.Max(0, from.Value) }} can be paid out.", "balance_insufficient")
                .Refusal();
        }
        var id = tx.NewId<Payout>();
        var line = new BalanceTransaction(
            tx.NewId<BalanceTransaction>(), MovementKind.Payout, -asked.Amount.Minor, 0, asked.Amount.Currency, from.Key, null, id.ToString(), tx.Now, tx.Now);
        var payout = asked with { Id = id, Provider = from.Key, Line = line.Id, CreatedAt = tx.Now, ArrivesAt = Payout.ArrivalAfter(tx.Now) };
        await Records.AddAsync(tx, payout);
        await BalanceStore.AddAsync(tx, asked.Tenant, line with { AvailableAt = line.DayOfCreation });
        var legs = Legs.OfPayout(id.ToString(), from.Key, asked.Amount);
        await tx.PublishAsync(asked.Tenant, new TransfersRequested(new Id<Posting>(id.Value), Legs.AccountsOf(legs), legs));
        await tx.ScheduleAsync(asked.Tenant, new PayoutArrival(id), payout.ArrivesAt);
        await StripeEvents.TellAsync(tx, asked.Tenant, "payout.created", id.ToString(), PayoutShape.Of(payout), StripeJson.Default.PayoutShape);
        return id;
    }

    /// <summary>What can be paid out of the other shards, by provider.</summary>
    private async ValueTask<IReadOnlyDictionary<string, long>> SumOthersAsync(Id<Tenant> tenant, string currency, CancellationToken cancellation)
    {
        var days = new List<BalanceDay>();
        foreach (var shard in store.Shards.Skip(1))
            days.AddRange(await shard.ReadAsync(snapshot => BalanceStore.ListDaysAsync(snapshot, tenant), cancellation));
        return AvailableOf(days, currency, time.GetUtcNow());
    }

    private static Dictionary<string, long> AvailableOf(IEnumerable<BalanceDay> days, string currency, DateTimeOffset now) => days
        .Where(day => day.Currency == currency && day.AvailableAt <= now)
        .GroupBy(day => day.Provider)
        .ToDictionary(group => group.Key, group => group.Sum(day => day.NetMinor));
}

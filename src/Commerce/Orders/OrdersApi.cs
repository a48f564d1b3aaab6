using System.Runtime.CompilerServices;
using Basin.Catalog;
using Basin.Payments;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Orders;

/// <summary>The use cases of Orders, for its endpoints, its pages and other systems.</summary>
public sealed class OrdersApi([FromKeyedServices(OrdersSystem.Name)] Store store, ICatalog catalog, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Places an order at the catalogue's prices of this moment.</summary>
    /// <param name="owner">The customer or visitor who may see it in the shop; null for a program.</param>
    /// <param name="cart">What it came from, which is emptied; null for none.</param>
    public async Task<Answer<OrderSummary>> PlaceAsync(
        Id<Tenant> tenant, string? owner, PlaceOrder request, OrderedCart? cart, Once once, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, Offer> offers;
        try
        {
            offers = await catalog.FindOffersAsync(tenant, [.. request.Lines.Select(line => line.Sku)], cancellation);
        }
        catch (ProblemException unanswered) when (once.HasKey)
        {
            // A repeat of what was placed needs no prices.
            return await once.WriteAsync<PlaceOrder, OrderSummary>(store, once.ShardFor(store), request, _ => throw unanswered.Problem.Refusal(), cancellation);
        }
        var (terms, refusal) = Order.Price(request, owner, offers);
        if (refusal is null && request.ExpectedTotalMinor is { } expected && expected != terms!.TotalMinor)
            refusal = OrdersProblems.TotalChanged.With($"It is {new Money(terms.TotalMinor, terms.Currency)} now.");
        if (refusal is not null && !once.HasKey)
            return refusal;
        // A refusal is kept like an order, and a repeat of what was placed finds its order whatever the catalogue says by now.
        return await once.WriteAsync(
            store, once.ShardFor(store), request, tx => refusal is null ? PlaceAsync(tx, tenant, terms!, request.Payment.Token, cart) : new(refusal),
            cancellation);
    }

    private static async ValueTask<Answer<OrderSummary>> PlaceAsync(
        Transaction tx, Id<Tenant> tenant, OrderTerms terms, string token, OrderedCart? cart)
    {
        var id = tx.NewId<Order>();
        var order = new Order(id, tenant, terms, OrderProgress.Placed, id.CreatedAt, tx.Now);
        await OrdersStore.InsertAsync(tx, order);
        await tx.PublishAsync(tenant, new PaymentRequested(new Id<Payment>(id.Value), terms.TotalMinor, terms.Currency, token));
        await tx.PublishAsync(
            tenant, new OrderPlaced(id, terms.Email, terms.Owner, terms.Currency, terms.TotalMinor, terms.Lines.Sum(line => line.Quantity)));
        if (cart is not null)
            await tx.ScheduleAsync(tenant, new ClearCart(id, cart.Id, cart.Version), tx.Now);
        return Answer.Created($"/v1/orders/{id}", OrderSummary.Of(order));
    }

    /// <summary>Asks for the cancellation; what was done so far is undone step by step.</summary>
    public Task<Answer<OrderView>> CancelAsync(Id<Tenant> tenant, Id<Order> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync(store, ShardKey.Of(id), id, tx => CancelAsync(tx, tenant, id), cancellation);

    private static async ValueTask<Answer<OrderView>> CancelAsync(Transaction tx, Id<Tenant> tenant, Id<Order> id)
    {
        if (await OrdersStore.FindAsync(tx, tenant, id) is not { } order)
            return KernelProblems.NotFound;
        if (order.Progress.IsFinal)
            return OrdersProblems.AlreadyFinal.With($"It is {order.Progress.State.ToString().ToLowerInvariant()}.");
        var next = await OrdersSaga.SignalAsync(tx, order, OrderSignal.CancelAsked, note: null);
        return Answer.Accepted(
            $"/v1/orders/{id}", OrderView.Of(order with { Progress = next, ChangedAt = tx.Now }, await OrdersStore.TimelineAsync(tx, id)));
    }

    /// <summary>The order with its timeline, or null when the tenant has none of this id.</summary>
    public async ValueTask<OrderView?> FindAsync(Id<Tenant> tenant, Id<Order> id, CancellationToken cancellation) =>
        await FindHistoryAsync(tenant, id, cancellation) is { } found ? OrderView.Of(found.Order, found.Timeline) : null;

    internal ValueTask<OrderHistory?> FindHistoryAsync(Id<Tenant> tenant, Id<Order> id, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.Of(id),
        async snapshot => await OrdersStore.FindAsync(snapshot, tenant, id) is { } order
            ? new OrderHistory(order, await OrdersStore.TimelineAsync(snapshot, id))
            : null,
        cancellation);

    /// <summary>The order, when it belongs to the shopper; another's is as good as none.</summary>
    internal async ValueTask<OrderHistory?> FindOwnAsync(Shopper shopper, Id<Order> id, CancellationToken cancellation) =>
        await FindHistoryAsync(shopper.Tenant, id, cancellation) is { } found && found.Order.Terms.Owner == shopper.Owner ? found : null;

    /// <summary>A tenant's orders, newest first; of one owner, or in one state, when given.</summary>
    public async ValueTask<Page<OrderSummary>> ListAsync(
        Id<Tenant> tenant, string? owner, OrderState? state, Paging paging, CancellationToken cancellation)
    {
        var before = paging.AfterNumber(start: long.MaxValue);
        var orders = await store.ReadAllAsync(
            snapshot => owner is not null ? OrdersStore.ListOfOwnerAsync(snapshot, tenant, owner, before, paging.Limit + 1)
                : state is { } only ? OrdersStore.ListInStateAsync(snapshot, tenant, only, before, paging.Limit + 1)
                : OrdersStore.ListAsync(snapshot, tenant, before, paging.Limit + 1),
            cancellation);
        var newest = orders.OrderByDescending(order => order.Id).Take(paging.Limit + 1).Select(OrderSummary.Of).ToList();
        return paging.PageOf(newest, order => order.Id.Value.ToString());
    }

    /// <summary>
    /// The timeline from an entry on, now and as it grows, until the order is final. Null is a heartbeat: nothing has happened for a while.
    /// </summary>
    public async IAsyncEnumerable<TimelineEntry?> WatchAsync(Id<Order> id, int after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A page that looks on does not hold up the end of the host.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        var shard = store.ShardOf(ShardKey.Of(id));
        using var watch = shard.Events.WatchKey(id.Value);
        while (true)
        {
            var entries = await shard.ReadAsync(snapshot => OrdersStore.TimelineAsync(snapshot, id), ending.Token);
            foreach (var entry in entries.Where(entry => entry.N > after))
                yield return entry;
            after = Math.Max(after, entries[^1].N);
            if (entries[^1].State is OrderState.Delivered or OrderState.Declined or OrderState.Cancelled)
                yield break;
            if (!await watch.WaitAsync(Heartbeat, time, ending.Token))
                yield return null;
        }
    }
}

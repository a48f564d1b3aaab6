using Basin.Payments.Stripe;
using Basin.Vault;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Customers;

/// <summary>A payment method that a request names: one that there is, or one that it makes.</summary>
internal readonly record struct MethodChoice(PaymentMethod Method, bool IsNew)
{
    /// <summary>Writes a new one, with an id of the transaction's shard.</summary>
    public async ValueTask<PaymentMethod> InAsync(Transaction tx)
    {
        if (!IsNew)
            return Method;
        var made = Method with { Id = tx.NewId<PaymentMethod>(), CreatedAt = tx.Now };
        await Records.AddAsync(tx, made);
        return made;
    }
}

/// <summary>A customer has paid with a method that is to be kept for later.</summary>
internal sealed record MethodKeep(Id<PaymentMethod> Method, Id<Customer> Customer) : IJob<MethodKeep>
{
    static JobType<MethodKeep> IJob<MethodKeep>.Type { get; } = new("payments.method-keep.v1", PaymentMethod.Prefix, RecordsJson.Default.MethodKeep);

    long IJob<MethodKeep>.Key => Method.Value;
}

/// <summary>What a request says of a new method.</summary>
/// <param name="Token">Of its card.</param>
internal sealed record NewMethod(string Token, BillingDetails Billing, IReadOnlyDictionary<string, string> Metadata, string AllowRedisplay);

/// <summary>Payment methods and customers, as requests name them, and the use cases of payment methods.</summary>
internal sealed class MethodsApi([FromKeyedServices(PaymentsSystem.Name)] Store store, IVault vault)
{
    private const string Noun = "PaymentMethod";
    private const string TestMethod = "pm_card_";
    private const string TestToken = "tok_";

    public async ValueTask<T> FindAsync<T>(Id<Tenant> tenant, string text, string noun, string param, CancellationToken cancellation)
        where T : class, IRecord<T> =>
        Id<T>.TryParse(text, null, out var id)
        && await store.ReadAsync(ShardKey.Of(id), snapshot => Records.FindAsync(snapshot, tenant, id), cancellation) is { } found
            ? found
            : throw StripeErrors.NoSuch(noun, text, param).Refusal();

    /// <summary>A method that a path names.</summary>
    public ValueTask<PaymentMethod> FindAsync(Id<Tenant> tenant, string text, CancellationToken cancellation) =>
        FindAsync<PaymentMethod>(tenant, text, Noun, "id", cancellation);

    /// <summary>A customer that is not deleted; null when none is named.</summary>
    public async ValueTask<Customer?> FindCustomerAsync(Id<Tenant> tenant, string? text, string param, CancellationToken cancellation)
    {
        if (text is null)
            return null;
        var customer = await FindAsync<Customer>(tenant, text, "customer", param, cancellation);
        return customer.IsDeleted ? throw StripeErrors.NoSuch("customer", text, param).Refusal() : customer;
    }

    /// <summary>Up to one more than the window shows from each shard.</summary>
    /// <exception cref="ProblemException">There is nothing where the list is to go on.</exception>
    public async ValueTask<List<T>> ListAsync<T>(Id<Tenant> tenant, StripeWindow<T> window, RecordQuery query, CancellationToken cancellation)
        where T : class, IRecord<T>
    {
        if (window.Cursor is { } cursor
            && await store.ReadAsync(ShardKey.Of(cursor), snapshot => Records.FindAsync(snapshot, tenant, cursor), cancellation) is null)
            throw window.NoSuchCursor.Refusal();
        return await Records.ListAsync<T>(store, tenant, query, cancellation);
    }

    /// <summary>The method that a request names; <c>pm_card_visa</c> and the like make a new one each time.</summary>
    /// <param name="redeemer">Whose the card becomes, the same when the request is repeated.</param>
    public async ValueTask<MethodChoice> ChooseAsync(Id<Tenant> tenant, string text, string param, string redeemer, CancellationToken cancellation)
    {
        if (IsTest(text))
        {
            var token = $"{TestToken}{text[TestMethod.Length..]}";
            return await MakeAsync(tenant, token, BillingDetails.None, redeemer, StripeErrors.NoSuch(Noun, text, param), cancellation);
        }
        var method = await FindAsync<PaymentMethod>(tenant, text, Noun, param, cancellation);
        method.DemandUsable(param);
        return new MethodChoice(method, IsNew: false);
    }

    /// <summary>A new method for the card of a token.</summary>
    /// <param name="token">Of the vault, or the name of a test card: <c>tok_visa</c>.</param>
    public ValueTask<MethodChoice> MakeAsync(
        Id<Tenant> tenant, string token, BillingDetails billing, string param, string redeemer, CancellationToken cancellation) =>
        MakeAsync(tenant, token, billing, redeemer, StripeErrors.NoSuch("token", token, param), cancellation);

    /// <inheritdoc cref="KeepForAsync"/>
    public async Task KeepAsync(MethodKeep keep, JobRun run, CancellationToken cancellation)
    {
        await KeepForAsync(run.Tenant, keep.Method, keep.Customer, cancellation);
        await run.CompleteAsync(cancellation);
    }

    /// <summary>Keeps a method for a customer who has paid with it, unless it is somebody else's already.</summary>
    public Task KeepForAsync(Id<Tenant> tenant, Id<PaymentMethod> id, Id<Customer> customer, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(id),
        async tx =>
        {
            if (await Records.FindAsync(tx, tenant, id) is not { } method || (method.Customer ?? customer) != customer)
                return false;
            await KeepAsync(tx, method, method with { Customer = customer, IsSetUp = true });
            return true;
        },
        cancellation);

    /// <summary>Gives a method to a customer; one that is theirs stays as it is.</summary>
    /// <exception cref="ProblemException">It is another's, or was taken off one.</exception>
    public Task<PaymentMethod> AttachAsync(Id<Tenant> tenant, Id<PaymentMethod> id, Id<Customer> customer, CancellationToken cancellation) =>
        ChangeAsync(tenant, id, method => method.AttachTo(customer), cancellation);

    /// <summary>Remembers that the customer has proved who they are, and gives the method to the customer when there is one.</summary>
    /// <inheritdoc cref="AttachAsync(Id{Tenant}, Id{PaymentMethod}, Id{Customer}, CancellationToken)"/>
    public Task<PaymentMethod> SetUpAsync(Id<Tenant> tenant, Id<PaymentMethod> id, Id<Customer>? customer, CancellationToken cancellation) =>
        ChangeAsync(tenant, id, method => (customer is { } owner ? method.AttachTo(owner) : method) with { IsSetUp = true }, cancellation);

    public Task<StripeAnswer> CreateAsync(StripeRequest request, NewMethod asked, CancellationToken cancellation) => request.WriteAsync(
        store,
        request.ShardFor(store),
        async cancelled =>
        {
            var choice = await MakeAsync(request.Tenant, asked.Token, asked.Billing, "card[token]", IntentsApi.RedeemerOf(request), cancelled);
            return choice with { Method = choice.Method with { Metadata = asked.Metadata, AllowRedisplay = asked.AllowRedisplay } };
        },
        async (tx, choice) => (await choice.InAsync(tx)).Id.ToString(),
        async (reference, cancelled) => Show(await FindAsync(request.Tenant, reference, cancelled)),
        cancellation);

    /// <param name="change">What becomes of it at a time; refuses by an exception.</param>
    public async Task<StripeAnswer> UpdateAsync(
        StripeRequest request, string id, Func<PaymentMethod, DateTimeOffset, PaymentMethod> change, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                var method = await FindAsync(tx, request.Tenant, known);
                if (method.Customer is null)
                    throw PaymentMethod.Unexpected("You must save this PaymentMethod to a customer before you can update it.");
                var changed = change(method, tx.Now);
                await Records.ChangeAsync(tx, changed);
                await TellAsync(tx, changed, "payment_method.updated");
                return Show(changed);
            },
            cancellation);
    }

    public async Task<StripeAnswer> AttachAsync(StripeRequest request, string id, string customer, CancellationToken cancellation)
    {
        var shard = IsTest(id) ? request.ShardFor(store) : ShardKey.Of(IdOf(id));
        return await request.WriteAsync(
            store,
            shard,
            async cancelled => (
                Owner: (await FindCustomerAsync(request.Tenant, customer, "customer", cancelled))!,
                Choice: await ChooseAsync(request.Tenant, id, "id", IntentsApi.RedeemerOf(request), cancelled)),
            async (tx, plan) =>
            {
                // A test's method is made in this transaction; any other may have changed since it was looked up.
                var method = await FindAsync(tx, request.Tenant, (await plan.Choice.InAsync(tx)).Id);
                await KeepAsync(tx, method, method.AttachTo(plan.Owner.Id));
                return method.Id.ToString();
            },
            async (reference, cancelled) => Show(await FindAsync(request.Tenant, reference, cancelled)),
            cancellation);
    }

    public async Task<StripeAnswer> DetachAsync(StripeRequest request, string id, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled =>
            {
                var method = await FindAsync(request.Tenant, id, cancelled);
                method.Detach();
                // A customer may do without a default, and never has one that is not theirs.
                return await ForgetDefaultAsync(request.Tenant, method.Customer!.Value, known, cancelled);
            },
            async (tx, _) => (await DetachAsync(tx, await FindAsync(tx, request.Tenant, known))).Id.ToString(),
            async (reference, cancelled) => Show(await FindAsync(request.Tenant, reference, cancelled)),
            cancellation);
    }

    private Task<bool> ForgetDefaultAsync(
        Id<Tenant> tenant, Id<Customer> id, Id<PaymentMethod> method, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(id),
        async tx =>
        {
            if (await Records.FindAsync(tx, tenant, id) is not { } customer || customer.DefaultMethod != method)
                return false;
            await CustomersApi.ChangeAsync(tx, customer with { DefaultMethod = null });
            return true;
        },
        cancellation);

    /// <summary>Takes all methods off a customer who is no more.</summary>
    public async Task DetachAllAsync(Id<Tenant> tenant, Id<Customer> customer, CancellationToken cancellation)
    {
        const int atOnce = 100;
        var query = new RecordQuery(0, long.MaxValue, atOnce) { Owner = customer.Value };
        while (await Records.ListAsync<PaymentMethod>(store, tenant, query, cancellation) is { Count: > 0 } methods)
        {
            foreach (var method in methods)
                await DetachAsync(method, customer, cancellation);
        }
    }

    public static StripeAnswer Show(PaymentMethod method) => StripeAnswer.Ok(PaymentMethodShape.Of(method), StripeJson.Default.PaymentMethodShape);

    private Task<bool> DetachAsync(PaymentMethod method, Id<Customer> customer, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(method.Id),
        async tx =>
        {
            if (await Records.FindAsync(tx, method.Tenant, method.Id) is not { } found || found.Customer != customer)
                return false;
            await DetachAsync(tx, found);
            return true;
        },
        cancellation);

    private static async ValueTask<PaymentMethod> DetachAsync(Transaction tx, PaymentMethod method)
    {
        var detached = method.Detach();
        await Records.ChangeAsync(tx, detached);
        await TellAsync(tx, detached, "payment_method.detached");
        return detached;
    }

    private Task<PaymentMethod> ChangeAsync(
        Id<Tenant> tenant, Id<PaymentMethod> id, Func<PaymentMethod, PaymentMethod> change, CancellationToken cancellation) => store.WriteAsync(
        ShardKey.Of(id),
        async tx =>
        {
            var before = await FindAsync(tx, tenant, id);
            var after = change(before);
            await KeepAsync(tx, before, after);
            return after;
        },
        cancellation);

    /// <summary>Writes a method that may have found its customer.</summary>
    private static async ValueTask KeepAsync(Transaction tx, PaymentMethod before, PaymentMethod after)
    {
        if (after == before)
            return;
        await Records.ChangeAsync(tx, after);
        if (before.Customer is null && after.Customer is not null)
            await TellAsync(tx, after, "payment_method.attached");
    }

    private static ValueTask TellAsync(Transaction tx, PaymentMethod method, string type) => StripeEvents.TellAsync(
        tx, method.Tenant, type, method.Id.ToString(), PaymentMethodShape.Of(method), StripeJson.Default.PaymentMethodShape);

    private static async ValueTask<PaymentMethod> FindAsync(Transaction tx, Id<Tenant> tenant, Id<PaymentMethod> id) =>
        await Records.FindAsync(tx, tenant, id) ?? throw StripeErrors.NoSuch(Noun, id.ToString()).Refusal();

    private static Id<PaymentMethod> IdOf(string text) =>
        Id<PaymentMethod>.TryParse(text, null, out var id) ? id : throw StripeErrors.NoSuch(Noun, text).Refusal();

    private static bool IsTest(string text) => text.StartsWith(TestMethod, StringComparison.Ordinal);

    private async ValueTask<MethodChoice> MakeAsync(
        Id<Tenant> tenant, string token, BillingDetails billing, string redeemer, StripeError noSuch, CancellationToken cancellation)
    {
        var id = await FindTokenAsync(tenant, token, cancellation) ?? throw noSuch.Refusal();
        var redeemed = await vault.RedeemAsync(tenant, id, redeemer, cancellation);
        if (!redeemed.Succeeded)
        {
            throw redeemed.Refusal.Code == "token_already_used"
                ? StripeErrors.Invalid(noSuch.Param, $"You cannot use a Stripe token more than once: {token}.", "token_already_used").Refusal()
                : noSuch.Refusal();
        }
        return new MethodChoice(
            new PaymentMethod
            {
                Id = default,
                Tenant = tenant,
                Card = Summarize(redeemed.Card),
                VaultCard = redeemed.Card.Id.ToString(),
                Billing = redeemed.Card.Holder is { } holder ? billing.OrOf(holder) : billing,
            },
            IsNew: true);
    }

    private async ValueTask<Id<CardToken>?> FindTokenAsync(Id<Tenant> tenant, string token, CancellationToken cancellation)
    {
        if (token.StartsWith(TestToken, StringComparison.Ordinal) && TestCards.Has(token[TestToken.Length..]))
            return (await vault.MakeTestTokenAsync(tenant, token[TestToken.Length..], cancellation))?.Id;
        return Id<CardToken>.TryParse(token, null, out var id) ? id : null;
    }

    private static CardSummary Summarize(Card card) => new(
        card.Brand.ToString().ToLowerInvariant(), card.Last4, card.ExpMonth, card.ExpYear, card.Fingerprint,
        card.Funding.ToString().ToLowerInvariant(), card.Country, Checked(card.Checks.Cvc), Checked(card.Checks.AddressLine1), Checked(card.Checks.PostalCode));

    private static string? Checked(bool given) => given ? "pass" : null;
}

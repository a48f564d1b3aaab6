using Basin.Payments.Stripe;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Customers;

/// <summary>Finishes what the end of a customer has left undone.</summary>
internal sealed record CustomerUpkeep(Id<Customer> Customer) : IJob<CustomerUpkeep>
{
    static JobType<CustomerUpkeep> IJob<CustomerUpkeep>.Type { get; } = new("payments.customer-upkeep.v1", "cus", RecordsJson.Default.CustomerUpkeep);

    long IJob<CustomerUpkeep>.Key => Customer.Value;
}

/// <summary>What later payments of a customer use, as a request says it.</summary>
/// <param name="IsGiven">Whether the request says anything.</param>
/// <param name="Method">The id of a method; null to have none.</param>
internal readonly record struct DefaultChange(bool IsGiven, string? Method)
{
    public const string Param = "invoice_settings[default_payment_method]";
}

/// <summary>The use cases of customers.</summary>
internal sealed class CustomersApi([FromKeyedServices(PaymentsSystem.Name)] Store store, MethodsApi methods)
{
    /// <summary>By then whatever was attached while the customer was deleted is there.</summary>
    private static readonly TimeSpan UpkeepAfter = TimeSpan.FromMinutes(1);

    /// <summary>A customer that a path names, deleted or not.</summary>
    public ValueTask<Customer> FindAsync(Id<Tenant> tenant, string text, CancellationToken cancellation) =>
        methods.FindAsync<Customer>(tenant, text, "customer", "id", cancellation);

    public ValueTask<List<Customer>> ListAsync(Id<Tenant> tenant, StripeWindow<Customer> window, string? email, CancellationToken cancellation)
    {
        var query = RecordQuery.Of(window);
        return methods.ListAsync(tenant, window, email is null ? query with { Owner = tenant.Value } : query with { Labels = [email] }, cancellation);
    }

    /// <param name="method">What becomes the customer's; null for nothing.</param>
    /// <param name="preferred">The same method, or nothing.</param>
    public Task<StripeAnswer> CreateAsync(
        StripeRequest request, Customer asked, string? method, DefaultChange preferred, CancellationToken cancellation)
    {
        if (preferred.Method is { } named && named != method)
            throw NotTheirs(named);
        return request.WriteAsync(
            store,
            request.ShardFor(store),
            async cancelled => method is null ? (MethodChoice?)null : await ChooseFreeAsync(request, method, cancelled),
            async (tx, choice) =>
            {
                var customer = asked with { Id = tx.NewId<Customer>(), CreatedAt = tx.Now };
                await Records.AddAsync(tx, customer);
                await TellAsync(tx, customer, "customer.created");
                return choice is { } chosen ? $"{customer.Id} {(await chosen.InAsync(tx)).Id}" : customer.Id.ToString();
            },
            async (reference, cancelled) =>
            {
                var ids = reference.Split(' ');
                var customer = await FindAsync(request.Tenant, ids[0], cancelled);
                if (ids.Length > 1)
                    customer = await GiveAsync(customer, Id<PaymentMethod>.Parse(ids[1], null), preferred.Method is not null, cancelled);
                return Show(customer);
            },
            cancellation);
    }

    /// <param name="change">What becomes of it; refuses by an exception.</param>
    public async Task<StripeAnswer> UpdateAsync(
        StripeRequest request, string id, Func<Customer, Customer> change, DefaultChange preferred, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled => preferred.Method is { } named ? await FindTheirsAsync(request.Tenant, known, named, cancelled) : null,
            async (tx, method) =>
            {
                var customer = change(await DemandAsync(tx, request.Tenant, known));
                await ChangeAsync(tx, preferred.IsGiven ? customer with { DefaultMethod = method?.Id } : customer);
                return known.ToString();
            },
            async (reference, cancelled) => Show(await FindAsync(request.Tenant, reference, cancelled)),
            cancellation);
    }

    /// <summary>Ends a customer. What was paid still names them.</summary>
    public async Task<StripeAnswer> DeleteAsync(StripeRequest request, string id, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                var customer = await DemandAsync(tx, request.Tenant, known);
                var deleted = customer with { IsDeleted = true, DefaultMethod = null };
                await Records.ChangeAsync(tx, deleted);
                await TellAsync(tx, customer, "customer.deleted");
                await tx.ScheduleAsync(request.Tenant, new CustomerUpkeep(known), tx.Now + UpkeepAfter);
                return known.ToString();
            },
            async (_, cancelled) =>
            {
                await methods.DetachAllAsync(request.Tenant, known, cancelled);
                return StripeAnswer.Ok(Deleted(known), StripeJson.Default.DeletedShape);
            },
            cancellation);
    }

    public async Task RunAsync(CustomerUpkeep upkeep, JobRun run, CancellationToken cancellation)
    {
        await methods.DetachAllAsync(run.Tenant, upkeep.Customer, cancellation);
        await run.CompleteAsync(cancellation);
    }

    public static async ValueTask ChangeAsync(Transaction tx, Customer changed)
    {
        await Records.ChangeAsync(tx, changed);
        await TellAsync(tx, changed, "customer.updated");
    }

    public static StripeAnswer Show(Customer customer) => customer.IsDeleted
        ? StripeAnswer.Ok(Deleted(customer.Id), StripeJson.Default.DeletedShape)
        : StripeAnswer.Ok(CustomerShape.Of(customer), StripeJson.Default.CustomerShape);

    public static DeletedShape Deleted(Id<Customer> id) => new(id.ToString(), "customer");

    /// <summary>A method that the new customer can have.</summary>
    private async ValueTask<MethodChoice> ChooseFreeAsync(StripeRequest request, string method, CancellationToken cancellation)
    {
        var choice = await methods.ChooseAsync(request.Tenant, method, "payment_method", IntentsApi.RedeemerOf(request), cancellation);
        choice.Method.AttachTo(default);
        return choice;
    }

    private async Task<Customer> GiveAsync(Customer customer, Id<PaymentMethod> method, bool isPreferred, CancellationToken cancellation)
    {
        await methods.AttachAsync(customer.Tenant, method, customer.Id, cancellation);
        return !isPreferred || customer.DefaultMethod == method ? customer : await store.WriteAsync(
            ShardKey.Of(customer.Id),
            async tx =>
            {
                var preferring = await DemandAsync(tx, customer.Tenant, customer.Id) with { DefaultMethod = method };
                await ChangeAsync(tx, preferring);
                return preferring;
            },
            cancellation);
    }

    private async ValueTask<PaymentMethod> FindTheirsAsync(Id<Tenant> tenant, Id<Customer> customer, string named, CancellationToken cancellation)
    {
        var method = await methods.FindAsync<PaymentMethod>(tenant, named, "PaymentMethod", DefaultChange.Param, cancellation);
        return method.Customer == customer ? method : throw NotTheirs(named);
    }

    private static async ValueTask<Customer> DemandAsync(Transaction tx, Id<Tenant> tenant, Id<Customer> id) =>
        await Records.FindAsync(tx, tenant, id) is { IsDeleted: false } customer ? customer : throw NoSuch(id.ToString());

    private static ValueTask TellAsync(Transaction tx, Customer customer, string type) => StripeEvents.TellAsync(
        tx, customer.Tenant, type, customer.Id.ToString(), CustomerShape.Of(customer), StripeJson.Default.CustomerShape);

    private static Id<Customer> IdOf(string text) => Id<Customer>.TryParse(text, null, out var id) ? id : throw NoSuch(text);

    private static ProblemException NoSuch(string id) => StripeErrors.NoSuch("customer", id).Refusal();

    private static ProblemException NotTheirs(string method) => StripeErrors.Invalid(
        DefaultChange.Param,
        $"The customer does not have a payment method with the ID {StripeErrors.Echo(method)}. The payment method must be attached to the customer.",
        "resource_missing").Refusal();
}

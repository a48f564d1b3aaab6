using Basin.Payments.Stripe;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>The use cases of charges.</summary>
internal sealed class ChargesApi([FromKeyedServices(PaymentsSystem.Name)] Store store)
{
    private const string Noun = "charge";

    public async Task<ChargeShape> FindAsync(Id<Tenant> tenant, string id, string param, CancellationToken cancellation)
    {
        var payment = IdOf(id, param);
        return await store.ReadAsync(
            ShardKey.Of(payment),
            async snapshot => await FindAsync(snapshot, tenant, payment) is { } found ? await Charges.ShapeOfAsync(snapshot, found) : null,
            cancellation) ?? throw NoSuch(id, param);
    }

    /// <param name="intent">Only those of this intent.</param>
    /// <param name="customer">Only those of this customer's intents.</param>
    public async Task<List<(Payment Payment, ChargeShape Shape)>> ListAsync(
        Id<Tenant> tenant, RecordQuery query, Id<PaymentIntent>? intent, Id<Customers.Customer>? customer, CancellationToken cancellation)
    {
        var payments = await PaymentsStore.ListAsync(store, tenant, query, intent?.Value, customer?.Value, cancellation);
        var found = new List<(Payment, ChargeShape)>(payments.Count);
        foreach (var payment in payments)
            found.Add((payment, await store.ReadAsync(ShardKey.Of(payment.Id), snapshot => Charges.ShapeOfAsync(snapshot, payment), cancellation)));
        return found;
    }

    public Task<StripeAnswer> UpdateAsync(StripeRequest request, string id, Func<Charge, Charge> change, CancellationToken cancellation)
    {
        var payment = IdOf(id, Noun);
        return request.WriteAsync(
            store,
            ShardKey.Of(payment),
            async tx =>
            {
                var found = await FindAsync(tx, request.Tenant, payment) ?? throw NoSuch(id, Noun);
                var charge = await ChargesStore.FindAsync(tx, request.Tenant, payment)
                    ?? throw StripeErrors.Invalid(Noun, "This charge was not made through an intent, and cannot be described.").Refusal();
                await ChargesStore.ChangeAsync(tx, request.Tenant, payment, change(charge));
                return StripeAnswer.Ok(await Charges.ShapeOfAsync(tx, found), StripeJson.Default.ChargeShape);
            },
            cancellation);
    }

    /// <summary>A payment that the provider has heard of.</summary>
    public static async ValueTask<Payment?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> id) =>
        await PaymentsStore.FindAsync(snapshot, tenant, id) is { Provider.Length: > 0 } payment ? payment : null;

    /// <summary>A charge has the number of its payment.</summary>
    public static Id<Payment> IdOf(string text, string param) =>
        Id<Charge>.TryParse(text, null, out var id) ? new Id<Payment>(id.Value) : throw NoSuch(text, param);

    public static ProblemException NoSuch(string id, string param) =>
        (StripeErrors.NoSuch(Noun, id, param) with { Status = StatusCodes.Status404NotFound }).Refusal();
}

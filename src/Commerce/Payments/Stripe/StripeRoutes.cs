using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Basin.Payments.Customers;
using Basin.Payments.Disputes;
using Basin.Payments.Payouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Stripe;

/// <summary>The routes of Stripe's API that Payments answers, and how its objects name each other.</summary>
internal static class StripeRoutes
{
    public const string Read = "payments:read";
    public const string Write = "payments:write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var stripe = routes.MapStripe();
        PaymentIntentRoutes.Map(stripe);
        ChargeRoutes.Map(stripe);
        RefundRoutes.Map(stripe);
        BalanceRoutes.Map(stripe);
        EventRoutes.Map(stripe);
        DisputeRoutes.Map(stripe);
        PayoutRoutes.Map(stripe);
        CustomerRoutes.Map(stripe);
        MethodRoutes.Map(stripe);
        SetupIntentRoutes.Map(stripe);
        WebhookEndpointRoutes.Map(stripe);
    }

    public static void AddObjects(IServiceCollection services)
    {
        services.AddStripeObject(
            PaymentIntent.Prefix,
            Load<IntentsApi>(async (intents, tenant, id, cancellation) =>
                Node((await intents.FindAsync(tenant, id, cancellation)).Shape, StripeJson.Default.PaymentIntentShape)),
            ("customer", "cus"), ("payment_method", "pm"), ("latest_charge", "ch"));
        services.AddStripeObject(
            Charge.Prefix,
            Load<ChargesApi>(async (charges, tenant, id, cancellation) =>
                Node(await charges.FindAsync(tenant, id, "charge", cancellation), StripeJson.Default.ChargeShape)),
            ("customer", "cus"), ("payment_intent", "pi"), ("balance_transaction", "txn"), ("payment_method", "pm"));
        services.AddStripeObject(
            Refund.Prefix,
            Load<RefundsApi>(async (refunds, tenant, id, cancellation) =>
                Node(await refunds.FindAsync(tenant, id, cancellation), StripeJson.Default.RefundShape)),
            ("charge", "ch"), ("payment_intent", "pi"), ("balance_transaction", "txn"), ("customer", "cus"), ("payment_method", "pm"));
        services.AddStripeObject(
            BalanceTransaction.Prefix,
            Load<BalanceApi>(async (balance, tenant, id, cancellation) =>
                Node(await balance.FindAsync(tenant, id, cancellation), StripeJson.Default.BalanceTransactionShape)),
            ("source", "ch"), ("source", "re"), ("source", "dp"), ("source", "po"));
        services.AddStripeObject(
            Dispute.Prefix,
            Load<DisputesApi>(async (disputes, tenant, id, cancellation) =>
                Node(await disputes.FindAsync(tenant, id, cancellation), StripeJson.Default.DisputeShape)),
            ("charge", "ch"), ("payment_intent", "pi"));
        services.AddStripeObject(
            Payout.Prefix,
            Load<PayoutsApi>(async (payouts, tenant, id, cancellation) =>
                Node(await payouts.FindAsync(tenant, id, cancellation), StripeJson.Default.PayoutShape)),
            ("balance_transaction", "txn"));
        services.AddStripeObject(
            Customer.Prefix,
            Load<CustomersApi>(async (customers, tenant, id, cancellation) =>
                await customers.FindAsync(tenant, id, cancellation) is { IsDeleted: false } customer
                ? Node(CustomerShape.Of(customer), StripeJson.Default.CustomerShape)
                : Node(new DeletedShape(id, "customer"), StripeJson.Default.DeletedShape)),
            ("invoice_settings.default_payment_method", "pm"));
        services.AddStripeObject(
            PaymentMethod.Prefix,
            Load<MethodsApi>(async (methods, tenant, id, cancellation) =>
                Node(PaymentMethodShape.Of(await methods.FindAsync(tenant, id, cancellation)), StripeJson.Default.PaymentMethodShape)),
            ("customer", "cus"));
        services.AddStripeObject(
            SetupIntent.Prefix,
            Load<SetupsApi>(async (setups, tenant, id, cancellation) =>
                Node(SetupIntentShape.Of(await setups.FindAsync(tenant, id, cancellation)), StripeJson.Default.SetupIntentShape)),
            ("customer", "cus"), ("payment_method", "pm"));
    }

    /// <summary>Finds an object as its own route does; one that is gone stays an id.</summary>
    public static StripeLoader Load<TApi>(Func<TApi, Id<Tenant>, string, CancellationToken, ValueTask<JsonNode?>> find)
        where TApi : notnull => async (services, tenant, id, cancellation) =>
        {
            try
            {
                return await find(services.GetRequiredService<TApi>(), tenant, id, cancellation);
            }
            catch (ProblemException refusal) when (refusal.Problem.Code == "resource_missing")
            {
                return null;
            }
        };

    public static JsonNode? Node<T>(T shape, JsonTypeInfo<T> json) => JsonSerializer.SerializeToNode(shape, json);
}

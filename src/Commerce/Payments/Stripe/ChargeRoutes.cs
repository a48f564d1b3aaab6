using Basin.Payments.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/charges. They are made by intents.</summary>
internal static class ChargeRoutes
{
    public static void Map(RouteGroupBuilder stripe)
    {
        var charges = stripe.MapGroup("/charges");
        charges.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(Charge.Prefix);
        charges.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(Charge.Prefix);
        charges.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(Charge.Prefix);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, ChargesApi charges, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await charges.FindAsync(request.Tenant, id, "charge", cancellation), StripeJson.Default.ChargeShape);
    }

    private static async Task<StripeAnswer> ListAsync(
        StripeRequest request, ChargesApi charges, IntentsApi intents, MethodsApi methods, CancellationToken cancellation)
    {
        var window = request.Form.Window<Charge>("charge");
        var (intent, customer) = (request.Form.TextOrNull("payment_intent"), request.Form.TextOrNull("customer"));
        request.Form.RefuseOthers();
        var of = intent is null ? null : await intents.FindAsync(request.Tenant, intent, cancellation);
        var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancellation);
        if (window.Cursor is { } cursor)
            await charges.FindAsync(request.Tenant, cursor.ToString(), window.IsBackwards ? "ending_before" : "starting_after", cancellation);
        var found = await charges.ListAsync(request.Tenant, RecordQuery.Of(window), of?.Intent.Id, owner?.Id, cancellation);
        return StripeAnswer.Ok(
            window.PageOf(found, row => Charge.IdOf(row.Payment.Id), row => row.Shape, "/v1/charges"), StripeJson.Default.StripeListChargeShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, ChargesApi charges, CancellationToken cancellation)
    {
        var form = request.Form;
        var (description, email, group) = (form.TextChange("description", 1000), form.TextChange("receipt_email", 800), form.TextOrNull("transfer_group"));
        var (shipping, metadata) = (form.ShippingChange(), form.Metadata());
        form.Pass("fraud_details");
        form.RefuseOthers();
        return charges.UpdateAsync(
            request,
            id,
            charge => charge with
            {
                Description = description.Or(charge.Description),
                ReceiptEmail = email.Or(charge.ReceiptEmail),
                TransferGroup = group ?? charge.TransferGroup,
                Shipping = shipping.Or(charge.Shipping),
                Metadata = metadata.ApplyTo(charge.Metadata),
            },
            cancellation);
    }
}

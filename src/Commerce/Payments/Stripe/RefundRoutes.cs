using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/refunds.</summary>
internal static class RefundRoutes
{
    public static void Map(RouteGroupBuilder stripe)
    {
        var refunds = stripe.MapGroup("/refunds");
        refunds.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(Refund.Prefix);
        refunds.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(Refund.Prefix);
        refunds.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(Refund.Prefix);
        refunds.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(Refund.Prefix);
    }

    private static async Task<StripeAnswer> CreateAsync(StripeRequest request, RefundsApi refunds, IntentsApi intents, CancellationToken cancellation)
    {
        var form = request.Form;
        var (amount, metadata) = (form.AmountOrNull("amount"), form.Metadata().ApplyTo());
        var reason = form.OneOfOrNull("reason", "duplicate", "fraudulent", "requested_by_customer");
        var payment = await FindPaymentAsync(request, intents, cancellation)
            ?? throw StripeErrors.Invalid(null, "One of the following params should be provided for this request: payment_intent or charge.", "parameter_missing").Refusal();
        form.Pass("reverse_transfer", "refund_application_fee");
        form.RefuseOthers();
        return await refunds.CreateAsync(request, payment, amount, reason, metadata, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, RefundsApi refunds, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await refunds.FindAsync(request.Tenant, id, cancellation), StripeJson.Default.RefundShape);
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, RefundsApi refunds, IntentsApi intents, CancellationToken cancellation)
    {
        var window = request.Form.Window<Refund>("refund");
        var payment = await FindPaymentAsync(request, intents, cancellation);
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor)
            await refunds.FindAsync(request.Tenant, cursor.ToString(), cancellation);
        var found = await refunds.ListAsync(request.Tenant, RecordQuery.Of(window), payment, cancellation);
        return StripeAnswer.Ok(window.PageOf(found, row => row.Refund.Id, row => row.Shape, "/v1/refunds"), StripeJson.Default.StripeListRefundShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, RefundsApi refunds, CancellationToken cancellation)
    {
        var metadata = request.Form.Metadata();
        request.Form.RefuseOthers();
        return refunds.UpdateAsync(request, id, metadata, cancellation);
    }

    /// <summary>The payment that the request names by its charge or its intent; null when it names none.</summary>
    private static async ValueTask<Id<Payment>?> FindPaymentAsync(StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var (charge, intent) = (request.Form.TextOrNull("charge"), request.Form.TextOrNull("payment_intent"));
        if (charge is not null)
            return ChargesApi.IdOf(charge, "charge");
        if (intent is null)
            return null;
        var state = await intents.FindAsync(request.Tenant, intent, cancellation);
        return state.Attempt?.Id
            ?? throw StripeErrors.Invalid("payment_intent", $"This PaymentIntent ({intent}) does not have a successful charge to refund.", "charge_not_refundable").Refusal();
    }
}

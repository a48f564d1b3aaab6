using Basin.Payments.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payment_methods.</summary>
internal static class MethodRoutes
{
    private const string Card = "card";
    private const string Unspecified = "unspecified";

    public static void Map(RouteGroupBuilder stripe)
    {
        var methods = stripe.MapGroup("/payment_methods");
        methods.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(PaymentMethod.Prefix);
        methods.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(PaymentMethod.Prefix);
        methods.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(PaymentMethod.Prefix);
        methods.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(PaymentMethod.Prefix);
        methods.MapPost("/{id}/attach", AttachAsync).RequireScope(StripeRoutes.Write).Expands(PaymentMethod.Prefix);
        methods.MapPost("/{id}/detach", DetachAsync).RequireScope(StripeRoutes.Write).Expands(PaymentMethod.Prefix);
    }

    /// <summary>The token of a new method's card. A number is never taken here: it enters at <c>/v1/tokens</c>, and nowhere else.</summary>
    public static string ReadToken(StripeForm form)
    {
        form.OneOf("type", Card);
        var card = form.Child(Card);
        if (card.Has("number") || card.Has("cvc"))
        {
            throw StripeErrors.Invalid(
                card.PathOf("number"),
                "Card numbers are taken by /v1/tokens only, where they are sealed at once. Make a token there and send card[token].").Refusal();
        }
        return card.Text("token");
    }

    /// <param name="owner">Null for the methods of everybody and nobody.</param>
    /// <param name="type">There are cards only; a list of anything else is empty.</param>
    public static async Task<StripeAnswer> PageAsync(
        Id<Tenant> tenant, StripeWindow<PaymentMethod> window, Id<Customer>? owner, string? type, string url, MethodsApi methods,
        CancellationToken cancellation)
    {
        var found = await methods.ListAsync(tenant, window, RecordQuery.Of(window) with { Owner = owner?.Value }, cancellation);
        var shown = type is null or Card ? found : [];
        return StripeAnswer.Ok(
            window.PageOf(shown, method => method.Id, PaymentMethodShape.Of, url), StripeJson.Default.StripeListPaymentMethodShape);
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        var form = request.Form;
        var asked = new NewMethod(
            ReadToken(form), form.BillingOr(BillingDetails.None), form.Metadata().ApplyTo(), ReadRedisplay(form) ?? Unspecified);
        form.Pass("radar_options");
        form.RefuseOthers();
        return methods.CreateAsync(request, asked, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return MethodsApi.Show(await methods.FindAsync(request.Tenant, id, cancellation));
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        var window = request.Form.Window<PaymentMethod>("payment_method");
        var (customer, type) = (request.Form.TextOrNull("customer"), request.Form.TextOrNull("type"));
        request.Form.RefuseOthers();
        var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancellation);
        return await PageAsync(request.Tenant, window, owner?.Id, type, "/v1/payment_methods", methods, cancellation);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        var form = request.Form;
        var (metadata, redisplay, card) = (form.Metadata(), ReadRedisplay(form), form.ChildOrNull(Card));
        var billing = form.BillingChange();
        var (month, year) = ((int?)card?.IntegerOrNull("exp_month", 0, 99), (int?)card?.IntegerOrNull("exp_year", 0, 9999));
        card?.Pass("networks");
        form.RefuseOthers();
        return methods.UpdateAsync(
            request,
            id,
            (method, now) => method with
            {
                Billing = billing(method.Billing),
                Metadata = metadata.ApplyTo(method.Metadata),
                AllowRedisplay = redisplay ?? method.AllowRedisplay,
                Card = method.Renew(month, year, now),
            },
            cancellation);
    }

    private static Task<StripeAnswer> AttachAsync(string id, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        var customer = request.Form.Text("customer");
        request.Form.RefuseOthers();
        return methods.AttachAsync(request, id, customer, cancellation);
    }

    private static Task<StripeAnswer> DetachAsync(string id, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return methods.DetachAsync(request, id, cancellation);
    }

    private static string? ReadRedisplay(StripeForm form) => form.OneOfOrNull("allow_redisplay", "always", "limited", Unspecified);
}

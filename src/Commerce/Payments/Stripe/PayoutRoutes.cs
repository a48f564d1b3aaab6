using Basin.Payments.Payouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payouts.</summary>
internal static class PayoutRoutes
{
    private const int MaxStatement = 22;

    public static void Map(RouteGroupBuilder stripe)
    {
        var payouts = stripe.MapGroup("/payouts");
        payouts.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(Payout.Prefix);
        payouts.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(Payout.Prefix);
        payouts.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(Payout.Prefix);
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, PayoutsApi payouts, CancellationToken cancellation)
    {
        var form = request.Form;
        var asked = new Payout
        {
            Id = default,
            Tenant = request.Tenant,
            Provider = "",
            Amount = new Money(form.Amount("amount"), form.Currency("currency").ToUpperInvariant()),
            Description = form.TextOrNull("description", 1000),
            StatementDescriptor = form.TextOrNull("statement_descriptor", MaxStatement),
            Metadata = form.Metadata().ApplyTo(),
        };
        form.OneOfOrNull("method", "standard");
        form.OneOfOrNull("source_type", "card");
        form.RefuseOthers();
        return payouts.CreateAsync(request, asked, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, PayoutsApi payouts, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await payouts.FindAsync(request.Tenant, id, cancellation), StripeJson.Default.PayoutShape);
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, PayoutsApi payouts, CancellationToken cancellation)
    {
        var window = request.Form.Window<Payout>("payout");
        var status = request.Form.OneOfOrNull("status", "pending", "paid", "failed", "canceled");
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor)
            await payouts.FindAsync(request.Tenant, cursor.ToString(), cancellation);
        var query = RecordQuery.Of(window) with { Labels = status is null ? [] : [status] };
        var found = await payouts.ListAsync(request.Tenant, query, cancellation);
        return StripeAnswer.Ok(window.PageOf(found, payout => payout.Id, PayoutShape.Of, "/v1/payouts"), StripeJson.Default.StripeListPayoutShape);
    }
}

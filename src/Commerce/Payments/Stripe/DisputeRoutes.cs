using Basin.Payments.Disputes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/disputes.</summary>
internal static class DisputeRoutes
{
    private const int MaxEvidence = 20_000;

    public static void Map(RouteGroupBuilder stripe)
    {
        var disputes = stripe.MapGroup("/disputes");
        disputes.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(Dispute.Prefix);
        disputes.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(Dispute.Prefix);
        disputes.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(Dispute.Prefix);
        disputes.MapPost("/{id}/close", CloseAsync).RequireScope(StripeRoutes.Write).Expands(Dispute.Prefix);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, DisputesApi disputes, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(await disputes.FindAsync(request.Tenant, id, cancellation), StripeJson.Default.DisputeShape);
    }

    private static async Task<StripeAnswer> ListAsync(
        StripeRequest request, DisputesApi disputes, IntentsApi intents, CancellationToken cancellation)
    {
        var window = request.Form.Window<Dispute>("dispute");
        var (charge, intent) = (request.Form.TextOrNull("charge"), request.Form.TextOrNull("payment_intent"));
        request.Form.RefuseOthers();
        var payment = charge is not null ? ChargesApi.IdOf(charge, "charge")
            : intent is not null ? (await intents.FindAsync(request.Tenant, intent, cancellation)).Attempt?.Id
            : null;
        if (window.Cursor is { } cursor)
            await disputes.FindAsync(request.Tenant, cursor.ToString(), cancellation);
        var found = intent is not null && payment is null
            ? []
            : await disputes.ListAsync(request.Tenant, RecordQuery.Of(window) with { Owner = payment?.Value }, cancellation);
        return StripeAnswer.Ok(window.PageOf(found, row => row.Dispute.Id, row => row.Shape, "/v1/disputes"), StripeJson.Default.StripeListDisputeShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, DisputesApi disputes, CancellationToken cancellation)
    {
        var form = request.Form;
        var evidence = form.ChildOrNull("evidence") is { } given
            ? DisputeShape.EvidenceNames.Where(given.Has).ToDictionary(name => name, name => given.TextChange(name, MaxEvidence).Value)
            : [];
        var (metadata, submits) = (form.Metadata(), form.BooleanOrNull("submit") ?? form.Has("evidence"));
        form.RefuseOthers();
        return disputes.RespondAsync(
            request,
            id,
            dispute => dispute with { Metadata = metadata.ApplyTo(dispute.Metadata), Evidence = Merge(dispute.Evidence, evidence) },
            submits,
            cancellation);
    }

    private static Task<StripeAnswer> CloseAsync(string id, StripeRequest request, DisputesApi disputes, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return disputes.RespondAsync(request, id, change: null, submits: false, cancellation);
    }

    /// <summary>An empty text takes back what was said.</summary>
    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string?> given)
    {
        var after = before.ToDictionary();
        foreach (var (name, text) in given)
        {
            if (text is null)
                after.Remove(name);
            else
                after[name] = text;
        }
        return after;
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Vault.Stripe;

/// <summary>
/// https://docs.stripe.com/api/tokens: the one door where a card's number comes in, in the vault's own process. No answer, error or log repeats what
/// was sent here.
/// </summary>
internal static class TokenRoutes
{
    private const string Member = "card";

    /// <summary>What is known of a card that cannot be tokenized, with Stripe's name of the member that is wrong.</summary>
    private static readonly Dictionary<string, string> Params = new(StringComparer.Ordinal)
    {
        ["number"] = "number",
        ["expMonth"] = "exp_month",
        ["expYear"] = "exp_year",
        ["cvc"] = "cvc",
        ["name"] = "card[name]",
        ["addressLine1"] = "card[address_line1]",
        ["postalCode"] = "card[address_zip]",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var tokens = routes.MapStripe().MapGroup("/tokens");
        tokens.MapPost("/", CreateAsync).RequireScope("vault:write");
        tokens.MapGet("/{id}", FindAsync).RequireScope("vault:read");
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, HttpContext http, VaultApi vault, CancellationToken cancellation)
    {
        RefuseElsewhere(request, http);
        var card = Read(request.Form);
        request.Form.RefuseOthers();
        return vault.TokenizeAsync(request, card, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, VaultApi vault, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return Id<CardToken>.TryParse(id, null, out var known) && await vault.FindTokenAsync(request.Tenant, known, cancellation) is { } token
            ? Show(token)
            : StripeErrors.NoSuch("token", id);
    }

    public static StripeAnswer Show(CardToken token) => StripeAnswer.Ok(TokenShape.Of(token), TokenJson.Default.TokenShape);

    /// <summary>A card that cannot be charged, or what else is wrong with the form, in Stripe's words.</summary>
    public static StripeError ErrorOf(Problem refusal)
    {
        var member = Params[refusal.Errors.First().Key];
        return refusal.Status == StatusCodes.Status402PaymentRequired
            ? StripeErrors.CardError(refusal.Code, refusal.Title) with { Param = member }
            : StripeErrors.Invalid(member, string.Join(' ', refusal.Errors.First().Value));
    }

    /// <summary>Addresses are logged on their way, and keys of idempotency are kept.</summary>
    private static void RefuseElsewhere(StripeRequest request, HttpContext http)
    {
        if (http.Request.QueryString.HasValue)
            throw StripeErrors.Invalid(null, "Send the parameters of a token in the body of the request, never in its address.").Refusal();
        if (request.IdempotencyKey is { } key && CardDigits.AreIn(key))
            throw StripeErrors.Invalid(null, "This Idempotency-Key looks like a card number, which is never kept.").Refusal();
    }

    private static NewCard Read(StripeForm form)
    {
        if (!form.Has(Member))
            throw StripeErrors.Invalid(Member, "Only cards are taken. You must supply a card to create a token.", "parameter_missing").Refusal();
        var card = form.Child(Member);
        foreach (var name in (string[])["address_city", "address_country", "address_line2", "address_state", "currency", "networks", "metadata"])
            card.Skip(name);
        return new NewCard(
            CardNumber.Of(card.Secret("number")),
            NumberIn(card, "exp_month"),
            NumberIn(card, "exp_year"),
            SecurityCode.Of(card.SecretOrNull("cvc")),
            HolderIn(card));
    }

    private static CardHolder? HolderIn(StripeForm card)
    {
        var holder = new CardHolder(card.TextChange("name").Value, card.TextChange("address_line1").Value, card.TextChange("address_zip").Value);
        return holder is { Name: null, AddressLine1: null, PostalCode: null } ? null : holder;
    }

    /// <summary>A month or a year; what is none is as wrong as one that has passed, and is not repeated.</summary>
    private static int NumberIn(StripeForm card, string name) =>
        int.TryParse(card.Secret(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}

using System.Text.Json.Serialization;

namespace Basin.Vault.Stripe;

/// <summary>https://docs.stripe.com/api/tokens/object.</summary>
internal sealed record TokenShape(string Id, TokenCardShape Card, DateTimeOffset Created, bool Used)
{
    public string Object => "token";

    public string? ClientIp => null;

    public bool Livemode => false;

    public string Type => "card";

    public static TokenShape Of(CardToken token) => new(token.Id.ToString(), TokenCardShape.Of(token.Card), token.CreatedAt, token.Used);
}

/// <summary>https://docs.stripe.com/api/cards/object.</summary>
internal sealed record TokenCardShape(
    string Id, string? AddressLine1, string? AddressLine1Check, string? AddressZip, string? AddressZipCheck, string Brand, string? Country,
    string? CvcCheck, int ExpMonth, int ExpYear, string Fingerprint, CardFunding Funding, string Last4, string? Name)
{
    private const string Unchecked = "unchecked";

    public string Object => "card";

    public string? AddressCity => null;

    public string? AddressCountry => null;

    public string? AddressLine2 => null;

    public string? AddressState => null;

    public string? DynamicLast4 => null;

    public IReadOnlyDictionary<string, string> Metadata => new Dictionary<string, string>();

    public string RegulatedStatus => "unregulated";

    public string? TokenizationMethod => null;

    public static TokenCardShape Of(Card card) => new(
        card.Id.ToString(),
        card.Holder?.AddressLine1,
        card.Checks.AddressLine1 ? Unchecked : null,
        card.Holder?.PostalCode,
        card.Checks.PostalCode ? Unchecked : null,
        NameOf(card.Brand),
        card.Country,
        card.Checks.Cvc ? Unchecked : null,
        card.ExpMonth,
        card.ExpYear,
        card.Fingerprint,
        card.Funding,
        card.Last4,
        card.Holder?.Name);

    /// <summary>Cards have the names that people know; payment methods have others.</summary>
    private static string NameOf(CardBrand brand) => brand switch
    {
        CardBrand.Amex => "American Express",
        CardBrand.Diners => "Diners Club",
        CardBrand.Jcb => "JCB",
        CardBrand.Mastercard => "MasterCard",
        CardBrand.Unionpay => "UnionPay",
        _ => brand.ToString(),
    };
}

[JsonSerializable(typeof(TokenShape))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    Converters = [typeof(UnixSeconds)])]
internal sealed partial class TokenJson : JsonSerializerContext;

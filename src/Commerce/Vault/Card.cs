using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Basin.Vault;

/// <summary>Where a card's money comes from. The numbers are stored.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<CardFunding>))]
public enum CardFunding
{
    Unknown = 0,
    Credit = 1,
    Debit = 2,
    Prepaid = 3,
}

/// <summary>What was given with a card that its issuer can check. The vault does not: what comes out belongs to the payment that asks.</summary>
public readonly record struct CardChecks(bool Cvc, bool AddressLine1, bool PostalCode);

/// <summary>Who holds a card, as far as it was said.</summary>
public sealed record CardHolder(string? Name, string? AddressLine1, string? PostalCode)
{
    private const int MaxText = 200;

    internal Problem? Refusal
    {
        get
        {
            var checks = new Checks();
            Check(checks, Name, "name");
            Check(checks, AddressLine1, "addressLine1");
            Check(checks, PostalCode, "postalCode");
            return checks.Problem;
        }
    }

    private static void Check(Checks checks, string? text, string member)
    {
        if (text is null)
            return;
        checks.Text(text, member, MaxText);
        checks.That(!CardDigits.AreIn(text), member, "This looks like a card number, which belongs into no other member.");
    }
}

/// <summary>A card as somebody has typed it.</summary>
/// <param name="ExpYear">With two digits or four.</param>
/// <param name="Cvc">Null when none was given.</param>
public sealed record NewCard(CardNumber Number, int ExpMonth, int ExpYear, SecurityCode? Cvc = null, CardHolder? Holder = null)
{
    /// <summary>No card is issued for longer.</summary>
    private const int MaxYears = 50;

    internal int FullYear => ExpYear is >= 0 and <= 99 ? 2000 + ExpYear : ExpYear;

    internal CardChecks Checks => new(Cvc is not null, Holder?.AddressLine1 is not null, Holder?.PostalCode is not null);

    /// <summary>The first thing that is wrong with it; null when it can be kept. A card is good until its month has ended (UTC).</summary>
    internal Problem? RefusalAt(DateTimeOffset now) =>
        !Number.IsWhole ? VaultProblems.InvalidNumber
        : !Number.PassesCheck ? VaultProblems.IncorrectNumber
        : ExpMonth is < 1 or > 12 ? VaultProblems.InvalidExpiryMonth
        : (FullYear, ExpMonth).CompareTo((now.UtcDateTime.Year, now.UtcDateTime.Month)) < 0 || FullYear > now.UtcDateTime.Year + MaxYears
            ? VaultProblems.InvalidExpiryYear
        : Cvc?.IsOf(Number.Brand) == false ? VaultProblems.InvalidCvc
        : Holder?.Refusal;
}

/// <summary>What everybody may know of a card that is in the vault.</summary>
/// <param name="Fingerprint">The same for the same number in one tenant, whatever keys were rotated; it leads to nothing.</param>
/// <param name="Country">Of the issuer, as ISO 3166-1 alpha-2; null when it is not known.</param>
/// <param name="Holder">Null when nothing was said, in the answer to a tokenization, and once the card is erased.</param>
/// <param name="ErasedAt">Since then nobody can charge it through the vault.</param>
public sealed record Card(
    Id<Card> Id,
    CardBrand Brand,
    string Last4,
    int ExpMonth,
    int ExpYear,
    string Fingerprint,
    CardFunding Funding,
    string? Country,
    CardChecks Checks,
    CardHolder? Holder,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ErasedAt) : IEntity
{
    public static string Prefix => "card";

    /// <summary>The description of a new one, without its holder, who is sealed.</summary>
    internal static Card Of(Id<Card> id, NewCard card, string fingerprint, DateTimeOffset now)
    {
        var (funding, country) = TestCards.IssuerOf(card.Number);
        return new Card(
            id, card.Number.Brand, card.Number.Last4, card.ExpMonth, card.FullYear, fingerprint, funding, country, card.Checks, Holder: null, now,
            ErasedAt: null);
    }
}

/// <summary>Stands for a card until somebody has redeemed it, once; one that nobody redeems in time disappears with its card.</summary>
/// <param name="Used">Whether it was redeemed.</param>
public sealed record CardToken(Id<CardToken> Id, Card Card, bool Used, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt) : IEntity
{
    public static string Prefix => "tok";
}

/// <summary>What became of a redemption: the card, or why not (<c>token_already_used</c>, or <c>not_found</c> for one that expired, too).</summary>
public sealed record CardRedemption(Card? Card, Problem? Refusal)
{
    [MemberNotNullWhen(true, nameof(Card))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    [JsonIgnore]
    public bool Succeeded => Card is not null;
}

/// <summary>A token as it is stored.</summary>
internal sealed record StoredToken(
    Id<CardToken> Id, Id<Card> Card, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? Redeemer, DateTimeOffset? RedeemedAt)
{
    /// <summary>One that nobody has redeemed in time is as good as gone, whether it was removed already or not.</summary>
    public bool IsThereAt(DateTimeOffset now) => Redeemer is not null || now < ExpiresAt;

    /// <summary>The token as somebody's; itself when it is theirs already, and null when it is another's.</summary>
    public StoredToken? RedeemedBy(string redeemer, DateTimeOffset now) =>
        Redeemer is null ? this with { Redeemer = redeemer, RedeemedAt = now }
        : Redeemer == redeemer ? this
        : null;

    public CardToken Show(Card card) => new(Id, card, Redeemer is not null, CreatedAt, ExpiresAt);
}

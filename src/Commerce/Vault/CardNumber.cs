using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Vault;

/// <summary>
/// A card number as somebody has typed it, without its spaces and dashes, right or wrong. It shows its last four digits at most, to whoever prints or
/// logs it, and is no part of JSON; only <see cref="Reveal"/> tells the rest.
/// </summary>
[JsonConverter(typeof(NeverWritten<CardNumber>))]
public sealed class CardNumber
{
    private readonly string _digits;

    private CardNumber(string digits) => _digits = digits;

    /// <param name="typed">Whatever was typed; null is as wrong as anything else that is no number.</param>
    public static CardNumber Of(string? typed) =>
        new((typed ?? "").Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal));

    /// <summary>The last four digits; empty when it has not the shape of a card number.</summary>
    public string Last4 => HasShape ? _digits[^4..] : "";

    /// <summary>By the first digits (ISO/IEC 7812-1), as the networks have published theirs.</summary>
    public CardBrand Brand => HasShape ? CardDigits.BrandOf(_digits) : CardBrand.Unknown;

    /// <summary>As many digits as its brand gives to a number.</summary>
    internal bool IsWhole => HasShape && CardDigits.HasLengthOf(Brand, _digits.Length);

    /// <summary>Whether its last digit is that of the others (ISO/IEC 7812-1, annex B).</summary>
    internal bool PassesCheck => HasShape && CardDigits.PassCheck(_digits);

    private bool HasShape => _digits.Length is >= CardDigits.MinDigits and <= CardDigits.MaxDigits && _digits.All(char.IsAsciiDigit);

    /// <summary>All digits: for sealing, and for the providers that take numbers. Never for a text.</summary>
    public string Reveal() => _digits;

    public override string ToString() => $"•••• {Last4}";
}

/// <summary>The digits beside the number (CVC, CVV, CID). They are looked at once and never kept, sealed or not.</summary>
[JsonConverter(typeof(NeverWritten<SecurityCode>))]
public sealed class SecurityCode
{
    private readonly string _digits;

    private SecurityCode(string digits) => _digits = digits;

    /// <param name="typed">Null when none was given.</param>
    public static SecurityCode? Of(string? typed) => typed is null ? null : new(typed);

    internal bool IsOf(CardBrand brand) => _digits.All(char.IsAsciiDigit) && brand switch
    {
        CardBrand.Amex => _digits.Length is 4,
        CardBrand.Unknown => _digits.Length is 3 or 4,
        _ => _digits.Length is 3,
    };

    public override string ToString() => "•••";
}

/// <summary>Refuses to write a secret as JSON, and to read one: it comes in by the one door that is made for it.</summary>
internal sealed class NeverWritten<T> : JsonConverter<T>
    where T : class
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException($"A {typeof(T).Name} is no part of JSON.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        throw new NotSupportedException($"A {typeof(T).Name} is no part of JSON.");
}

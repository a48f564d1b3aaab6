using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Vault;

/// <summary>Whose network a card belongs to. The numbers are stored.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<CardBrand>))]
public enum CardBrand
{
    Unknown = 0,
    Visa = 1,
    Mastercard = 2,
    Amex = 3,
    Discover = 4,
    Diners = 5,
    Jcb = 6,
    Unionpay = 7,
}

/// <summary>
/// A card number as somebody has typed it, without its spaces and dashes, right or wrong. It shows its last four digits at most, to whoever prints or
/// logs it, and is no part of JSON; only <see cref="Reveal"/> tells the rest.
/// </summary>
[JsonConverter(typeof(NeverWritten<CardNumber>))]
public sealed class CardNumber
{
    private const int MinDigits = 12;
    private const int MaxDigits = 19;

    private readonly string _digits;

    private CardNumber(string digits) => _digits = digits;

    /// <param name="typed">Whatever was typed; null is as wrong as anything else that is no number.</param>
    public static CardNumber Of(string? typed) =>
        new((typed ?? "").Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal));

    /// <summary>The last four digits; empty when it has not the shape of a card number.</summary>
    public string Last4 => HasShape ? _digits[^4..] : "";

    /// <summary>By the first digits (ISO/IEC 7812-1), as the networks have published theirs.</summary>
    public CardBrand Brand => HasShape ? BrandOf(_digits) : CardBrand.Unknown;

    /// <summary>As many digits as its brand gives to a number.</summary>
    internal bool IsWhole => HasShape && HasLengthOf(Brand, _digits.Length);

    /// <summary>Whether its last digit is that of the others (ISO/IEC 7812-1, annex B).</summary>
    internal bool PassesCheck => HasShape && PassesCheckDigit(_digits);

    private bool HasShape => _digits.Length is >= MinDigits and <= MaxDigits && _digits.All(char.IsAsciiDigit);

    /// <summary>All digits: for sealing, and for the providers that take numbers. Never for a text.</summary>
    public string Reveal() => _digits;

    public override string ToString() => $"•••• {Last4}";

    /// <summary>
    /// Whether a text holds one: 12 to 19 digits, alone or in groups with spaces or dashes between, that pass the check of card numbers.
    /// </summary>
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) && (i == 0 || !char.IsAsciiDigit(text[i - 1])) && BeginsHere(text[i..]))
                return true;
        }
        return false;
    }

    /// <summary>Whether a number begins here and ends where a group of digits ends.</summary>
    private static bool BeginsHere(ReadOnlySpan<char> text)
    {
        Span<char> digits = stackalloc char[MaxDigits];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is ' ' or '-')
                continue;
            if (!char.IsAsciiDigit(text[i]) || count == digits.Length)
                return false;
            digits[count++] = text[i];
            var groupEnds = i + 1 == text.Length || !char.IsAsciiDigit(text[i + 1]);
            if (groupEnds && count >= MinDigits && PassesCheckDigit(digits[..count]))
                return true;
        }
        return false;
    }

    private static bool PassesCheckDigit(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : (digit * 2 / 10) + (digit * 2 % 10);
        }
        return sum % 10 == 0;
    }

    private static CardBrand BrandOf(ReadOnlySpan<char> digits) => int.Parse(digits[..4]) switch
    {
        >= 4000 and <= 4999 => CardBrand.Visa,
        (>= 5100 and <= 5599) or (>= 2221 and <= 2720) => CardBrand.Mastercard,
        (>= 3400 and <= 3499) or (>= 3700 and <= 3799) => CardBrand.Amex,
        6011 or (>= 6440 and <= 6599) => CardBrand.Discover,
        (>= 3000 and <= 3059) or 3095 or (>= 3600 and <= 3699) or (>= 3800 and <= 3999) => CardBrand.Diners,
        >= 3528 and <= 3589 => CardBrand.Jcb,
        (>= 6200 and <= 6299) or (>= 8100 and <= 8199) => CardBrand.Unionpay,
        _ => CardBrand.Unknown,
    };

    private static bool HasLengthOf(CardBrand brand, int length) => brand switch
    {
        CardBrand.Visa => length is 13 or 16 or 19,
        CardBrand.Mastercard => length is 16,
        CardBrand.Amex => length is 15,
        CardBrand.Diners => length is >= 14,
        CardBrand.Discover or CardBrand.Jcb or CardBrand.Unionpay => length is >= 16,
        _ => true,
    };
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

using System.Text.Json.Serialization;

namespace Basin.StripeDialect;

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

/// <summary>What tells a card number from other digits (ISO/IEC 7812-1). Nothing of a number is kept here, or repeated in an error.</summary>
public static class CardDigits
{
    public const int MinDigits = 12;
    public const int MaxDigits = 19;

    /// <summary>Longer groups, and shorter ones but the last, are in no printed number; an UUID has them.</summary>
    private const int MinGroup = 3;
    private const int MaxGroup = 6;

    /// <summary>
    /// Whether a text holds a number of a known brand: by itself or in groups with single spaces or dashes between, with no letter or digit beside it,
    /// and with a right check digit. Of ten texts that have such digits for another reason one is taken for a card.
    /// </summary>
    public static bool AreIn(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) && (i == 0 || !char.IsLetterOrDigit(text[i - 1])) && BeginHere(text[i..]))
                return true;
        }
        return false;
    }

    /// <summary>By the first digits, as the networks have published theirs.</summary>
    /// <param name="digits">Four or more.</param>
    public static CardBrand BrandOf(ReadOnlySpan<char> digits) => int.Parse(digits[..4]) switch
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

    /// <summary>Whether the brand gives so many digits to a number.</summary>
    public static bool HasLengthOf(CardBrand brand, int length) => brand switch
    {
        CardBrand.Visa => length is 13 or 16 or 19,
        CardBrand.Mastercard => length is 16,
        CardBrand.Amex => length is 15,
        CardBrand.Diners => length is >= 14,
        CardBrand.Discover or CardBrand.Jcb or CardBrand.Unionpay => length is >= 16,
        _ => true,
    };

    /// <summary>Whether the last digit is that of the others (annex B).</summary>
    public static bool PassCheck(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : (digit * 2 / 10) + (digit * 2 % 10);
        }
        return sum % 10 == 0;
    }

    /// <summary>Takes group after group, and looks at each end whether they are a number so far.</summary>
    private static bool BeginHere(ReadOnlySpan<char> text)
    {
        Span<char> digits = stackalloc char[MaxDigits];
        var count = 0;
        while (true)
        {
            var group = text[..LengthOfDigits(text)];
            var isAlone = count == 0 && group.Length > MaxGroup;
            if (group.IsEmpty || count + group.Length > MaxDigits || (count > 0 && group.Length > MaxGroup))
                return false;
            group.CopyTo(digits[count..]);
            count += group.Length;
            var rest = text[group.Length..];
            if (!rest.IsEmpty && char.IsLetter(rest[0]))
                return false;
            if (AreLikely(digits[..count]))
                return true;
            if (isAlone || group.Length < MinGroup || rest.Length < 2 || rest[0] is not (' ' or '-'))
                return false;
            text = rest[1..];
        }
    }

    private static int LengthOfDigits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    /// <summary>
    /// In use are 14 digits (Diners), 15, 16 and 19; 13, which are also the digits of an article's number, are in use no more.
    /// </summary>
    private static bool AreLikely(ReadOnlySpan<char> digits) =>
        digits.Length is 14 or 15 or 16 or MaxDigits
        && BrandOf(digits) is var brand and not CardBrand.Unknown && HasLengthOf(brand, digits.Length) && PassCheck(digits);
}

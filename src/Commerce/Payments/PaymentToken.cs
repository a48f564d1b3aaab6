namespace Basin.Payments;

/// <summary>What stands for a card. A card number itself is never accepted, so that it is never stored, sent on or logged.</summary>
public static class PaymentToken
{
    private const int MaxLength = 64;

    /// <summary>Letters, digits and underscores after <c>tok_</c>, and no card number inside.</summary>
    public static bool IsToken(string? text) =>
        text is { Length: > 4 and <= MaxLength }
        && text.StartsWith("tok_", StringComparison.Ordinal)
        && text.AsSpan().IndexOfAnyExcept(TokenCharacters) < 0
        && !HoldsCardNumber(text);

    /// <summary>
    /// True when 12 to 19 digits, alone or in groups with spaces or dashes between, pass the check of card numbers (ISO/IEC 7812-1, annex B).
    /// </summary>
    public static bool HoldsCardNumber(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) && (i == 0 || !char.IsAsciiDigit(text[i - 1])) && StartsCardNumber(text[i..]))
                return true;
        }
        return false;
    }

    extension(Checks checks)
    {
        /// <summary>A provider's token, with a sentence of its own for those who send a card number.</summary>
        public void Token(string? token, string member)
        {
            checks.That(!HoldsCardNumber(token), member, "This looks like a card number. Send a provider's token, such as tok_visa, and never the number.");
            checks.That(IsToken(token), member, $"A provider's token is expected: tok_ and letters, digits or underscores, at most {MaxLength} characters.");
        }
    }

    private static readonly System.Buffers.SearchValues<char> TokenCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>Whether a number begins here and ends where a group of digits ends.</summary>
    private static bool StartsCardNumber(ReadOnlySpan<char> text)
    {
        Span<int> digits = stackalloc int[19];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is ' ' or '-')
                continue;
            if (!char.IsAsciiDigit(text[i]) || count == digits.Length)
                return false;
            digits[count++] = text[i] - '0';
            var groupEnds = i + 1 == text.Length || !char.IsAsciiDigit(text[i + 1]);
            if (groupEnds && count >= 12 && PassesCheck(digits[..count]))
                return true;
        }
        return false;
    }

    private static bool PassesCheck(ReadOnlySpan<int> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)];
            sum += i % 2 == 0 ? digit : (digit * 2 / 10) + (digit * 2 % 10);
        }
        return sum % 10 == 0;
    }
}

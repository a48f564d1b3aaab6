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
        && !CardDigits.AreIn(text);

    extension(Checks checks)
    {
        /// <summary>A provider's token, with a sentence of its own for those who send a card number.</summary>
        public void Token(string? token, string member)
        {
            checks.That(!CardDigits.AreIn(token), member, "This looks like a card number. Send a provider's token, such as tok_visa, and never the number.");
            checks.That(IsToken(token), member, $"A provider's token is expected: tok_ and letters, digits or underscores, at most {MaxLength} characters.");
        }
    }

    private static readonly System.Buffers.SearchValues<char> TokenCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

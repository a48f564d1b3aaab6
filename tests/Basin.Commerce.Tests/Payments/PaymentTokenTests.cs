using Basin.Payments;

namespace Basin.Commerce.Tests.Payments;

public sealed class PaymentTokenTests
{
    [Theory]
    [InlineData("4242424242424242")]
    [InlineData("4242 4242 4242 4242")]
    [InlineData("4242-4242-4242-4242")]
    [InlineData("tok_4242424242424242")]
    [InlineData("378282246310005")]
    [InlineData("6304000000000000")]
    [InlineData("my card is 5555 5555 5555 4444, 12/28")]
    [InlineData("order 12: 4242 4242 4242 4242")]
    [InlineData("x4242424242424242x")]
    [InlineData("4242 4242 4242 4242 12 28 123")]
    public void Card_numbers_are_found_however_they_are_written(string text)
    {
        Assert.True(PaymentToken.HoldsCardNumber(text));
        Assert.False(PaymentToken.IsToken(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tok_visa")]
    [InlineData("4242424242424241")]
    [InlineData("42424242")]
    [InlineData("returned on 2026-03-02, order 17")]
    [InlineData("42424242424242424242424242424242")]
    public void Other_text_is_not_taken_for_a_card_number(string text) => Assert.False(PaymentToken.HoldsCardNumber(text));

    [Theory]
    [InlineData("tok_visa", true)]
    [InlineData("tok_chargeDeclinedInsufficientFunds", true)]
    [InlineData("tok_1MzQ2bLkdIwHu7ixABC", true)]
    [InlineData("tok_", false)]
    [InlineData("visa", false)]
    [InlineData("tok_vi sa", false)]
    [InlineData("tok_vi\nsa", false)]
    [InlineData("tok_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData(null, false)]
    public void A_token_is_short_and_plain(string? text, bool isToken) => Assert.Equal(isToken, PaymentToken.IsToken(text));
}

using Basin.Payments;

namespace Basin.Commerce.Tests.Payments;

public sealed class PaymentTokenTests
{
    [Theory]
    [InlineData("tok_visa", true)]
    [InlineData("tok_chargeDeclinedInsufficientFunds", true)]
    [InlineData("tok_1MzQ2bLkdIwHu7ixABC", true)]
    [InlineData("tok_", false)]
    [InlineData("tok_4242424242424242", false)]
    [InlineData("visa", false)]
    [InlineData("tok_vi sa", false)]
    [InlineData("tok_vi\nsa", false)]
    [InlineData("tok_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData(null, false)]
    public void A_token_is_short_and_plain(string? text, bool isToken) => Assert.Equal(isToken, PaymentToken.IsToken(text));
}

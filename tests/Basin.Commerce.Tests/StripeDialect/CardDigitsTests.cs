using Basin.Kernel.Hosting;
using Basin.StripeDialect;

namespace Basin.Commerce.Tests.StripeDialect;

public sealed class CardDigitsTests
{
    [Theory]
    [InlineData("4242424242424242")]
    [InlineData("4242 4242 4242 4242")]
    [InlineData("4242-4242-4242-4242")]
    [InlineData("tok_4242424242424242")]
    [InlineData("378282246310005")]
    [InlineData("3782 822463 10005")]
    [InlineData("36227206271667")]
    [InlineData("3622 720627 1667")]
    [InlineData("4000 0000 0000 0000 006")]
    [InlineData("6011000990139424")]
    [InlineData("3566002020360505")]
    [InlineData("2223003122003222")]
    [InlineData("my card is 5555 5555 5555 4444, 12/28")]
    [InlineData("order 12: 4242 4242 4242 4242")]
    [InlineData("order 12 4242 4242 4242 4242")]
    [InlineData("4242 4242 4242 4242 12 28 123")]
    [InlineData("4242424242424242 12/28")]
    [InlineData("(4242424242424242)")]
    public void Numbers_are_found_however_they_are_written(string text) => Assert.True(CardDigits.AreIn(text));

    [Theory]
    [InlineData("")]
    [InlineData("tok_visa")]
    [InlineData("4242424242424241")]
    [InlineData("42424242")]
    [InlineData("returned on 2026-03-02, order 17")]
    [InlineData("42424242424242424242424242424242")]
    [InlineData("6304000000000000")]
    [InlineData("4006381333931")]
    [InlineData("x4242424242424242")]
    [InlineData("4242424242424242x")]
    [InlineData("4242  4242  4242  4242")]
    [InlineData("42424242-42424242")]
    [InlineData("4242 4242 4242 4")]
    [InlineData("00000000-4242-4242-4242-424242424242")]
    public void Other_text_is_not_taken_for_a_number(string text) => Assert.False(CardDigits.AreIn(text));

    /// <summary>Stripe's clients make such a key for each request; one that is refused for its digits is a payment that fails for nothing.</summary>
    [Fact]
    public void No_idempotency_key_of_a_client_is_taken_for_a_number()
    {
        var random = new Randomness(20261122);
        Span<byte> bytes = stackalloc byte[16];
        for (var i = 0; i < 200_000; i++)
        {
            foreach (ref var part in bytes)
                part = (byte)random.Next(256);
            var key = $"stripe-node-retry-{new Guid(bytes)}";
            Assert.False(CardDigits.AreIn(key), key);
        }
    }
}

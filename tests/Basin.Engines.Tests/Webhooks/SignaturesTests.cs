using System.Security.Cryptography;
using System.Text;
using Basin.Webhooks.Sending;

namespace Basin.Engines.Tests.Webhooks;

public sealed class SignaturesTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Body = """{"test": 2432232314}""";
    private const long At = 1614265330;

    /// <summary>The example that the libraries of Standard Webhooks are tested with.</summary>
    [Fact]
    public void A_message_is_signed_as_in_the_example_of_standard_webhooks() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        Signatures.Standard([Secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", At, Encoding.UTF8.GetBytes(Body)));

    [Fact]
    public void Stripes_scheme_takes_the_secret_as_text()
    {
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{At}.{Body}"));

        Assert.Equal($"t={At},v1={Convert.ToHexStringLower(expected)}", Signatures.Stripe([Secret], At, Encoding.UTF8.GetBytes(Body)));
        Assert.Equal("2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964", Convert.ToHexStringLower(expected));
    }

    [Fact]
    public void Every_secret_signs_in_both_schemes()
    {
        const string Former = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        var body = Encoding.UTF8.GetBytes(Body);

        Assert.Equal(
            $"{Signatures.Stripe([Secret], At, body)},{Signatures.Stripe([Former], At, body).Split(',')[1]}",
            Signatures.Stripe([Secret, Former], At, body));
        Assert.Equal(
            $"{Signatures.Standard([Secret], "m", At, body)} {Signatures.Standard([Former], "m", At, body)}",
            Signatures.Standard([Secret, Former], "m", At, body));
    }
}

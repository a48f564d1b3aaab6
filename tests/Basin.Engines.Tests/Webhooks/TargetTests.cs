using System.Net;
using Basin.Webhooks;
using Basin.Webhooks.Sending;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>Where endpoints may be.</summary>
public sealed class TargetTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.1")]
    [InlineData("192.0.2.7")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::8.8.8.8")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:20::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2002:c0a8:101::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("2a00:1450::1%3")]
    public void An_address_that_is_not_on_the_public_internet_is_refused(string address) =>
        Assert.False(new TargetPolicy(new WebhooksOptions()).Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.1")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2600::1")]
    [InlineData("2a00:1450:4001::1")]
    public void An_address_on_the_public_internet_is_allowed(string address) =>
        Assert.True(new TargetPolicy(new WebhooksOptions()).Allows(IPAddress.Parse(address)));

    [Fact]
    public void A_network_that_is_named_is_allowed_and_no_other()
    {
        var policy = new TargetPolicy(new WebhooksOptions { AllowPrivateTargets = ["10.1.0.0/16", "fd00:1::/32"] });

        Assert.True(policy.Allows(IPAddress.Parse("10.1.2.3")));
        Assert.True(policy.Allows(IPAddress.Parse("fd00:1::5")));
        Assert.False(policy.Allows(IPAddress.Parse("10.2.0.1")));
        Assert.False(policy.Allows(IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.False(policy.Allows(IPAddress.Loopback));
    }

    [Theory]
    [InlineData("")]
    [InlineData("shop.example/webhooks")]
    [InlineData("/webhooks")]
    [InlineData("ftp://shop.example/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://shop.example/")]
    [InlineData("https:shop.example")]
    [InlineData("https:\\\\shop.example")]
    [InlineData("https://")]
    [InlineData("https:///webhooks")]
    [InlineData(" https://shop.example/")]
    [InlineData("https://shop.example/ webhooks")]
    [InlineData("https://shop.example/\r\nX: 1")]
    [InlineData("https://shop.example/\u0000")]
    [InlineData("https://ada@shop.example/")]
    [InlineData("https://ada:secret@shop.example/")]
    [InlineData("https://shop.example:0/")]
    [InlineData("https://shop.example:65536/")]
    [InlineData("https://shop.example/#there")]
    [InlineData("https://[::1/")]
    public void What_is_no_url_of_an_endpoint_is_refused(string url) => Assert.NotNull(Target.WhyMalformed(url));

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://x.localhost/")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://shop.example/")]
    public void A_url_that_names_a_private_target_or_no_encryption_is_refused(string url)
    {
        var why = Target.WhyMalformed(url) ?? new TargetPolicy(new WebhooksOptions()).WhyRefused(new Uri(url));

        Assert.NotNull(why);
    }

    [Theory]
    [InlineData("https://shop.example/")]
    [InlineData("HTTPS://Shop.Example:8443/a/b?c=d")]
    [InlineData("https://8.8.8.8/")]
    [InlineData("https://[2001:4860:4860::8888]/")]
    [InlineData("https://münchen.example/")]
    public void A_public_url_is_taken(string url)
    {
        Assert.Null(Target.WhyMalformed(url));
        Assert.Null(new TargetPolicy(new WebhooksOptions()).WhyRefused(new Uri(url)));
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080/", true)]
    [InlineData("http://localhost:8080/", true)]
    [InlineData("http://10.0.0.1/", false)]
    [InlineData("http://shop.example/", false)]
    public void Without_encryption_only_this_machine_is_taken_and_only_where_private_targets_are(string url, bool taken)
    {
        var policy = new TargetPolicy(new WebhooksOptions { AllowPrivateTargets = ["127.0.0.0/8", "10.0.0.0/8"] });

        Assert.Equal(taken, policy.WhyRefused(new Uri(url)) is null);
        Assert.Null(new TargetPolicy(new WebhooksOptions { AllowHttp = true }).WhyRefused(new Uri("http://shop.example/")));
    }

    [Fact]
    public void A_url_has_at_most_2048_characters()
    {
        var longest = "https://shop.example/".PadRight(2048, 'x');

        Assert.Null(Target.WhyMalformed(longest));
        Assert.NotNull(Target.WhyMalformed(longest + "x"));
    }
}

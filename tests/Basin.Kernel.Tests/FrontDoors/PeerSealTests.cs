using Basin.Kernel.FrontDoors;
using Basin.Testing;
using Microsoft.AspNetCore.DataProtection;

namespace Basin.Kernel.Tests.FrontDoors;

public sealed class PeerSealTests
{
    private readonly EphemeralDataProtectionProvider _keys = new();
    private readonly FakeClock _clock = new();

    private PeerSeal Seal => new(_keys, _clock);

    [Fact]
    public void A_token_of_another_process_opens_the_system_that_it_is_for() => Assert.True(Seal.Accepts("orders", Seal.TokenFor("orders")));

    [Fact]
    public void It_opens_no_other_system() => Assert.False(Seal.Accepts("payments", Seal.TokenFor("orders")));

    [Fact]
    public void It_opens_nothing_where_the_keys_are_others() =>
        Assert.False(new PeerSeal(new EphemeralDataProtectionProvider(), _clock).Accepts("orders", Seal.TokenFor("orders")));

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public void It_ends_after_a_short_time(int minutes, bool accepted)
    {
        var token = Seal.TokenFor("orders");
        _clock.Advance(TimeSpan.FromMinutes(minutes));

        Assert.Equal(accepted, Seal.Accepts("orders", token));
    }

    [Fact]
    public void It_is_made_once_and_anew_before_it_ends()
    {
        var seal = Seal;
        var first = seal.TokenFor("orders");
        Assert.Equal(first, seal.TokenFor("orders"));

        _clock.Advance(TimeSpan.FromSeconds(90));

        Assert.True(Seal.Accepts("orders", seal.TokenFor("orders")));
        Assert.NotEqual(first, seal.TokenFor("orders"));
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_keep_a_token_alive()
    {
        var seal = Seal;
        var token = seal.TokenFor("orders");
        _clock.StepWall(-TimeSpan.FromHours(1));

        Assert.False(seal.Accepts("orders", token));
        Assert.True(Seal.Accepts("orders", seal.TokenFor("orders")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64url!")]
    public void Anything_else_opens_nothing(string token) => Assert.False(Seal.Accepts("orders", token));
}

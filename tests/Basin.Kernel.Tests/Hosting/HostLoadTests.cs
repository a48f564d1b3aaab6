using Basin.Kernel.Load;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Hosting;

public sealed class HostLoadTests
{
    private static readonly DegradedMode Early = new("suggestions_off", "No suggestions.", EnterAt: 0.6, LeaveBelow: 0.3);
    private static readonly DegradedMode Late = new("email_later", "E-mail comes later.", EnterAt: 1, LeaveBelow: 0.5);

    private readonly FakeClock _clock = new();
    private readonly HostLoad _load;

    public HostLoadTests() => _load = Of(Early, Late);

    private HostLoad Of(params DegradedMode[] modes) => new(modes, _clock, NullLogger<HostLoad>.Instance);

    private void Follow(double level, int seconds = 0)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        _load.Follow(level);
    }

    [Fact]
    public void Each_mode_begins_at_its_own_load()
    {
        Follow(0.59);
        Assert.False(_load.IsOn(Early));
        Follow(0.6);
        Assert.True(_load.IsOn(Early));
        Assert.False(_load.IsOn(Late));
        Follow(1.4);
        Assert.True(_load.IsOn(Late));
        Assert.True(_load.IsOver);
    }

    [Fact]
    public void A_mode_ends_when_the_load_has_stayed_low_for_a_while()
    {
        Follow(0.7);
        Follow(0.4, seconds: 60);
        Assert.True(_load.IsOn(Early));

        Follow(0.2, seconds: 1);
        Follow(0.2, seconds: 1);
        Assert.True(_load.IsOn(Early));
        Follow(0.35, seconds: 1);
        Follow(0.2, seconds: 1);
        Follow(0.2, seconds: 1);
        Assert.True(_load.IsOn(Early));
        Follow(0.2, seconds: 1);
        Assert.False(_load.IsOn(Early));
    }

    [Fact]
    public void Whoever_looks_sees_since_when_and_how_often()
    {
        Assert.Null(_load.Modes[0].Since);
        Follow(0.7);
        var entered = _clock.GetUtcNow();
        Follow(0.8, seconds: 5);
        Assert.Equal((true, (DateTimeOffset?)entered, 1), (_load.Modes[0].IsOn, _load.Modes[0].Since, _load.Modes[0].Times));

        Follow(0, seconds: 1);
        Follow(0, seconds: 2);
        Assert.Equal((false, (DateTimeOffset?)_clock.GetUtcNow(), 1), (_load.Modes[0].IsOn, _load.Modes[0].Since, _load.Modes[0].Times));
        Follow(0.7, seconds: 1);
        Assert.Equal((true, 2), (_load.Modes[0].IsOn, _load.Modes[0].Times));
    }

    [Fact]
    public void A_mode_that_nobody_has_declared_is_off()
    {
        Follow(2);
        Assert.False(_load.IsOn(new DegradedMode("other", "", 0.1, 0)));
    }

    [Fact]
    public void Two_modes_of_one_name_or_one_that_would_flicker_refuse_the_start()
    {
        Assert.Throws<InvalidOperationException>(() => Of(Early, Early));
        Assert.Throws<InvalidOperationException>(() => Of(Early with { LeaveBelow = 0.6 }));
    }
}

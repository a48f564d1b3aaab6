using Basin.Kernel.Storage.Postgres;
using Basin.Testing;

namespace Basin.Kernel.Tests.Storage;

public sealed class ReachabilityTests
{
    private readonly FakeClock _clock = new();
    private readonly Reachability _database;

    public ReachabilityTests() => _database = new Reachability(TimeSpan.FromSeconds(10), _clock);

    [Fact]
    public void A_database_that_is_gone_is_tried_again_for_a_while()
    {
        var askedAt = _database.Now;
        Assert.True(_database.IsWorthAnotherTry(askedAt));
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.True(_database.IsWorthAnotherTry(askedAt));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_database.IsWorthAnotherTry(askedAt));
    }

    [Fact]
    public void Whoever_comes_when_it_has_been_gone_for_long_is_told_at_once()
    {
        _database.IsWorthAnotherTry(_database.Now);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False(_database.IsWorthAnotherTry(_database.Now));
    }

    [Fact]
    public void Once_it_has_answered_the_next_wait_is_a_new_one()
    {
        _database.IsWorthAnotherTry(_database.Now);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _database.NoteReached();

        Assert.True(_database.IsWorthAnotherTry(_database.Now));
    }

    [Fact]
    public void Nobody_waits_for_longer_because_others_are_answered()
    {
        var askedAt = _database.Now;
        _clock.Advance(TimeSpan.FromSeconds(10));
        _database.NoteReached();

        Assert.False(_database.IsWorthAnotherTry(askedAt));
    }

    [Fact]
    public void Without_patience_there_is_no_other_try() =>
        Assert.False(new Reachability(TimeSpan.Zero, _clock).IsWorthAnotherTry(_clock.GetTimestamp()));
}

using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Tests.Sample;
using Basin.Kernel.Tests.Storage;

namespace Basin.Kernel.Tests.Events;

public sealed class EventSegmentTests : IDisposable
{
    private readonly LoneShard _lone = new();
    private int _looks;

    [Fact]
    public async Task Many_events_of_one_commit_are_split_and_gaps_do_not_matter()
    {
        await PublishWithGapsAsync();

        Assert.Equal([(3, 3), (133, 128), (261, 128), (305, 44), (307, 1)], await _lone.ListAsync(
            "SELECT last_sequence, json_array_length(events) FROM basin_outbox ORDER BY last_sequence", row => (row.Int(0), row.Int(1))));
    }

    [Theory]
    [InlineData(0, new long[0])]
    [InlineData(1, new long[] { 1 })]
    [InlineData(2, new long[] { 2, 1 })]
    [InlineData(3, new long[] { 3, 2, 1 })]
    [InlineData(4, new long[] { 3, 2, 1 })]
    [InlineData(5, new long[] { 3, 2, 1 })]
    [InlineData(6, new long[] { 6, 3, 2 })]
    [InlineData(133, new long[] { 133, 132, 131 })]
    [InlineData(134, new long[] { 134, 133, 132 })]
    [InlineData(200, new long[] { 200, 199, 198 })]
    [InlineData(305, new long[] { 305, 304, 303 })]
    [InlineData(306, new long[] { 305, 304, 303 })]
    [InlineData(307, new long[] { 307, 305, 304 })]
    [InlineData(308, new long[] { 307, 305, 304 })]
    [InlineData(long.MaxValue, new long[] { 307, 305, 304 })]
    public async Task Reading_back_begins_at_the_newest_event_up_to_the_bound(long bound, long[] expected)
    {
        await PublishWithGapsAsync();
        Assert.Equal(expected, await ReadBackAsync(bound, _ => true, 3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public async Task An_empty_outbox_has_nothing_to_read_back(long bound) => Assert.Empty(await ReadBackAsync(bound, _ => true, 3));

    [Fact]
    public async Task A_filter_that_wants_few_finds_them_in_all_segments()
    {
        await PublishWithGapsAsync();
        long[] wanted = [2, 6, 133, 134, 307];

        Assert.Equal(wanted.Reverse(), await ReadBackAsync(400, e => wanted.Contains(e.Sequence), 100));
        Assert.Equal([133, 6], await ReadBackAsync(133, e => wanted.Contains(e.Sequence), 2));
        Assert.Empty(await ReadBackAsync(400, _ => false, 100));
    }

    [Fact]
    public async Task Whoever_has_enough_looks_no_further()
    {
        await PublishWithGapsAsync();

        Assert.Equal([307, 305], await ReadBackAsync(400, _ => true, 2));
        Assert.Equal(2, _looks);
        Assert.Empty(await ReadBackAsync(400, _ => true, 0));
        Assert.Equal(2, _looks);
    }

    [Fact]
    public async Task Whoever_has_gone_ends_the_search_at_the_next_segment()
    {
        await PublishWithGapsAsync();
        using var gone = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadBackAsync(
            261,
            _ =>
            {
                gone.Cancel();
                return false;
            },
            3,
            gone.Token));
        Assert.Equal(128, _looks);
    }

    /// <summary>Against the log in memory, which knows nothing of segments.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_bound_and_filter_finds_what_was_published(int seed)
    {
        var chance = new Randomness(seed);
        for (var commit = 0; commit < 12; commit++)
        {
            await PublishAsync(chance.Next(3) == 0 ? 1 + chance.Next(300) : 1 + chance.Next(5));
            if (chance.Next(2) == 0)
                await RefuseAsync(1 + chance.Next(4));
        }
        var published = await _lone.Shard.Events.ReadAfterAsync(_lone.Shard, 0, int.MaxValue, CancellationToken.None);
        for (var bound = 0; bound <= _lone.Shard.Events.LastSequence + 2; bound++)
        {
            var (limit, divisor) = (1 + chance.Next(chance.Next(4) == 0 ? 300 : 5), 1 + chance.Next(chance.Next(4) == 0 ? 200 : 3));
            bool IsWanted(EventRecord e) => e.Sequence % divisor == 0;

            var expected = published.Where(e => e.Sequence <= bound && IsWanted(e)).Select(e => e.Sequence).Reverse().Take(limit);
            Assert.Equal(expected, await ReadBackAsync(bound, IsWanted, limit));
        }
    }

    /// <summary>Leaves 1 to 3, 6 to 305 and 307.</summary>
    private async Task PublishWithGapsAsync()
    {
        await PublishAsync(3);
        await RefuseAsync(2);
        await PublishAsync(300);
        await RefuseAsync(1);
        await PublishAsync(1);
    }

    private Task<int> PublishAsync(int count, bool fails = false) => _lone.WriteAsync(async tx =>
    {
        for (var value = 1; value <= count; value++)
            await tx.PublishAsync(Walker.Tenant, new Stepped(new Id<Thing>(1), value));
        return fails ? throw new FormatException("refused") : count;
    });

    /// <summary>Uses up sequences for events that are never there.</summary>
    private async Task RefuseAsync(int count) => await Assert.ThrowsAsync<FormatException>(() => PublishAsync(count, fails: true));

    private async Task<IEnumerable<long>> ReadBackAsync(
        long bound, Func<EventRecord, bool> isWanted, int limit, CancellationToken cancellation = default)
    {
        var found = await _lone.Shard.ReadAsync(snapshot => EventSegment.ReadBackAsync(snapshot, bound, Look, limit, cancellation), CancellationToken.None);
        return found.Select(e => e.Sequence);

        bool Look(EventRecord e)
        {
            _looks++;
            return isWanted(e);
        }
    }

    public void Dispose() => _lone.Dispose();
}

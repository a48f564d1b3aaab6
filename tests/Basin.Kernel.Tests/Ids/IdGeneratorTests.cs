using Basin.Kernel.Ids;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Kernel.Tests.Ids;

public sealed class IdGeneratorTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public async Task Many_threads_get_different_ids_that_grow_for_each()
    {
#pragma warning disable RS0030 // Threads race against a clock that runs.
        var generator = new IdGenerator(TimeProvider.System, 7, 0, _ => { });
#pragma warning restore RS0030
        var threads = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var ids = new long[20_000];
            for (var i = 0; i < ids.Length; i++)
                ids[i] = generator.Next();
            return ids;
        })));

        foreach (var ids in threads)
            Assert.True(ids.Zip(ids.Skip(1)).All(pair => pair.First < pair.Second));
        var all = threads.SelectMany(ids => ids).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.All(all, id => Assert.Equal(7, Snowflake.ShardOf(id)));
        Assert.True(all.GroupBy(id => id >> 22).Max(millisecond => millisecond.Count()) <= Snowflake.SequencesPerMillisecond);
    }

    [Fact]
    public void A_clock_that_stands_still_does_not_stop_ids()
    {
        var generator = new IdGenerator(_clock, 0, 0, _ => { });
        var ids = Enumerable.Range(0, 10_000).Select(_ => generator.Next()).ToList();
        Assert.Equal(ids.Order().Distinct(), ids);
        Assert.Equal([4096, 4096, 1808], ids.GroupBy(id => id >> 22).Select(millisecond => millisecond.Count()));
    }

    [Fact]
    public void Who_takes_over_ids_makes_none_that_the_other_makes()
    {
        var giver = new IdGenerator(_clock, 0, 0, _ => { }, IdSequences.Lower);
        var taker = new IdGenerator(_clock, 0, 0, _ => { }, IdSequences.Upper);
        var given = Enumerable.Range(0, 5_000).Select(_ => giver.Next<Thing>()).ToList();
        var own = Enumerable.Range(0, 5_000).Select(_ => taker.Next<Thing>()).ToList();

        Assert.Empty(given.Intersect(own));
        Assert.Equal(given.Order().Distinct(), given);
        Assert.Equal(own.Order().Distinct(), own);
        Assert.Equal([2048, 2048, 904], own.GroupBy(id => id.CreatedAt).Select(millisecond => millisecond.Count()));
        Assert.All(given, id => Assert.True(IdSequences.Lower.Has(id) && !IdSequences.Upper.Has(id)));
    }

    [Fact]
    public void Ids_follow_a_step_forth_and_do_not_notice_a_step_back()
    {
        var generator = new IdGenerator(_clock, 0, 0, _ => { });
        _clock.StepWall(TimeSpan.FromDays(2));
        Assert.Equal(_clock.GetUtcNow(), Snowflake.TimeOf(generator.Next()));
        var before = _clock.GetUtcNow();
        _clock.StepWall(TimeSpan.FromDays(-1));
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(before.AddSeconds(3), Snowflake.TimeOf(generator.Next()));
    }

    /// <summary>Random walks of the clock and restarts: ids always grow, and a mark beyond each is kept before it is handed out.</summary>
    [Fact]
    public void Ids_grow_whatever_the_clock_does_and_however_often_it_restarts() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ArrayOf(200).ToArbitrary(),
        choices =>
        {
            var clock = new FakeClock();
            var mark = 0L;
            var generator = new IdGenerator(clock, 3, mark, m => mark = m);
            var last = -1L;
            foreach (var choice in choices)
            {
                var size = choice / 8;
                switch (choice % 8)
                {
                    case 0:
                        clock.StepWall(TimeSpan.FromMilliseconds(-(size % 100_000)));
                        break;
                    case 1:
                        clock.StepWall(TimeSpan.FromMilliseconds(size % 50_000));
                        break;
                    case 2:
                        clock.Advance(TimeSpan.FromTicks(size % 50_000_000));
                        break;
                    case 3 when size % 4 == 0:
                        generator = new IdGenerator(clock, 3, mark, m => mark = m);
                        break;
                    default:
                        for (var i = 0; i < size % 50; i++)
                        {
                            var id = generator.Next();
                            if (id <= last || id >> 22 > mark)
                                return false;
                            last = id;
                        }
                        break;
                }
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_id_is_handed_out_when_its_mark_cannot_be_kept()
    {
        var full = true;
        var generator = new IdGenerator(_clock, 0, 0, _ =>
        {
            if (full)
                throw new IOException("full");
        });
        Assert.Throws<IOException>(() => generator.Next());
        full = false;
        Assert.True(generator.Next() > 0);
    }

    [Fact]
    public void The_mark_is_kept_once_in_ten_seconds_of_use()
    {
        var marks = new List<long>();
        var generator = new IdGenerator(_clock, 0, 0, marks.Add);
        for (var second = 0; second < 100; second++, _clock.Advance(TimeSpan.FromSeconds(1)))
            generator.Next();
        Assert.InRange(marks.Count, 9, 11);
        Assert.Equal(marks.Order(), marks);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1024)]
    public void A_shard_outside_ten_bits_is_refused(int shard) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new IdGenerator(_clock, shard, 0, _ => { }));
}

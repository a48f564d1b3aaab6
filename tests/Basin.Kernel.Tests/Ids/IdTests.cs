using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Kernel.Tests.Sample;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Kernel.Tests.Ids;

public sealed class IdTests
{
    private static readonly Arbitrary<long> Values = Gen.OneOf(
        Gen.Choose(0, int.MaxValue).Two().Select(pair => ((long)pair.Item1 << 32) | (uint)pair.Item2),
        Gen.Elements(0, 1, 31, 32, long.MaxValue - 1, long.MaxValue)).ToArbitrary();

    [Fact]
    public void Text_comes_back_as_the_same_id() => Prop.ForAll(
        Values, value => Id<Thing>.Parse(new Id<Thing>(value).ToString(), null) == new Id<Thing>(value)).QuickCheckThrowOnFailure();

    [Fact]
    public void Text_sorts_as_numbers_do() => Prop.ForAll(
        Values,
        Values,
        (a, b) => Math.Sign(string.CompareOrdinal(new Id<Thing>(a).ToString(), new Id<Thing>(b).ToString())) == a.CompareTo(b)).QuickCheckThrowOnFailure();

    [Fact]
    public void Json_has_ids_as_texts_and_as_names() => Prop.ForAll(Values, value =>
    {
        var id = new Id<Thing>(value);
        var map = new Dictionary<Id<Thing>, Id<Thing>> { [id] = id };
        var json = JsonSerializer.Serialize(map);
        return json == $$"""{"{{id}}":"{{id}}"}""" && JsonSerializer.Deserialize<Dictionary<Id<Thing>, Id<Thing>>>(json)![id] == id;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("thing_")]
    [InlineData("thing")]
    [InlineData("0000000000001")]
    [InlineData("other_0000000000001")]
    [InlineData("Thing_0000000000001")]
    [InlineData("thing-0000000000001")]
    [InlineData("thing_000000000001")]
    [InlineData("thing_00000000000001")]
    [InlineData("thing_8000000000000")]
    [InlineData("thing_000000000000u")]
    [InlineData("thing_000000000000A")]
    [InlineData("thing_00000000000 1")]
    [InlineData(" thing_0000000000001")]
    [InlineData("thing_0000000000001 ")]
    public void Other_text_is_no_id(string text)
    {
        Assert.False(Id<Thing>.TryParse(text, null, out _));
        Assert.Throws<FormatException>(() => Id<Thing>.Parse(text, null));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Id<Thing>>(JsonSerializer.Serialize(text)));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("true")]
    public void Other_json_is_no_id(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Id<Thing>>(json));

    [Fact]
    public void The_parts_of_an_id_come_back() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        Gen.Choose(0, Snowflake.MaxShards - 1).ToArbitrary(),
        Gen.Choose(0, Snowflake.SequencesPerMillisecond - 1).ToArbitrary(),
        (milliseconds, shard, sequence) =>
        {
            var id = new Id<Thing>(Snowflake.Compose(milliseconds, shard, sequence));
            return id.Shard == shard && Snowflake.MillisecondsOf(id.CreatedAt) == milliseconds && (id.Value & 4095) == sequence && id.Value >= 0;
        }).QuickCheckThrowOnFailure();
}

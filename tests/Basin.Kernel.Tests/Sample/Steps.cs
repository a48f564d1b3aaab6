using System.Text.Json.Serialization;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;

namespace Basin.Kernel.Tests.Sample;

/// <summary>What the events and jobs of these tests are about.</summary>
public sealed class Thing : IEntity
{
    public static string Prefix => "thing";
}

/// <summary>Something happened to a thing; <paramref name="Value"/> counts up from 1 for each thing.</summary>
public sealed record Stepped(Id<Thing> Thing, int Value) : IEvent<Stepped>
{
    public static EventType<Stepped> Type { get; } = new("basin.walker.stepped.v1", Sample.Thing.Prefix, SampleJson.Default.Stepped);

    long IEvent<Stepped>.Key => Thing.Value;
}

/// <summary>A second type of event about the same things.</summary>
public sealed record Rested(Id<Thing> Thing, int Value) : IEvent<Rested>
{
    public static EventType<Rested> Type { get; } = new("basin.walker.rested.v1", Sample.Thing.Prefix, SampleJson.Default.Rested);

    long IEvent<Rested>.Key => Thing.Value;
}

public sealed record Call(Id<Thing> Thing, int Value) : IJob<Call>
{
    public static JobType<Call> Type { get; } = new("walker.call.v1", Sample.Thing.Prefix, SampleJson.Default.Call);

    long IJob<Call>.Key => Thing.Value;
}

[JsonSerializable(typeof(Stepped))]
[JsonSerializable(typeof(Rested))]
[JsonSerializable(typeof(Call))]
internal sealed partial class SampleJson : JsonSerializerContext;

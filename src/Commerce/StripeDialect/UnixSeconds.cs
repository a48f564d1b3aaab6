using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.StripeDialect;

/// <summary>Writes a moment as Stripe does, in whole seconds since 1970.</summary>
public sealed class UnixSeconds : JsonConverter<DateTimeOffset>
{
    internal static long Largest { get; } = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.ToUnixTimeSeconds());
}

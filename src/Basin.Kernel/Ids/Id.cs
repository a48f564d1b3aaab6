using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Kernel.Ids;

/// <summary>Says which prefix the ids of an entity carry, as <c>ord</c> in <c>ord_01k3v9x7c2m40</c>.</summary>
public interface IEntity
{
    /// <summary>Two to eight lower-case letters, unique among all entities.</summary>
    static abstract string Prefix { get; }
}

/// <summary>
/// The 64-bit Snowflake id of a <typeparamref name="T"/>: 41 bits of milliseconds, 10 bits of shard, 12 bits of sequence.
/// As text it is the prefix, an underscore and 13 characters of Crockford's base 32, so that text sorts as numbers do.
/// </summary>
[JsonConverter(typeof(IdJsonConverterFactory))]
public readonly record struct Id<T>(long Value) : IParsable<Id<T>>, IComparable<Id<T>>
    where T : IEntity
{
    /// <summary>The shard whose database holds the entity.</summary>
    public int Shard => Snowflake.ShardOf(Value);

    /// <summary>When the id was made, to the millisecond, by the clock of its maker.</summary>
    public DateTimeOffset CreatedAt => Snowflake.TimeOf(Value);

    public static Id<T> Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{s}' is not an id that starts with '{T.Prefix}_'.");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Id<T> result) =>
        TryParse(s, out result);

    public static bool TryParse(ReadOnlySpan<char> text, out Id<T> id)
    {
        id = default;
        if (text.Length != T.Prefix.Length + 1 + Base32.Length || !text.StartsWith(T.Prefix) || text[T.Prefix.Length] != '_')
            return false;
        if (!Base32.TryDecode(text[(T.Prefix.Length + 1)..], out var value))
            return false;
        id = new Id<T>(value);
        return true;
    }

    public int CompareTo(Id<T> other) => Value.CompareTo(other.Value);

    public override string ToString() => EntityText.Of(T.Prefix, Value);

    public static bool operator <(Id<T> left, Id<T> right) => left.Value < right.Value;

    public static bool operator >(Id<T> left, Id<T> right) => left.Value > right.Value;

    public static bool operator <=(Id<T> left, Id<T> right) => left.Value <= right.Value;

    public static bool operator >=(Id<T> left, Id<T> right) => left.Value >= right.Value;
}

/// <summary>The text of an id whose entity is known by its prefix only.</summary>
public static class EntityText
{
    /// <summary>Splits a text into the prefix, whose meaning is not checked, and the number.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ReadOnlySpan<char> prefix, out long value)
    {
        var end = text.LastIndexOf('_');
        prefix = end < 0 ? default : text[..end];
        value = 0;
        return end > 0 && Base32.TryDecode(text[(end + 1)..], out value);
    }

    public static string Of(string prefix, long value) =>
        string.Create(prefix.Length + 1 + Base32.Length, (prefix, value), static (span, state) =>
        {
            state.prefix.CopyTo(span);
            span[state.prefix.Length] = '_';
            Base32.Encode(state.value, span[(state.prefix.Length + 1)..]);
        });
}

/// <summary>Crockford's base 32 (https://www.crockford.com/base32.html) of 64 bits, always 13 lower-case characters.</summary>
internal static class Base32
{
    public const int Length = 13;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static void Encode(long value, Span<char> text)
    {
        var rest = (ulong)value;
        for (var i = Length - 1; i >= 0; i--, rest >>= 5)
            text[i] = Alphabet[(int)(rest & 31)];
    }

    /// <summary>Negative values are refused: no id is negative.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.Length != Length || text[0] > '7')
            return false;
        foreach (var c in text)
        {
            var digit = Alphabet.IndexOf(c);
            if (digit < 0)
                return false;
            value = (value << 5) | (uint)digit;
        }
        return true;
    }
}

/// <summary>Writes ids as JSON strings and property names.</summary>
public sealed class IdJsonConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Id<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(IdJsonConverter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;
}

public sealed class IdJsonConverter<T> : JsonConverter<Id<T>>
    where T : IEntity
{
    public override Id<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Id<T>.TryParse(reader.GetString(), out var id)
            ? id
            : throw new JsonException($"An id that starts with '{T.Prefix}_' is expected.");

    public override void Write(Utf8JsonWriter writer, Id<T> value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[T.Prefix.Length + 1 + Base32.Length];
        T.Prefix.CopyTo(text);
        text[T.Prefix.Length] = '_';
        Base32.Encode(value.Value, text[(T.Prefix.Length + 1)..]);
        writer.WriteStringValue(text);
    }

    public override Id<T> ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Id<T>.TryParse(reader.GetString(), out var id) ? id : throw new JsonException($"An id that starts with '{T.Prefix}_' is expected.");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, Id<T> value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());
}

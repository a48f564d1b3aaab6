using System.Text.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;

namespace Basin.Kernel.Events;

/// <summary>Writes the key of an event as the typed id that people know.</summary>
internal sealed class SubjectNames(IEnumerable<SystemDefinition> systems)
{
    private readonly Dictionary<string, string> _prefixes = systems
        .SelectMany(system => system.Published)
        .GroupBy(published => published.Key, published => published.Value)
        .ToDictionary(group => group.Key, group => group.First());

    public string Of(string type, long key) => _prefixes.TryGetValue(type, out var prefix) ? EntityText.Of(prefix, key) : Unknown(key);

    public static string Unknown(long key) => key.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Stored JSON as it is sent on. What cannot be read as JSON is shown as a text, because it is just what an operator wants to see.</summary>
internal static class JsonText
{
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonElement.Parse(utf8.Span);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(System.Text.Encoding.UTF8.GetString(utf8.Span));
        }
    }
}

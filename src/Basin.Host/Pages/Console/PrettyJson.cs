using System.Text.Encodings.Web;
using System.Text.Json;

namespace Basin.Host.Pages.Console;

/// <summary>JSON for people. The page encodes it, so that it may hold any character as it is.</summary>
internal static class PrettyJson
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Indented);
}

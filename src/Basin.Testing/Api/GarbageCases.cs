using System.Text.Json;
using System.Text.Json.Nodes;

namespace Basin.Testing.Api;

/// <summary>What a route's body may do that <see cref="GarbageCases"/> cannot see in an example.</summary>
public sealed record GarbageOptions
{
    /// <summary>Members that may be missing or null, such as <c>lines[0].note</c>.</summary>
    public IReadOnlySet<string> Optional { get; init; } = new HashSet<string>();

    /// <summary>Numbers that may be negative.</summary>
    public IReadOnlySet<string> Signed { get; init; } = new HashSet<string>();

    /// <summary>Objects that take any member.</summary>
    public IReadOnlySet<string> Open { get; init; } = new HashSet<string>();

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// The garbage that every JSON write route must refuse with 400, made from one valid body: each case breaks one thing and knows which member the
/// answer must name.
/// </summary>
public static class GarbageCases
{
    private const int TooLong = 100_000;
    private const int TooMany = 2_500;

    public static IEnumerable<ApiCase> For(string method, string path, string validBody, GarbageOptions? options = null)
    {
        options ??= new GarbageOptions();
        var valid = JsonNode.Parse(validBody)!.AsObject();
        return Whole(validBody)
            .Concat(Members(valid, "", options).Select(broken => (broken.Name, Body: broken.Body.ToJsonString(), Field: (string?)broken.Field)))
            .Select(garbage => new ApiCase($"{method} {path}: {garbage.Name}", method, path, garbage.Body, 400, "invalid_request")
            {
                ErrorFields = garbage.Field is null ? [] : [garbage.Field],
                Headers = options.Headers,
                BodyLacks = ["Basin.", "System."],
            })
            .Append(new ApiCase($"{method} {path}: wrong content type", method, path, validBody, 415, "unsupported_media_type")
            {
                ContentType = "text/plain",
                Headers = options.Headers,
            });
    }

    private static IEnumerable<(string Name, string Body, string? Field)> Whole(string valid)
    {
        yield return ("empty", "", null);
        yield return ("white space", " \n", null);
        yield return ("null", "null", null);
        yield return ("an array", "[]", null);
        yield return ("a number", "17", null);
        yield return ("a text", "\"text\"", null);
        yield return ("not JSON", "<xml/>", null);
        yield return ("cut off", valid[..^1], null);
        yield return ("cut in the middle", valid[..(valid.Length / 2)], null);
        yield return ("something behind the end", valid + "}", null);
        yield return ("a comment", "/* */" + valid, null);
        yield return ("too deep", string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200)), null);
        yield return ("an unknown member that is too deep", "{\"x\":" + string.Concat(Enumerable.Repeat("{\"x\":", 200)) + "1" + new string('}', 201), null);
    }

    /// <summary>Each result is a whole body of its own with one member broken.</summary>
    private static IEnumerable<(string Name, JsonNode Body, string Field)> Members(JsonObject root, string path, GarbageOptions options)
    {
        var target = (JsonObject)At(root, path)!;
        if (!options.Open.Contains(path))
        {
            yield return With(root, path, "unknown member", "noSuchMember", (o, name) => o[name] = 1);
            yield return With(root, path, "unknown member with an odd name", "no.such", (o, name) => o[name] = 1, OddName(path, "no.such"));
        }
        foreach (var (name, value) in target)
        {
            var field = Join(path, name);
            if (!options.Optional.Contains(field))
            {
                yield return With(root, path, "missing", name, (o, n) => o.Remove(n));
                yield return With(root, path, "null", name, (o, n) => o[n] = null);
            }
            foreach (var (what, broken, place) in Broken(value, options.Signed.Contains(field)))
                yield return With(root, path, what, name, (o, n) => o[n] = broken, field + place);
            if (value is JsonObject)
            {
                foreach (var inner in Members(root, field, options))
                    yield return inner;
            }
            else if (value is JsonArray { Count: > 0 } array && array[0] is JsonObject)
            {
                foreach (var inner in Members(root, $"{field}[0]", options))
                    yield return inner;
            }
        }
    }

    private static IEnumerable<(string What, JsonNode? Broken, string Place)> Broken(JsonNode? value, bool signed)
    {
        switch (value?.GetValueKind())
        {
            case JsonValueKind.String:
                yield return ("a number for a text", 17, "");
                yield return ("an object for a text", new JsonObject(), "");
                yield return ("overlong", new string('x', TooLong), "");
                yield return ("a control character", $"{value}\0", "");
                break;
            case JsonValueKind.Number:
                yield return ("a text for a number", "text", "");
                yield return ("a number as a text", value.ToJsonString(), "");
                yield return ("a fraction", 1.5, "");
                yield return ("too large", JsonNode.Parse("1" + new string('0', 30)), "");
                if (!signed)
                    yield return ("negative", -1, "");
                break;
            case JsonValueKind.True or JsonValueKind.False:
                yield return ("a text for a truth", "true", "");
                yield return ("a number for a truth", 1, "");
                break;
            case JsonValueKind.Object:
                yield return ("a number for an object", 17, "");
                yield return ("an array for an object", new JsonArray(), "");
                break;
            case JsonValueKind.Array:
                yield return ("an object for an array", new JsonObject(), "");
                yield return ("a null item", new JsonArray((JsonNode?)null), "[0]");
                yield return ("a number for an item", new JsonArray(17), "[0]");
                if (value.AsArray() is { Count: > 0 } items)
                    yield return ("too many items", new JsonArray([.. Enumerable.Range(0, TooMany).Select(_ => items[0]?.DeepClone())]), "");
                break;
        }
    }

    private static (string Name, JsonNode Body, string Field) With(
        JsonObject root, string path, string what, string name, Action<JsonObject, string> change, string? field = null)
    {
        var body = root.DeepClone();
        change((JsonObject)At(body, path)!, name);
        return ($"{Join(path, name)}: {what}", body, field ?? Join(path, name));
    }

    private static JsonNode? At(JsonNode root, string path)
    {
        var node = root;
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
            node = step.EndsWith("[0]", StringComparison.Ordinal) ? node?[step[..^3]]?[0] : node?[step];
        return node;
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string OddName(string path, string name) => path.Length == 0 ? $"$['{name}']" : $"{path}['{name}']";
}

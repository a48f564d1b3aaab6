using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Basin.Host.Tests;

/// <summary>A route below <c>/v1</c>, as the host describes it.</summary>
/// <param name="Parameters">Those of the query, with their types.</param>
/// <param name="Members">The members of the body; null when there is none.</param>
/// <param name="Successes">The statuses below 300 that it may answer.</param>
internal sealed record ApiRoute(
    string Method, string Path, IReadOnlyList<ApiParameter> Parameters, IReadOnlyList<string>? Members, IReadOnlyList<int> Successes)
{
    public string Name => $"{Method} {Path}";

    public bool Writes => Method != "GET";

    /// <summary>With the parameters that it needs, as placeholders of their names.</summary>
    public string PathAndQuery
    {
        get
        {
            var needed = Parameters.Where(known => known.Required).Select(known => $"{known.Name}={{{known.Name}}}").ToList();
            return needed.Count == 0 ? Path : $"{Path}?{string.Join('&', needed)}";
        }
    }

    public static async Task<List<ApiRoute>> ListAsync(HttpClient client)
    {
        var description = (await client.GetFromJsonAsync<JsonNode>("/openapi/v1.json"))!;
        return
        [
            .. from path in description["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            let members = MembersOf(description, operation.Value!)
            select new ApiRoute(operation.Key.ToUpperInvariant(), path.Key, ParametersOf(operation.Value!), members, SuccessesOf(operation.Value!)),
        ];
    }

    public override string ToString() => Name;

    private static List<int> SuccessesOf(JsonNode operation) =>
        [.. operation["responses"]!.AsObject().Select(answer => int.Parse(answer.Key)).Where(status => status < 300)];

    private static List<ApiParameter> ParametersOf(JsonNode operation) =>
    [
        .. from parameter in operation["parameters"]?.AsArray() ?? []
        where parameter["in"]!.GetValue<string>() == "query"
        select new ApiParameter(
            parameter["name"]!.GetValue<string>(),
            parameter["schema"]!["type"]!.ToString().Contains("integer", StringComparison.Ordinal),
            parameter["required"]?.GetValue<bool>() == true),
    ];

    private static List<string>? MembersOf(JsonNode description, JsonNode operation)
    {
        var schema = operation["requestBody"]?["content"]?.AsObject().First().Value!["schema"]!["$ref"]!.GetValue<string>();
        if (schema is null)
            return null;
        var properties = description["components"]!["schemas"]![schema.Split('/')[^1]]!["properties"]!;
        return [.. properties.AsObject().Select(member => member.Key)];
    }
}

internal sealed record ApiParameter(string Name, bool IsInteger, bool Required);

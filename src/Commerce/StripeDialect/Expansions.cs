using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Basin.StripeDialect;

/// <summary>Finds the object of an id as JSON, such as it is answered elsewhere; null when there is none, then the id stays.</summary>
public delegate ValueTask<JsonNode?> StripeLoader(IServiceProvider services, Id<Tenant> tenant, string id, CancellationToken cancellation);

/// <summary>A kind of object that others name by its id.</summary>
/// <param name="Prefix">Of its ids, such as <c>cus</c>.</param>
/// <param name="Expandable">Its own members that hold ids, such as <c>default_source</c>, or <c>refunds.data.charge</c>, with the prefix of those.</param>
internal sealed record StripeObject(string Prefix, StripeLoader Load, IReadOnlyList<(string Member, string Prefix)> Expandable);

/// <summary>What a route answers, as far as it can be expanded.</summary>
internal sealed record Expandable(string Prefix, bool IsList);

/// <summary>
/// Puts objects in the place of their ids where <c>expand[]</c> asks for it. What can be expanded is known before anything happens, so a wrong path
/// changes nothing. Source: https://docs.stripe.com/api/expanding_objects.
/// </summary>
internal sealed class Expansions(IEnumerable<StripeObject> objects)
{
    private const string Parameter = "expand";
    private const string ListPrefix = "data.";
    private const int MaxPaths = 20;
    private const int MaxDepth = 4;

    private readonly Dictionary<string, StripeObject> _objects = objects.ToDictionary(each => each.Prefix, StringComparer.Ordinal);

    public IReadOnlyList<string> Read(StripeForm form, Endpoint? route)
    {
        var paths = form.Texts(Parameter, MaxPaths);
        var root = route?.Metadata.GetMetadata<Expandable>();
        foreach (var path in paths)
        {
            if (path.AsSpan().Count('.') >= MaxDepth)
                throw StripeErrors.Invalid(Parameter, $"You cannot expand more than {MaxDepth} levels of a property ({StripeErrors.Echo(path)}).").Refusal();
            if (!IsExpandable(path, root))
                throw StripeErrors.Invalid(Parameter, Sentence(path, root)).Refusal();
        }
        return paths;
    }

    public async Task<StripeAnswer> ApplyAsync(
        StripeAnswer answer, IReadOnlyList<string> paths, IServiceProvider services, Id<Tenant> tenant, CancellationToken cancellation)
    {
        if (answer.Status >= StatusCodes.Status400BadRequest || JsonNode.Parse(answer.Body.Span) is not { } root)
            return answer;
        var found = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var path in paths)
            await ExpandAsync(root, path.Split('.'), FindAsync);
        return answer.With(JsonSerializer.SerializeToUtf8Bytes(root, ErrorJson.Default.JsonNode));

        async ValueTask<JsonNode?> FindAsync(string id)
        {
            if (!found.TryGetValue(id, out var node) && _objects.TryGetValue(PrefixOf(id), out var kind))
                found[id] = node = await kind.Load(services, tenant, id, cancellation);
            return node?.DeepClone();
        }
    }

    private static async ValueTask ExpandAsync(JsonNode? node, ReadOnlyMemory<string> path, Func<string, ValueTask<JsonNode?>> find)
    {
        if (path.IsEmpty)
            return;
        if (node is JsonArray items)
        {
            foreach (var item in items)
                await ExpandAsync(item, path, find);
        }
        else if (node is JsonObject members)
        {
            var name = path.Span[0];
            if (await ReplaceAsync(members[name], find) is { } found)
                members[name] = found;
            await ExpandAsync(members[name], path[1..], find);
        }
    }

    /// <returns>What stands in the place of an id; null when it stays, and when it is a list, whose items are replaced.</returns>
    private static async ValueTask<JsonNode?> ReplaceAsync(JsonNode? member, Func<string, ValueTask<JsonNode?>> find)
    {
        if (member is JsonValue value && value.TryGetValue<string>(out var id))
            return await find(id);
        for (var i = 0; member is JsonArray items && i < items.Count; i++)
        {
            if (items[i] is JsonValue && await ReplaceAsync(items[i], find) is { } found)
                items[i] = found;
        }
        return null;
    }

    private bool IsExpandable(string path, Expandable? root)
    {
        if (root is null)
            return false;
        return !root.IsList ? IsExpandable(root.Prefix, path)
            : path.StartsWith(ListPrefix, StringComparison.Ordinal) && IsExpandable(root.Prefix, path.AsSpan(ListPrefix.Length));
    }

    private bool IsExpandable(string prefix, ReadOnlySpan<char> path)
    {
        if (!_objects.TryGetValue(prefix, out var kind))
            return false;
        foreach (var (member, target) in kind.Expandable)
        {
            if (!path.StartsWith(member))
                continue;
            var rest = path[member.Length..];
            if (rest.IsEmpty ? _objects.ContainsKey(target) : rest[0] == '.' && IsExpandable(target, rest[1..]))
                return true;
        }
        return false;
    }

    private string Sentence(string path, Expandable? root)
    {
        var sentence = $"This property cannot be expanded ({StripeErrors.Echo(path)}).";
        return root is { IsList: true } && IsExpandable(root.Prefix, path)
            ? $"{sentence} You may want to try expanding '{ListPrefix}{path}' instead."
            : sentence;
    }

    private static string PrefixOf(string id) => id.IndexOf('_') is > 0 and var end ? id[..end] : "";
}

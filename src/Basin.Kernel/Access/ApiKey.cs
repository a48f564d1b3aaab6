using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Access;

/// <summary>What a program shows to be let in, without its secret.</summary>
/// <param name="LastUsedAt">To the minute or so.</param>
public sealed record ApiKey(
    Id<ApiKey> Id,
    Id<Tenant> Tenant,
    string Name,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt) : IEntity
{
    public static string Prefix => "key";
}

/// <summary>
/// The text of a key, <c>basin_{13 characters of its id}_{43 characters of its secret}</c>: it says what it is, so that scanners find one that leaked,
/// and its row is found by the id, so that no secret is ever searched for.
/// </summary>
internal static class ApiKeyText
{
    private const string Start = "basin_";
    private const int SecretAt = 20;

    public static string Of(Id<ApiKey> id, string secret)
    {
        Span<char> number = stackalloc char[Base32.Length];
        Base32.Encode(id.Value, number);
        return $"{Start}{number}_{secret}";
    }

    public static bool TryParse(ReadOnlySpan<char> text, out Id<ApiKey> id, out ReadOnlySpan<char> secret)
    {
        id = default;
        secret = default;
        if (text.Length != SecretAt + SecretToken.Length || !text.StartsWith(Start) || text[SecretAt - 1] != '_')
            return false;
        if (!Base32.TryDecode(text.Slice(Start.Length, Base32.Length), out var number))
            return false;
        id = new Id<ApiKey>(number);
        secret = text[SecretAt..];
        return true;
    }
}

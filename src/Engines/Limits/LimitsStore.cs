using System.Text.Json;

namespace Basin.Limits;

/// <summary>All SQL of Limits. Policies are the installation's, so no row has a tenant.</summary>
internal static class LimitsStore
{
    private const string Columns = "name, version, body, changed_at, changed_by";

    public static ValueTask<List<ChangedPolicy>> ListAsync(Snapshot snapshot) =>
        snapshot.ListAsync($"SELECT {Columns} FROM limit_policy ORDER BY name", Read);

    public static ValueTask<ChangedPolicy?> FindAsync(Snapshot snapshot, string name) =>
        snapshot.FindAsync($"SELECT {Columns} FROM limit_policy WHERE name = $1", Read, name);

    public static ValueTask<int> SaveAsync(Transaction tx, ChangedPolicy policy) => tx.ExecuteAsync(
        $"""
        INSERT INTO limit_policy ({Columns}) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """,
        policy.Name, policy.Version, policy.Terms is { } terms ? JsonSerializer.Serialize(terms, LimitsJson.Default.PolicyOptions) : null, policy.ChangedAt,
        policy.ChangedBy);

    private static ChangedPolicy Read(Row row) => new(row.Text(0), row.Integer(1), TermsIn(row.TextOrNull(2)), row.Time(3), row.Text(4));

    /// <summary>What a newer Basin has written may say what this one does not know; then a policy is as it is configured.</summary>
    private static PolicyOptions? TermsIn(string? body)
    {
        try
        {
            return body is null ? null : JsonSerializer.Deserialize(body, LimitsJson.Default.PolicyOptions);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What operators have made of a policy.</summary>
/// <param name="Version">Counts the changes.</param>
/// <param name="Terms">Null when it is as it is configured again.</param>
/// <param name="ChangedBy">The key or the account.</param>
internal sealed record ChangedPolicy(string Name, long Version, PolicyOptions? Terms, DateTimeOffset ChangedAt, string ChangedBy);

/// <summary>Policies as they are kept.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PolicyOptions))]
internal sealed partial class LimitsJson : JsonSerializerContext;

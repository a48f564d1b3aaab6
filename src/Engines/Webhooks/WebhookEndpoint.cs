using System.Text.Json.Serialization;

namespace Basin.Webhooks;

/// <summary>Why an endpoint gets nothing. The numbers are stored.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<WebhookDisabledReason>))]
public enum WebhookDisabledReason
{
    /// <summary>Its owner or an operator asked for it.</summary>
    Requested = 1,

    /// <summary>It has answered 410.</summary>
    Gone = 2,

    /// <summary>For a long time it has done nothing but fail.</summary>
    Failing = 3,
}

/// <summary>Where a tenant is told what happens. Its secret is asked for by itself.</summary>
/// <param name="EnabledTypes">What it gets: whole types, the beginning of some such as <c>payment_intent.*</c>, or <c>*</c> for all.</param>
/// <param name="DisabledReason">Null while it is enabled.</param>
/// <param name="StatusSince">When it was last enabled or disabled.</param>
/// <param name="ApiVersion">What those who publish make of it is theirs.</param>
/// <param name="FailingSince">When the first of the tries failed that nothing but failures followed; null when the last one succeeded.</param>
public sealed record WebhookEndpoint(
    Id<WebhookEndpoint> Id,
    string Url,
    string? Description,
    IReadOnlyList<string> EnabledTypes,
    WebhookDisabledReason? DisabledReason,
    DateTimeOffset StatusSince,
    string? ApiVersion,
    IReadOnlyDictionary<string, string> Metadata,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastSuccessAt,
    DateTimeOffset? FailingSince) : IEntity
{
    public static string Prefix => "we";

    public bool Enabled => DisabledReason is null;

    internal static WebhookEndpoint New(Id<WebhookEndpoint> id, NewWebhookEndpoint asked, DateTimeOffset now) => new(
        id, asked.Url, asked.Description, [.. asked.EnabledTypes.Distinct()], null, now, asked.ApiVersion, asked.Metadata ?? NoMetadata, now,
        null, null);

    /// <summary>Whether it gets messages of a type.</summary>
    internal bool Takes(string type) => Enabled && EnabledTypes.Any(enabled => enabled switch
    {
        "*" => true,
        [.. var beginning, '.', '*'] => type.StartsWith(beginning, StringComparison.Ordinal) && type.AsSpan(beginning.Length) is ['.', ..],
        _ => enabled == type,
    });

    internal WebhookEndpoint Change(WebhookEndpointChange asked, DateTimeOffset now)
    {
        var changed = this with
        {
            Url = asked.Url ?? Url,
            Description = asked.Description is { } text ? text.Length > 0 ? text : null : Description,
            EnabledTypes = asked.EnabledTypes is { } types ? [.. types.Distinct()] : EnabledTypes,
            ApiVersion = asked.ApiVersion is { } version ? version.Length > 0 ? version : null : ApiVersion,
            Metadata = asked.Metadata ?? Metadata,
        };
        return asked.Enabled switch
        {
            true => changed.Enable(now),
            false => changed.Disable(WebhookDisabledReason.Requested, now),
            null => changed,
        };
    }

    /// <summary>What was wrong before counts no more.</summary>
    internal WebhookEndpoint Enable(DateTimeOffset now) =>
        Enabled ? this : this with { DisabledReason = null, StatusSince = now, FailingSince = null };

    internal WebhookEndpoint Disable(WebhookDisabledReason reason, DateTimeOffset now) =>
        Enabled ? this with { DisabledReason = reason, StatusSince = now } : this;

    /// <summary>A try has ended.</summary>
    /// <param name="patience">For how long it may do nothing but fail.</param>
    internal WebhookEndpoint After(WebhookAttempt attempt, TimeSpan patience, DateTimeOffset now)
    {
        if (attempt.Succeeded)
            return this with { LastSuccessAt = now, FailingSince = null };
        var failing = this with { FailingSince = FailingSince ?? now };
        return attempt.IsGone ? failing.Disable(WebhookDisabledReason.Gone, now)
            : now - failing.FailingSince >= patience ? failing.Disable(WebhookDisabledReason.Failing, now)
            : failing;
    }

    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();
}

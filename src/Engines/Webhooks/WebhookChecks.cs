using System.Text.RegularExpressions;
using Basin.Webhooks.Sending;

namespace Basin.Webhooks;

/// <summary>The shapes of what an endpoint is made of, and of messages.</summary>
internal static partial class WebhookChecks
{
    private const string TypeExpected = "A type such as payment_intent.succeeded is expected, or payment_intent.*, or *.";

    public const int MaxDescription = 500;
    public const int MaxApiVersion = 100;
    public const int MaxRequestKey = 300;

    private const int MaxTypes = 100;
    private const int MaxType = 100;
    private const int MaxObjectKey = 200;
    private const int MaxMetadata = 50;
    private const int MaxMetadataName = 40;
    private const int MaxMetadataText = 500;

    extension(Checks checks)
    {
        public void WebhookUrl(string? url, string member)
        {
            if (Target.WhyMalformed(url) is { } sentence)
                checks.That(false, member, sentence);
        }

        public void WebhookTypes(IReadOnlyList<string>? types, string member)
        {
            checks.That(types is { Count: >= 1 and <= MaxTypes }, member, $"1 to {MaxTypes} types are expected.");
            for (var i = 0; i < Math.Min(types?.Count ?? 0, MaxTypes); i++)
                checks.That(IsTypePattern(types![i]), $"{member}[{i}]", TypeExpected);
        }

        public void WebhookMetadata(IReadOnlyDictionary<string, string> metadata, string member)
        {
            checks.That(metadata.Count <= MaxMetadata, member, $"At most {MaxMetadata} members are expected.");
            foreach (var (name, text) in metadata.Take(MaxMetadata))
            {
                var isName = name.Length is >= 1 and <= MaxMetadataName && !name.Any(char.IsControl);
                checks.That(isName, member, $"Names of 1 to {MaxMetadataName} characters are expected.");
                checks.Text(text, $"{member}.{name}", MaxMetadataText, minimum: 0);
            }
        }
    }

    /// <summary>Why a message cannot be told, or null.</summary>
    public static string? WhyMalformed(WebhookMessage message) => message switch
    {
        _ when !MessageId().IsMatch(message.Id ?? "") => "Its id is not 1 to 100 letters, digits, hyphens and underscores.",
        _ when !IsType(message.MessageType) => "Its type is not words of letters, digits and underscores with dots between them.",
        { ObjectKey: null or "" or { Length: > MaxObjectKey } } => $"Its object key is not 1 to {MaxObjectKey} characters.",
        { Payload: null or "" } => "It has no payload.",
        { Payload: var payload } when System.Text.Encoding.UTF8.GetByteCount(payload) > WebhookMessage.MaxPayloadBytes =>
            $"Its payload is larger than {WebhookMessage.MaxPayloadBytes} bytes.",
        _ => null,
    };

    private static bool IsType(string? type) => type is { Length: <= MaxType } && MessageType().IsMatch(type);

    private static bool IsTypePattern(string? pattern) =>
        pattern == "*" || (pattern is { Length: <= MaxType } && IsType(pattern.EndsWith(".*", StringComparison.Ordinal) ? pattern[..^2] : pattern));

    /// <summary>No dot, which is what the signed text is divided by.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,100}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex MessageId();

    [GeneratedRegex(@"^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex MessageType();
}

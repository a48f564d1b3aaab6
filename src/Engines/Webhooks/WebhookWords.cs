using System.Text.Json;

namespace Basin.Webhooks;

/// <summary>How states and reasons are named.</summary>
internal static class WebhookWords
{
    private const int MaxPlace = 40;

    private static readonly Dictionary<string, WebhookDeliveryState> ByName = Enum.GetValues<WebhookDeliveryState>().ToDictionary(Code);

    public static IEnumerable<string> States => ByName.Keys;

    /// <summary>As in the API.</summary>
    public static string Code(WebhookDeliveryState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    public static WebhookDeliveryState? StateOf(string? name) => name is not null && ByName.TryGetValue(name, out var state) ? state : null;

    /// <summary>The look of its badge.</summary>
    public static string Badge(WebhookDeliveryState state) => state switch
    {
        WebhookDeliveryState.Sending => "running",
        WebhookDeliveryState.Retrying => "waiting",
        WebhookDeliveryState.Behind or WebhookDeliveryState.Ready => "requested",
        _ => Code(state),
    };

    /// <summary>A URL where there is little room: its host and the beginning of its path.</summary>
    public static string Place(string url)
    {
        var uri = new Uri(url);
        var place = uri.Authority + uri.AbsolutePath;
        return place.Length > MaxPlace ? $"{place[..MaxPlace]}…" : place;
    }

    /// <summary>Why an endpoint gets nothing, as a sentence.</summary>
    public static string Sentence(WebhookDisabledReason reason) => reason switch
    {
        WebhookDisabledReason.Gone => "It has answered 410: nobody listens there any more.",
        WebhookDisabledReason.Failing => "For days it has done nothing but fail.",
        _ => "Somebody has switched it off.",
    };
}

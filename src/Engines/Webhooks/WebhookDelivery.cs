namespace Basin.Webhooks;

/// <summary>How far a message has come on its way to an endpoint. The numbers are stored, and those up to <see cref="Retrying"/> are open.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(SnakeCaseEnumConverter<WebhookDeliveryState>))]
public enum WebhookDeliveryState
{
    /// <summary>It waits for an earlier message of the same object.</summary>
    Behind = 1,

    /// <summary>It is next of its object, and waits until the endpoint is told less at the same time.</summary>
    Ready = 2,

    /// <summary>It is being sent.</summary>
    Sending = 3,

    /// <summary>A try has failed, and the next is due later.</summary>
    Retrying = 4,

    /// <summary>The endpoint has answered with 2xx.</summary>
    Delivered = 5,

    /// <summary>All tries have failed.</summary>
    Failed = 6,

    /// <summary>The endpoint was disabled or deleted before.</summary>
    Cancelled = 7,
}

/// <summary>One try to tell an endpoint something.</summary>
/// <param name="Number">Counts the tries of the delivery.</param>
/// <param name="Status">HTTP; null when there was no answer.</param>
/// <param name="Error">Why there was none, or why it does not count.</param>
/// <param name="Answer">The beginning of the answer's body.</param>
public sealed record WebhookAttempt(int Number, DateTimeOffset At, int DurationMs, int? Status, string? Error, string? Answer)
{
    internal bool Succeeded => Status is >= 200 and <= 299;

    /// <summary>RFC 9110, 15.5.11: nobody is there, and nobody will be.</summary>
    internal bool IsGone => Status == 410;
}

/// <summary>One message on its way to one endpoint.</summary>
/// <param name="Place">Among those of the same endpoint and object that are open; it grows.</param>
/// <param name="Turn">Counts the times that it was asked to be sent: what was asked before is out of date.</param>
/// <param name="Attempts">All tries so far.</param>
/// <param name="Tries">Those since it was last begun; a replay begins again.</param>
/// <param name="NextAt">When the next try is due, while it is retrying.</param>
internal sealed record WebhookDelivery(
    Id<WebhookDelivery> Id,
    Id<WebhookEndpoint> Endpoint,
    Id<StoredMessage> Message,
    string ObjectKey,
    long Place,
    WebhookDeliveryState State,
    int Turn,
    int Attempts,
    int Tries,
    DateTimeOffset? NextAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt) : IEntity
{
    /// <summary>Nobody is told to wait for longer than that.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    public static string Prefix => "whd";

    public bool IsOpen => State <= WebhookDeliveryState.Retrying;

    /// <param name="last">The place of the last open one of the same endpoint and object; null when there is none.</param>
    public static WebhookDelivery New(
        Id<WebhookDelivery> id, Id<WebhookEndpoint> endpoint, Id<StoredMessage> message, string objectKey, long? last, DateTimeOffset now) => new(
        id, endpoint, message, objectKey, (last ?? 0) + 1, FirstState(last), 0, 0, 0, null, now, null);

    public WebhookDelivery BeReady() => this with { State = WebhookDeliveryState.Ready, NextAt = null };

    public WebhookDelivery Send() => this with { State = WebhookDeliveryState.Sending, Turn = Turn + 1 };

    /// <summary>A try has ended.</summary>
    /// <param name="schedule">The waits after the first try, the second, and so on.</param>
    /// <param name="retryAfter">How long the endpoint asks to be left alone.</param>
    /// <param name="chance">From 0 to 1: what failed together does not come back together.</param>
    public WebhookDelivery After(
        WebhookAttempt attempt, IReadOnlyList<TimeSpan> schedule, TimeSpan? retryAfter, double chance, DateTimeOffset now)
    {
        var tried = this with { Attempts = Attempts + 1, Tries = Tries + 1 };
        if (attempt.Succeeded)
            return tried with { State = WebhookDeliveryState.Delivered, EndedAt = now };
        // It was cancelled while it was under way.
        if (!IsOpen)
            return tried;
        if (attempt.IsGone || Tries >= schedule.Count)
            return tried with { State = WebhookDeliveryState.Failed, EndedAt = now };
        return tried with { State = WebhookDeliveryState.Retrying, Turn = Turn + 1, NextAt = now + WaitOf(schedule[Tries], retryAfter, chance) };
    }

    /// <summary>Tries again: at once when it would be tried later anyway, from the beginning when it has ended.</summary>
    /// <inheritdoc cref="New"/>
    /// <exception cref="ProblemException">It is under way.</exception>
    public WebhookDelivery Replay(long? last) => State switch
    {
        WebhookDeliveryState.Retrying => BeReady(),
        _ when IsOpen => throw WebhooksProblems.UnderWay.Refusal(),
        _ => this with
        {
            State = FirstState(last),
            Place = (last ?? 0) + 1,
            Tries = 0,
            EndedAt = null,
        },
    };

    private static WebhookDeliveryState FirstState(long? last) => last is null ? WebhookDeliveryState.Ready : WebhookDeliveryState.Behind;

    private static TimeSpan WaitOf(TimeSpan scheduled, TimeSpan? retryAfter, double chance)
    {
        var wait = scheduled * (0.9 + (0.2 * chance));
        var asked = retryAfter is not { } time ? TimeSpan.Zero : time < LongestRetryAfter ? time : LongestRetryAfter;
        return wait > asked ? wait : asked;
    }
}

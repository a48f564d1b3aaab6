using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Events;

internal static partial class EventsLog
{
    [LoggerMessage(1101, LogLevel.Warning, "{Consumer} could not apply {Type} {Source}#{Sequence}; it is parked")]
    public static partial void Parked(ILogger logger, string consumer, string type, EventSource source, long sequence, Exception failure);

    [LoggerMessage(1102, LogLevel.Error, "{Consumer} gave up {Type} {Source}#{Sequence} after {Attempts} tries; it is a dead letter")]
    public static partial void Dead(ILogger logger, string consumer, string type, EventSource source, long sequence, int attempts, Exception failure);

    [LoggerMessage(1103, LogLevel.Warning, "Job {Type} {Id} of {System} failed, try {Attempt}")]
    public static partial void JobFailed(ILogger logger, string system, string type, long id, int attempt, Exception failure);

    [LoggerMessage(1104, LogLevel.Error, "Job {Type} {Id} of {System} is given up after {Attempt} tries; it is a dead letter")]
    public static partial void JobDead(ILogger logger, string system, string type, long id, int attempt, Exception failure);

    [LoggerMessage(1106, LogLevel.Error, "What {System} does in the background failed; it goes on after a pause")]
    public static partial void LoopFailed(ILogger logger, string system, Exception failure);

    [LoggerMessage(1107, LogLevel.Information, "RabbitMQ at {Node} carries events")]
    public static partial void BrokerReached(ILogger logger, string node);

    [LoggerMessage(1108, LogLevel.Warning, "RabbitMQ carries no events; they are read from the outbox until it does again")]
    public static partial void BrokerLost(ILogger logger, Exception failure);

    [LoggerMessage(1105, LogLevel.Warning, "Housekeeping of {System} failed; it is tried again")]
    public static partial void HousekeepingFailed(ILogger logger, string system, Exception failure);
}

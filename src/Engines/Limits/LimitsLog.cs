using Microsoft.Extensions.Logging;

namespace Basin.Limits;

internal static partial class LimitsLog
{
    [LoggerMessage(7101, LogLevel.Information, "The limit {Policy} was changed by {Subject}")]
    public static partial void Changed(ILogger logger, string policy, string subject);

    [LoggerMessage(7102, LogLevel.Information, "The limit {Policy} is as it is configured again, by {Subject}")]
    public static partial void Reset(ILogger logger, string policy, string subject);

    [LoggerMessage(7103, LogLevel.Warning, "What operators have changed of the limits could not be read; what is in force stays")]
    public static partial void NotRead(ILogger logger, Exception failure);

    [LoggerMessage(7104, LogLevel.Error, "What operators have made of the limit {Policy} does not fit the configuration any more, so it is as configured: {Fault}")]
    public static partial void NotUsable(ILogger logger, string policy, string fault);
}

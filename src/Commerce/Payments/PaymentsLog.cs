using Microsoft.Extensions.Logging;

namespace Basin.Payments;

internal static partial class PaymentsLog
{
    [LoggerMessage(2301, LogLevel.Warning, "The provider did not answer to {Operation} {Payment}, try {Attempt}; its outcome is unknown")]
    public static partial void NoAnswer(ILogger logger, PaymentOperation operation, Id<Payment> payment, int attempt, Exception failure);
}

using Basin.Payments.Reconciling;
using Microsoft.Extensions.Logging;

namespace Basin.Payments;

internal static partial class PaymentsLog
{
    [LoggerMessage(2301, LogLevel.Warning, "The provider did not answer to {Operation} {Payment}, try {Attempt}; its outcome is unknown")]
    public static partial void NoAnswer(ILogger logger, PaymentOperation operation, Id<Payment> payment, int attempt, Exception failure);

    [LoggerMessage(2302, LogLevel.Warning, "The provider did not answer to the setup {Intent}")]
    public static partial void NoSetup(ILogger logger, Id<Customers.SetupIntent> intent, Exception failure);

    [LoggerMessage(2310, LogLevel.Warning, "The books of {Provider} and {Day} differ in {Count} places that time does not mend, see {Reconciliation}")]
    public static partial void BooksDiffer(ILogger logger, string provider, DateOnly day, Id<Reconciliation> reconciliation, long count);

    [LoggerMessage(2311, LogLevel.Warning, "The books of {Provider} and {Day} could not be compared for {Reconciliation}, try {Attempt}")]
    public static partial void NotCompared(
        ILogger logger, string provider, DateOnly day, Id<Reconciliation> reconciliation, int attempt, Exception failure);
}

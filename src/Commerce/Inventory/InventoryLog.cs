using Microsoft.Extensions.Logging;

namespace Basin.Inventory;

internal static partial class InventoryLog
{
    [LoggerMessage(2101, LogLevel.Error, "Goods of expired {Reservation} have left, but the stock is promised to others; count it and set it right")]
    public static partial void CommitUncovered(ILogger logger, Id<Reservation> reservation);
}

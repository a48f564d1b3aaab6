using System.ComponentModel.DataAnnotations;

namespace Basin.Inventory;

/// <summary>Section <c>Basin:Inventory</c>.</summary>
public sealed class InventoryOptions
{
    /// <summary>How long stock is set aside for somebody who neither commits nor releases. Default 15 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan HoldFor { get; set; } = TimeSpan.FromMinutes(15);
}

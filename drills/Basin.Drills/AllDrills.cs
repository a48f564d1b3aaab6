using Basin.Drills.Drills;

namespace Basin.Drills;

/// <summary>The list.</summary>
internal static class AllDrills
{
    public static IReadOnlyList<Drill> List { get; } =
    [
        KilledAtCheckout.Drill,
        ConnectionResets.Drill,
    ];
}

namespace Basin.Drills.Tests;

/// <summary>What might have been seen of a drill, in a few words.</summary>
internal static class Sightings
{
    public static Observed Nothing { get; } =
        new(10, [], [], [], [], new Findings([], [], [], []), new Dictionary<string, double>());

    public static Arrival Comes(double at, Kind kind = Kind.Checkout, int number = 1) => new(number, at, kind, "DRILL-1", "visa");

    public static Visit Served(double at, double milliseconds = 50, int tries = 1, Kind kind = Kind.Checkout, int number = 1, string? id = null) =>
        new(Comes(at, kind, number), milliseconds, tries, IsServed: true, id ?? $"ord_{number:0000}", ["answer"]);

    public static Visit Lost(double at, int number = 1) => new(Comes(at, number: number), 60_000, 9, IsServed: false, null, []);

    public static Try Tried(double at, Reply reply, double milliseconds = 50, Kind kind = Kind.Checkout) => new(kind, at, milliseconds, reply, 0);
}

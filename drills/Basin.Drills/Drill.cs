using Basin.Drills.Running;

namespace Basin.Drills;

/// <summary>
/// One thing that Basin claims, and how it is put to the test: customers come as planned, something breaks at a planned moment, and what is measured from
/// outside is graded. Everything about a drill is in its one file.
/// </summary>
/// <param name="Name">On the command line.</param>
/// <param name="Title">What happens, in a few words.</param>
internal sealed record Drill(string Name, string Title)
{
    /// <summary>The system or the part of the host that it is about.</summary>
    public required string Area { get; init; }

    /// <summary>What we claim.</summary>
    public required string Hypothesis { get; init; }

    /// <summary>Who comes, and what they want.</summary>
    public required Load Load { get; init; }

    /// <summary>What the host is started with.</summary>
    public Surrounds Host { get; init; } = new();

    /// <summary>What is for sale; by its SKU, how many.</summary>
    public IReadOnlyDictionary<string, long> Stock { get; init; } = Goods.Plenty;

    /// <summary>Runs before the first customer comes.</summary>
    public Func<Stage, Task>? Before { get; init; }

    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>Runs when all customers have gone, before the books are looked at.</summary>
    public Func<Stage, Task>? Afterwards { get; init; }

    public required IReadOnlyList<Grade> Grades { get; init; }

    /// <summary>Why it holds.</summary>
    public required string Why { get; init; }

    /// <summary>Where to read it: paths in the repository, each of which exists.</summary>
    public required IReadOnlyList<string> Code { get; init; }

    public required TakenAway TakenAway { get; init; }

    public string Command => $"dotnet run --project drills/Basin.Drills -- run {Name}";
}

/// <summary>How the drill was seen to fail: without the mechanism that it proves.</summary>
/// <param name="Mechanism">What it proves.</param>
/// <param name="How">What was changed for the trial.</param>
/// <param name="Failed">The grade that failed then, with its number.</param>
internal sealed record TakenAway(string Mechanism, string How, string Failed);

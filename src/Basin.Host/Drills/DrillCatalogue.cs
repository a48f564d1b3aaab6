using System.Text.Json;

namespace Basin.Host.Drills;

/// <summary>What can be drilled, in words. The drills themselves are no part of the host: <c>drills write</c> keeps the copy that is built into it.</summary>
internal static class DrillCatalogue
{
    private const string Resource = "drills.json";

    public static IReadOnlyList<DrillWords> All { get; } = Read();

    private static List<DrillWords> Read()
    {
        using var words = typeof(DrillCatalogue).Assembly.GetManifestResourceStream(Resource)!;
        return JsonSerializer.Deserialize<List<DrillWords>>(words, JsonSerializerOptions.Web)!;
    }
}

/// <param name="Grades">What is measured, with its limits.</param>
/// <param name="Code">Paths in the repository.</param>
internal sealed record DrillWords(
    string Name,
    string Title,
    string Area,
    string Hypothesis,
    IReadOnlyList<string> Grades,
    string Why,
    IReadOnlyList<string> Code,
    TakenAwayWords TakenAway,
    string Command);

/// <param name="Mechanism">What the drill proves.</param>
/// <param name="How">What was changed to see it fail.</param>
/// <param name="Failed">The grade that failed then, with its number.</param>
internal sealed record TakenAwayWords(string Mechanism, string How, string Failed);

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Basin.Drills;

/// <summary>What others show of the drills. The drills themselves are the source; a test notices when a copy is old.</summary>
internal static class Words
{
    public const string Catalogue = "drills/drills.json";
    public const string Page = "docs/drills.md";
    private const string Begin = "<!-- The table is written by `drills write`. -->\n";
    private const string End = "<!-- End of the table. -->";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="root">Of the repository.</param>
    public static async Task WriteAsync(string root)
    {
        await File.WriteAllTextAsync(Path.Combine(root, Catalogue), CatalogueOf(AllDrills.List));
        var page = Path.Combine(root, Page);
        await File.WriteAllTextAsync(page, WithTable(await File.ReadAllTextAsync(page), AllDrills.List));
    }

    /// <summary>For the console of the host.</summary>
    public static string CatalogueOf(IReadOnlyList<Drill> drills) => JsonSerializer.Serialize(
        drills.Select(drill => new
        {
            drill.Name,
            drill.Title,
            drill.Area,
            drill.Hypothesis,
            Grades = drill.Grades.Select(grade => grade.Words),
            drill.Why,
            drill.Code,
            drill.TakenAway,
            drill.Command,
        }),
        Json) + "\n";

    /// <summary>A page of Markdown with the table in the place of the one before.</summary>
    public static string WithTable(string page, IReadOnlyList<Drill> drills)
    {
        var from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var until = page.IndexOf(End, from, StringComparison.Ordinal);
        var table = new StringBuilder("\n| Drill | About | What happens | What it proves | Without it |\n| --- | --- | --- | --- | --- |\n");
        foreach (var drill in drills)
            table.Append($"| `{drill.Name}` | {drill.Area} | {drill.Title} | {drill.TakenAway.Mechanism} | {drill.TakenAway.Failed} |\n");
        return page[..from] + table.Append('\n') + page[until..];
    }
}

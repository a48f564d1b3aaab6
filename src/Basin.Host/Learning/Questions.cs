using System.Text.RegularExpressions;

namespace Basin.Host.Learning;

/// <summary>A question of those who learn, and where its answer runs.</summary>
/// <param name="Asked">What they are asked for.</param>
/// <param name="Pages">Of the documentation, as <paramref name="Code"/> is of the code: paths in the repository.</param>
/// <param name="Drills">Names of those that try to break it.</param>
internal sealed record Question(string Asked, IReadOnlyList<Reading> Pages, IReadOnlyList<Reading> Code, IReadOnlyList<string> Drills);

/// <param name="Path">From the root of the repository.</param>
internal sealed record Reading(string Title, string Path);

/// <summary>The table of <c>docs/questions.md</c>, which is built into the host: its rows are the only list there is.</summary>
internal static partial class Questions
{
    private const string Resource = "questions.md";
    private const string Folder = "docs";
    private const int Columns = 4;
    private const int RowsAbove = 2;

    public static IReadOnlyList<Question> All { get; } = Read();

    private static List<Question> Read()
    {
        using var stream = typeof(Questions).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.StartsWith('|')).Skip(RowsAbove).Select(QuestionOf)];
    }

    /// <exception cref="FormatException">The table is not one of questions.</exception>
    private static Question QuestionOf(string row)
    {
        var cells = row.Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries);
        if (cells.Length != Columns)
            throw new FormatException($"A question has {Columns} cells, not {cells.Length}: {row}");
        return new Question(cells[0], ReadingsIn(cells[1]), ReadingsIn(cells[2]), [.. ReadingsIn(cells[3]).Select(drill => drill.Title)]);
    }

    private static List<Reading> ReadingsIn(string cell) =>
        [.. Link().Matches(cell).Select(link => new Reading(link.Groups[1].Value, FromRoot(link.Groups[2].Value)))];

    /// <summary>Links of the page begin in its folder.</summary>
    private static string FromRoot(string link) => link.StartsWith("../", StringComparison.Ordinal) ? link[3..] : $"{Folder}/{link}";

    [GeneratedRegex(@"\[([^\]]+)\]\(([^)]+)\)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}

using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>A table for people, and for <c>docs/benchmarks.md</c>.</summary>
/// <param name="name">The benchmark's; its file is called after it.</param>
/// <param name="conditions">What a reader must know to read the numbers, a sentence each.</param>
/// <param name="columns">The first one names what was measured.</param>
internal sealed class Report(string name, string title, IReadOnlyList<string> conditions, string[] columns)
{
    private readonly List<string[]> _rows = [];
    private readonly StringBuilder _charts = new();

    public void Add(params string[] row) => _rows.Add(row);

    /// <summary>Adds a line chart, which the Markdown shows below the table.</summary>
    public void AddChart(string title, string unit, string axis, IReadOnlyCollection<double> values)
    {
        var points = string.Join(", ", values.Select(value => value.ToString("0.##", CultureInfo.InvariantCulture)));
        var most = (values.Max() * 1.1).ToString("0.##", CultureInfo.InvariantCulture);
        _charts.Append(CultureInfo.InvariantCulture, $"\n```mermaid\nxychart-beta\n    title \"{title}\"\n    x-axis \"{axis}\" 1 --> {values.Count}\n");
        _charts.Append(CultureInfo.InvariantCulture, $"    y-axis \"{unit}\" 0 --> {most}\n    line [{points}]\n```\n");
    }

    /// <summary>Prints the table and writes it as Markdown to <c>artifacts/benchmarks</c>.</summary>
    public void Show(IAnsiConsole console)
    {
        var table = new Table().AddColumns(columns);
        _rows.ForEach(row => table.AddRow(row));
        console.WriteLine(title);
        console.Write(table);

        var file = Path.Combine(Workplace.Results, name + ".md");
        var machine = $"Machine: {Workplace.DescribeMachine()}.";
        File.WriteAllText(file, Markdown(machine));
        console.WriteLine($"As Markdown: {Path.GetRelativePath(Workplace.Root, file)}");
    }

    private string Markdown(string machine)
    {
        var text = new StringBuilder($"## {title}\n\n");
        AppendRow(text, columns);
        AppendRow(text, columns.Select((_, index) => index == 0 ? "---" : "---:"));
        foreach (var row in _rows)
            AppendRow(text, row);
        text.Append('\n');
        foreach (var condition in conditions.Append(machine))
            text.Append($"- {condition}\n");
        return text.Append(_charts).ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin("", cells.Select(cell => $"| {cell} ")).Append("|\n");
}

/// <summary>What rounds say together.</summary>
internal static class Spread
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Smallest and largest, such as <c>3..5</c>.</summary>
    public static string Of(IReadOnlyCollection<double> values, string format) =>
        $"{values.Min().ToString(format)}..{values.Max().ToString(format)}";
}

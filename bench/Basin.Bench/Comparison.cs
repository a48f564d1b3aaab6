using System.Text;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>The measurements of all variants, round by round; the first variant is the one that others are read against.</summary>
internal sealed class Comparison(string name, string title, IReadOnlyList<string> conditions)
{
    private static readonly string[] Columns =
        ["Variant", "Per second", "min..max", "p50 ms", "p99 ms", "Ratio", "min..max"];

    private readonly List<(string Variant, List<WrkResult> Rounds)> _variants = [];

    public void Add(string variant, WrkResult result)
    {
        if (_variants.All(known => known.Variant != variant))
            _variants.Add((variant, []));
        _variants.First(known => known.Variant == variant).Rounds.Add(result);
    }

    /// <summary>Prints the table and writes it as Markdown, with everything needed to read it, to <c>artifacts/benchmarks</c>.</summary>
    public void Show(IAnsiConsole console)
    {
        var rows = _variants.ConvertAll(variant => Row(variant.Variant, variant.Rounds));
        var table = new Table().AddColumns(Columns);
        rows.ForEach(row => table.AddRow(row));
        console.WriteLine($"{title} (medians)");
        console.Write(table);

        var file = Path.Combine(Workplace.Results, name + ".md");
        File.WriteAllText(file, Markdown(rows));
        console.WriteLine($"As Markdown: {Path.GetRelativePath(Workplace.Root, file)}");
    }

    private string[] Row(string variant, List<WrkResult> rounds)
    {
        var rates = rounds.ConvertAll(round => round.PerSecond);
        // Noise that lasts longer than a round hits both variants of that round, so the ratio is taken within it.
        var ratios = rounds.Zip(_variants[0].Rounds, (own, floor) => own.PerSecond / floor.PerSecond).ToList();
        return
        [
            variant,
            $"{Median(rates):N0}",
            $"{rates.Min():N0}..{rates.Max():N0}",
            $"{Median(rounds.ConvertAll(round => round.P50)):F1}",
            $"{Median(rounds.ConvertAll(round => round.P99)):F1}",
            $"{Median(ratios):F2}",
            $"{ratios.Min():F2}..{ratios.Max():F2}",
        ];
    }

    private string Markdown(List<string[]> rows)
    {
        var text = new StringBuilder($"## {title}\n\nMedians over the rounds.\n\n");
        text.AppendJoin("", Columns.Select(column => $"| {column} ")).Append("|\n");
        text.AppendJoin("", Columns.Select((_, index) => index == 0 ? "| --- " : "| ---: ")).Append("|\n");
        foreach (var row in rows)
            text.AppendJoin("", row.Select(cell => $"| {cell} ")).Append("|\n");
        text.Append('\n');
        foreach (var condition in conditions.Append($"Machine: {Workplace.DescribeMachine()}."))
            text.Append($"- {condition}\n");
        return text.ToString();
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

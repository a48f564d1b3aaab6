using Spectre.Console;

namespace Basin.Bench;

/// <summary>The measurements of all variants, round by round; the first variant is the one that others are read against.</summary>
internal sealed class Comparison(string name, string title, IReadOnlyList<string> conditions)
{
    private readonly List<(string Variant, List<WrkResult> Rounds)> _variants = [];

    public void Add(string variant, WrkResult result)
    {
        if (_variants.All(known => known.Variant != variant))
            _variants.Add((variant, []));
        _variants.First(known => known.Variant == variant).Rounds.Add(result);
    }

    public void Show(IAnsiConsole console)
    {
        var report = new Report(name, title, ["Medians over the rounds.", .. conditions],
            ["Variant", "Per second", "min..max", "p50 ms", "p99 ms", "Ratio", "min..max", "Carried through per second"]);
        foreach (var (variant, rounds) in _variants)
            report.Add(Row(variant, rounds));
        report.Show(console);
    }

    private string[] Row(string variant, List<WrkResult> rounds)
    {
        var rates = rounds.ConvertAll(round => round.PerSecond);
        // Noise that lasts longer than a round hits both variants of that round, so the ratio is taken within it.
        var ratios = rounds.Zip(_variants[0].Rounds, (own, floor) => own.PerSecond / floor.PerSecond).ToList();
        return
        [
            variant,
            $"{Spread.Median(rates):N0}",
            Spread.Of(rates, "N0"),
            $"{Spread.Median(rounds.Select(round => round.P50)):F1}",
            $"{Spread.Median(rounds.Select(round => round.P99)):F1}",
            $"{Spread.Median(ratios):F2}",
            Spread.Of(ratios, "F2"),
            $"{Spread.Median(rounds.Select(round => round.CarriedThroughPerSecond)):N0}",
        ];
    }
}

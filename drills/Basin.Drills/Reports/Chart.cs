using System.Globalization;
using System.Text;

namespace Basin.Drills.Reports;

/// <summary>What happened second by second, drawn once on the page itself.</summary>
internal static class Chart
{
    private const double Width = 800;
    private const double Height = 170;
    private const double Left = 56;
    private const double Bottom = 22;
    private const double Top = 8;
    private const double LowestMilliseconds = 1;

    /// <summary>The median wait of each kind of customers, by when they came. Its scale is logarithmic: a fault is a thousand times slower.</summary>
    public static string Waits(DrillReport report)
    {
        var most = Math.Pow(10, Math.Ceiling(Math.Log10(report.Timeline.Max(point => point.P50) is > 10 and var longest ? longest : 10)));
        var powers = Enumerable.Range(0, (int)Math.Log10(most) + 1).Select(power => Math.Pow(10, power)).ToList();
        return Figure(
            report,
            "Wait until the answer that counted, by when the customer came (median, ms)",
            powers.Select(value => (YOf(value), value.ToString("#,0", CultureInfo.InvariantCulture))),
            name => Lines(report, name, point => point.P50, YOf));

        double YOf(double milliseconds) => Y(Math.Log10(Math.Max(milliseconds, LowestMilliseconds)) / Math.Log10(most));
    }

    /// <summary>Tries that were answered, and, dashed, those that were not.</summary>
    public static string Answers(DrillReport report)
    {
        var most = Math.Max(10, report.Timeline.Max(point => (point.Done + point.Refused + point.Failed) / SecondReport.Step));
        return Figure(
            report,
            "Tries per second: answered, and dashed those refused or failed",
            new[] { 0, 0.5, 1 }.Select(part => (Y(part), (part * most).ToString("#,0", CultureInfo.InvariantCulture))),
            name => Lines(report, name, point => point.Done / SecondReport.Step, YOf)
                + Lines(report, name, point => (point.Refused + point.Failed) / SecondReport.Step, YOf, " stroke-dasharray=\"3 3\""));

        double YOf(double perSecond) => Y(perSecond / most);
    }

    private static string Figure(DrillReport report, string caption, IEnumerable<(double Y, string Label)> grid, Func<string, string> lines)
    {
        var svg = new StringBuilder($"<figure><figcaption>{caption}<br>");
        var classes = report.Classes.Select(one => one.Class).ToList();
        foreach (var name in classes)
            svg.Append($"<span class=\"key\" style=\"--colour: var(--{name})\">{name}</span>");
        svg.Append(CultureInfo.InvariantCulture, $"</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{caption}\">");
        foreach (var fault in report.Faults)
        {
            var (from, width) = (X(report, fault.From), Math.Max(3, X(report, fault.Until) - X(report, fault.From)));
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"fault\" x=\"{from:0.#}\" y=\"{Top}\" width=\"{width:0.#}\" height=\"{Height - Top - Bottom}\"><title>{ReportPage.Text(fault.Name)}</title></rect>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{from + 3:0.#}\" y=\"{Top + 11}\">{ReportPage.Text(fault.Name)}</text>");
        }
        foreach (var (y, label) in grid)
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{label}</text>");
        for (var second = 0; second <= Seconds(report); second += 2)
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(report, second):0.#}\" y=\"{Height - 6}\" text-anchor=\"middle\">{second} s</text>");
        foreach (var name in classes)
            svg.Append(lines(name));
        return svg.Append("</svg></figure>").ToString();
    }

    /// <summary>A line that has a gap where there is no value.</summary>
    private static string Lines(DrillReport report, string name, Func<SecondReport, double?> value, Func<double, double> yOf, string dash = "")
    {
        var path = new StringBuilder();
        var isGap = true;
        foreach (var point in report.Timeline.Where(point => point.Class == name))
        {
            if (value(point) is { } number)
                path.Append(CultureInfo.InvariantCulture, $"{(isGap ? 'M' : 'L')}{X(report, point.Second + (SecondReport.Step / 2)):0.#} {yOf(number):0.#}");
            isGap = value(point) is null;
        }
        return $"<path d=\"{path}\" fill=\"none\" stroke=\"var(--{name})\" stroke-width=\"1.8\" stroke-linecap=\"round\"{dash}/>";
    }

    private static double Seconds(DrillReport report) => report.Timeline.Max(point => point.Second) + SecondReport.Step;

    private static double X(DrillReport report, double second) => Left + (Math.Min(second / Seconds(report), 1) * (Width - Left));

    private static double Y(double part) => Height - Bottom - (part * (Height - Bottom - Top));
}

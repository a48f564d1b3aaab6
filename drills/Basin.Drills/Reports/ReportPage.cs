using System.Globalization;
using System.Net;
using System.Text;

namespace Basin.Drills.Reports;

/// <summary>The same run, for people: one page without anything from elsewhere, light or dark as its reader likes.</summary>
internal static class ReportPage
{
    public static string Of(RunReport report, IReadOnlyList<Drill> drills)
    {
        var page = new StringBuilder();
        page.Append($"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Drills of Basin</title>
            <style>{Style}</style>
            <main>
            <h1>{(report.Passed ? "Every claim held" : "A claim did not hold")}</h1>
            <p class="muted">{report.Drills.Count(drill => drill.Passed)} of {report.Drills.Count} drills passed · {report.At:yyyy-MM-dd HH:mm} UTC · {Text(report.Machine)}</p>
            <nav><ul>
            """);
        foreach (var drill in report.Drills)
            page.Append($"<li><a href=\"#{drill.Name}\">{Mark(drill)} {Text(drill.Title)}</a></li>");
        page.Append("</ul></nav>");
        foreach (var drill in report.Drills)
            Append(page, drill, drills.Single(one => one.Name == drill.Name));
        return page.Append("</main>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder page, DrillReport report, Drill drill)
    {
        page.Append($"""
            <section id="{report.Name}">
            <h2>{Mark(report)} {Text(report.Title)}</h2>
            <dl>
            <dt>We claim</dt><dd>{Text(drill.Hypothesis)}</dd>
            </dl>
            """);
        if ((report.Skipped ?? report.BrokeOff) is { } reason)
        {
            page.Append($"<p class=\"muted\">Not run to its end: {Text(reason)}.</p></section>");
            return;
        }
        AppendGrades(page, report.Grades);
        AppendClasses(page, report.Classes);
        page.Append(Chart.Waits(report)).Append(Chart.Answers(report));
        page.Append($"""
            <dl>
            <dt>Why it holds</dt><dd>{Text(drill.Why)}</dd>
            <dt>Without it</dt><dd>{Text(drill.TakenAway.How)} Then this failed: {Text(drill.TakenAway.Failed)}</dd>
            <dt>Where the code is</dt><dd>{string.Join(", ", drill.Code.Select(path => $"<code>{Text(path)}</code>"))}</dd>
            <dt>Again</dt><dd><code>{Text(drill.Command)} --seed {report.Seed}</code></dd>
            </dl>
            </section>
            """);
    }

    private static void AppendGrades(StringBuilder page, IReadOnlyList<GradeReport> grades)
    {
        page.Append("<div class=\"scroll\"><table><thead><tr><th>Grade<th class=\"n\">Measured<th class=\"n\">Limit</tr></thead><tbody>");
        foreach (var grade in grades)
        {
            page.Append($"<tr><td>{(grade.Passed ? "<b class=\"ok\">✓</b>" : "<b class=\"bad\">✗</b>")} {Text(grade.Name)}");
            foreach (var example in grade.Passed ? [] : grade.Examples)
                page.Append($"<br><small>{Text(example)}</small>");
            page.Append($"<td class=\"n\">{Terminal.Number(grade.Measured, grade.Unit)}<td class=\"n muted\">{(grade.IsFloor ? "≥" : "≤")} {Number(grade.Limit)}{grade.Unit}</tr>");
        }
        page.Append("</tbody></table></div>");
    }

    private static void AppendClasses(StringBuilder page, IReadOnlyList<ClassReport> classes)
    {
        page.Append("""
            <div class="scroll"><table><thead><tr><th>Customers<th class="n">came<th class="n">served<th class="n">tries<th class="n">p50<th class="n">p99
            <th class="n">refused<th class="n">failed</tr></thead><tbody>
            """);
        foreach (var one in classes)
        {
            page.Append(CultureInfo.InvariantCulture, $"""
                <tr><td>{one.Class}<td class="n">{one.Customers}<td class="n">{one.Served}<td class="n">{one.Tries}<td class="n">{Number(one.P50)} ms<td class="n">{Number(one.P99)} ms
                <td class="n">{one.Refused:P1}<td class="n">{one.Failed:P1}</tr>
                """);
        }
        page.Append("</tbody></table></div>");
    }

    internal static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Mark(DrillReport drill) =>
        drill.Skipped is not null ? "<b class=\"muted\">–</b>" : drill.Passed ? "<b class=\"ok\">✓</b>" : "<b class=\"bad\">✗</b>";

    private static string Number(double value) => Terminal.Number(value);

    private const string Style = """
        :root { color-scheme: light dark; --text: light-dark(#0e1b1f, #e9f0f1); --muted: light-dark(#5b6b71, #8fa1a7); --line: light-dark(#e4e9ea, #222e32);
          --surface: light-dark(#fff, #121a1d); --canvas: light-dark(#fafbfb, #0b1113); --ok: light-dark(#17693c, #68d297); --bad: light-dark(#ad231c, #ff968d);
          --fault: light-dark(#fcf2d9, #30260d); --accent: light-dark(#0a6872, #58c8d0);
          --browse: light-dark(#2a68c8, #82b4f7); --cart: light-dark(#6a4fc9, #ab9bf2); --checkout: light-dark(#0a7f8a, #58c8d0); --payment: light-dark(#c2620a, #f2a65a); }
        body { margin: 0; background: var(--canvas); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 2rem) 4rem; }
        h1 { font-size: clamp(1.5rem, 1.3rem + 1vw, 2rem); margin: 0; }
        h2 { font-size: 1.2rem; margin: 0 0 .75rem; }
        nav ul { list-style: none; padding: 0; columns: 22rem; }
        nav a { color: inherit; text-decoration: none; } nav a:hover { color: var(--accent); }
        section { margin-top: 1.5rem; padding: 1.25rem; border: 1px solid var(--line); border-radius: 14px; background: var(--surface); scroll-margin-top: 1rem; }
        dl { margin: 0 0 1rem; } dt { color: var(--muted); font-size: .85rem; } dd { margin: 0 0 .6rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin-bottom: 1rem; font-size: .9rem; }
        th { text-align: left; color: var(--muted); font-weight: 500; } th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .ok { color: var(--ok); } .bad { color: var(--bad); } .muted, small { color: var(--muted); }
        code { font-size: .85em; overflow-wrap: anywhere; }
        figure { margin: 0 0 1rem; } figcaption { font-size: .85rem; color: var(--muted); }
        svg { width: 100%; height: auto; display: block; } svg text { fill: var(--muted); font-size: 11px; } .grid { stroke: var(--line); } .fault { fill: var(--fault); }
        .key { margin-right: .9rem; white-space: nowrap; } .key::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .35em; border-radius: 2px; background: var(--colour); }
        """;
}

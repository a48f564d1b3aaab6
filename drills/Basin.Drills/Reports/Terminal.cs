using System.Globalization;
using Basin.Drills.Running;
using Spectre.Console;

namespace Basin.Drills.Reports;

/// <summary>What a person sees who runs drills.</summary>
internal sealed class Terminal(IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.25);

    public void List(IReadOnlyList<Drill> drills)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Drill", "About", "What happens", "What it proves");
        foreach (var drill in drills)
            table.AddRow($"[bold]{drill.Name}[/]", drill.Area, Markup.Escape(drill.Title), Markup.Escape(drill.TakenAway.Mechanism));
        console.Write(table);
    }

    /// <summary>Shows what goes on while a drill runs, and then its grades.</summary>
    public async Task<Outcome> WatchAsync(Drill drill, Func<Action<Stage>, Task<Outcome>> runAsync)
    {
        console.Write(new Rule($"[bold]{Markup.Escape(drill.Title)}[/] [dim]{drill.Name}[/]").LeftJustified());
        console.MarkupLineInterpolated($"[dim]We claim:[/] {drill.Hypothesis}");
        var outcome = console.Profile.Capabilities.Interactive ? await WatchAsync(runAsync) : await runAsync(_ => { });
        Show(outcome);
        return outcome;
    }

    private async Task<Outcome> WatchAsync(Func<Action<Stage>, Task<Outcome>> runAsync)
    {
        Outcome? outcome = null;
        await console.Status().Spinner(Spinner.Known.Dots).StartAsync("…", async status =>
        {
            Stage? stage = null;
            var began = time.GetTimestamp();
            var running = runAsync(begun => stage = begun);
            while (!running.IsCompleted)
            {
                status.Status(Markup.Escape(SentenceOf(stage, time.GetElapsedTime(began))));
                await Task.WhenAny(running, Task.Delay(LookEvery, time));
            }
            outcome = await running;
        });
        return outcome!;
    }

    public void Say(string sentence) => console.MarkupLineInterpolated($"[yellow]{sentence}[/]");

    public void Sum(IReadOnlyList<Outcome> outcomes, string page)
    {
        console.Write(new Rule().RuleStyle("dim"));
        var skipped = outcomes.Where(outcome => outcome.Skipped is not null).ToList();
        var failed = outcomes.Where(outcome => outcome.Skipped is null && !outcome.Passed).ToList();
        var sentence = $"{outcomes.Count - skipped.Count - failed.Count} passed, {failed.Count} failed" + (skipped.Count > 0 ? $", {skipped.Count} skipped" : "");
        console.MarkupLine(failed.Count == 0 ? $"[green]{sentence}[/]" : $"[red]{sentence}: {string.Join(", ", failed.Select(outcome => outcome.Drill.Name))}[/]");
        console.MarkupLineInterpolated($"[dim]The charts:[/] {page}");
    }

    private static string SentenceOf(Stage? stage, TimeSpan since)
    {
        if (stage is null)
            return "…";
        var failed = stage.Tries.Count(one => one.Reply != Reply.Done);
        return string.Create(CultureInfo.InvariantCulture, $"{since.TotalSeconds:0} s  {stage.Doing}  ·  {stage.Visits.Count} served, {failed} tries without");
    }

    private void Show(Outcome outcome)
    {
        if (outcome.Skipped is { } reason)
        {
            console.MarkupLineInterpolated($"[yellow]skipped[/]: {reason}");
            return;
        }
        if (outcome.BrokeOff is { } failure)
        {
            console.MarkupLineInterpolated($"[red]broke off[/] {failure}");
            return;
        }
        var seen = outcome.Seen!;
        foreach (var fault in seen.Faults)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]⚡[/] {fault.Name} [dim]from {fault.From:0.0} s to {fault.Until:0.0} s of {seen.Seconds:0} s[/]");
        ShowClasses(seen);
        ShowGrades(outcome);
    }

    private void ShowClasses(Observed seen)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("Customers");
        foreach (var column in (string[])["came", "served", "tries", "p50 ms", "p99 ms", "refused", "failed"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var kind in DrillReportClasses(seen))
        {
            table.AddRow(
                kind.Class, $"{kind.Customers}", $"{kind.Served}", $"{kind.Tries}", Number(kind.P50), Number(kind.P99), $"{kind.Refused:P1}", $"{kind.Failed:P1}");
        }
        console.Write(table);
    }

    private static IEnumerable<ClassReport> DrillReportClasses(Observed seen) =>
        Enum.GetValues<Kind>().Select(kind => ClassReport.Of(seen, kind)).OfType<ClassReport>();

    private void ShowGrades(Outcome outcome)
    {
        foreach (var (grade, measured, passed, examples) in outcome.Results)
        {
            var (mark, sign) = (passed ? "[green]✓[/]" : "[red]✗[/]", grade.IsFloor ? "at least" : "at most");
            console.MarkupLine($"  {mark} {Markup.Escape(grade.Name)}: [bold]{Number(measured, grade.Unit)}[/] [dim]({sign} {Number(grade.Limit, grade.Unit)})[/]");
            foreach (var example in passed ? [] : examples)
                console.MarkupLineInterpolated($"      [dim]{example}[/]");
        }
        console.WriteLine();
    }

    internal static string Number(double value, string unit = "") =>
        double.IsFinite(value) ? value.ToString("#,0.##", CultureInfo.InvariantCulture) + unit : "never";
}

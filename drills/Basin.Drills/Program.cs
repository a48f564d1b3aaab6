using System.CommandLine;
using Basin.Drills;
using Basin.Drills.Reports;
using Basin.Drills.Running;
using Spectre.Console;

#pragma warning disable RS0030 // The composition root is the one place that names the system's clock.
var time = TimeProvider.System;
#pragma warning restore RS0030

var name = new Argument<string>("drill") { Description = "A drill by its name, or all" };
name.AcceptOnlyFromAmong([.. AllDrills.List.Select(drill => drill.Name), "all"]);
var seed = new Option<int>("--seed") { Description = "Decides who comes when and wants what", DefaultValueFactory = _ => 1 };
var output = new Option<DirectoryInfo>("--out")
{
    Description = "Where report.json and index.html go",
    DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Workplace.Root, "artifacts", "drills")),
};
var json = new Option<bool>("--json") { Description = "Print the report as JSON, and nothing else" };
var host = new Option<FileInfo>("--host")
{
    Description = "The assembly of the host to drill",
    DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "Basin.Host.dll")),
};

var list = new Command("list", "Lists the drills");
list.SetAction(_ => new Terminal(AnsiConsole.Console, time).List(AllDrills.List));

var run = new Command("run", "Runs a drill, or all of them; the exit code is 1 when a grade failed") { name, seed, output, json, host };
run.SetAction(async (arguments, cancellation) =>
{
    var wanted = arguments.GetRequiredValue(name);
    var isQuiet = arguments.GetValue(json);
    var terminal = new Terminal(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(isQuiet ? TextWriter.Null : Console.Out) }), time);
    var runner = new Runner(arguments.GetRequiredValue(host).FullName, time);
    var outcomes = new List<Outcome>();
    try
    {
        foreach (var drill in AllDrills.List.Where(drill => wanted == "all" || drill.Name == wanted))
            outcomes.Add(await terminal.WatchAsync(drill, watch => runner.RunAsync(drill, arguments.GetValue(seed), watch, cancellation)));
    }
    catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
    {
        terminal.Say("Stopped before the end; nothing written.");
        return 130;
    }
    var report = RunReport.Of(outcomes, time.GetUtcNow(), Workplace.DescribeMachine());
    var folder = arguments.GetRequiredValue(output).FullName;
    await ReportFiles.WriteAsync(folder, report);
    terminal.Sum(outcomes, Path.Combine(folder, ReportFiles.Page));
    if (isQuiet)
        Console.WriteLine(report.ToJson());
    return report.Passed ? 0 : 1;
});

var write = new Command("write", "Writes what others show of the drills: drills/drills.json and the table in docs/drills.md");
write.SetAction(_ => Words.WriteAsync(Workplace.Root));

return await new RootCommand("Breaks a private copy of Basin on purpose, and grades what customers see of it") { list, run, write }
    // Ctrl-C must leave enough time to stop the host and to remove its data.
    .Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });

using System.CommandLine;
using Basin.Bench;
using Spectre.Console;

Benchmark[] benchmarks =
[
    new("orders", OrdersBenchmark.RunAsync),
    new("pipeline", PipelineBenchmark.RunAsync),
    new("transfers", TransfersBenchmark.RunAsync),
    new("intents", IntentsBenchmark.RunAsync),
    new("ids", IdsBenchmark.RunAsync),
    new("limits", LimitsBenchmark.RunAsync),
    new("shared-limits", SharedLimitsBenchmark.RunAsync),
    new("limited-requests", LimitedRequestsBenchmark.RunAsync),
    new("shedding", SheddingBenchmark.RunAsync, InAll: false),
    new("shedding-limits", SheddingLimitsBenchmark.RunAsync),
    new("memory", MemoryBenchmark.RunAsync),
    new("grow", GrowBenchmark.RunAsync),
    new("soak", SoakBenchmark.RunAsync, InAll: false),
    new("capacity", CapacityCommand.RunAsync),
];

var which = new Argument<string>("benchmark") { Description = "Which benchmark to run" };
which.AcceptOnlyFromAmong([.. benchmarks.Select(benchmark => benchmark.Name), "all"]);
var rounds = Whole("--rounds", "How often each variant is measured", usual: 5, most: 100);
var seconds = Whole("--seconds", "How long one measurement lasts", usual: 8, most: 600);
var clients = Whole("--clients", "Connections kept busy", usual: 256, most: 10_000);
var only = new Option<string?>("--only") { Description = "Measure one variant alone, without a ratio" };
var orders = Whole("--orders", "How many orders the soak takes", usual: 20_000_000, most: 1_000_000_000);
var ordersPerSecond = new Option<double?>("--orders-per-second") { Description = "What capacity is asked for" };
ordersPerSecond.Validators.Add(result =>
{
    if (result.GetValueOrDefault<double?>() is not (null or (>= 1 and <= 1e9)))
        result.AddError("--orders-per-second must be a number from 1 to 1000000000.");
});

var root = new RootCommand("Measures Basin against a hand-written floor, in one run on one machine")
{
    which, rounds, seconds, clients, only, orders, ordersPerSecond,
};
root.SetAction(async (arguments, cancellation) =>
{
#pragma warning disable RS0030 // The composition root is the one place that names the system's clock.
    var time = TimeProvider.System;
#pragma warning restore RS0030
    var settings = new BenchmarkSettings(
        arguments.GetValue(rounds), arguments.GetValue(seconds), arguments.GetValue(clients), arguments.GetValue(only),
        arguments.GetValue(orders), arguments.GetValue(ordersPerSecond));
    var wanted = arguments.GetRequiredValue(which);
    try
    {
        foreach (var benchmark in benchmarks.Where(benchmark => wanted == "all" ? benchmark.InAll : benchmark.Name == wanted))
            await benchmark.RunAsync(new(settings, AnsiConsole.Console, time), cancellation);
        return 0;
    }
    catch (BenchmarkException failure)
    {
        AnsiConsole.MarkupLineInterpolated($"[red]{failure.Message}[/]");
        return 1;
    }
    catch (OperationCanceledException)
    {
        AnsiConsole.MarkupLine("[yellow]Stopped before the end; nothing written.[/]");
        return 130;
    }
});

// Ctrl-C must leave enough time to stop the servers and remove their data.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });

static Option<int> Whole(string name, string description, int usual, int most)
{
    var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
    option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var value) || value < 1 || value > most))
            result.AddError($"{name} must be a whole number from 1 to {most}, not '{token.Value}'.");
    });
    return option;
}

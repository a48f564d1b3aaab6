using System.Text.Json;
using Basin.Drills.Drills;
using Basin.Drills.Reports;
using Basin.Drills.Running;

namespace Basin.Drills.Tests;

/// <summary>Drills from their beginning to their end, against the real host.</summary>
public sealed class RunTests(ITestOutputHelper output)
{
    private const int Seed = 11;

#pragma warning disable RS0030 // Processes of their own have no other.
    private static readonly TimeProvider Time = TimeProvider.System;
#pragma warning restore RS0030

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Basin.Host.dll");

    [Fact]
    public async Task Connections_that_are_reset_lose_nothing_and_double_nothing() => await HoldsAsync(ConnectionResets.Drill);

    [Fact]
    public async Task A_flash_sale_sells_what_there_is_and_no_more() => await HoldsAsync(FlashSale.Drill);

    [Fact]
    public async Task A_second_host_on_the_same_data_is_refused() => await HoldsAsync(SecondHost.Drill);

    [Fact]
    public async Task A_claim_that_is_not_true_fails_the_drill_and_its_report_says_so()
    {
        var drill = ConnectionResets.Drill with { Name = "untrue", Load = new Load(2, new Traffic(Kind.Checkout, 5)), Faults = [] };

        var outcome = await RunAsync(drill with { Grades = [.. Grade.Always, Grade.Felt()] });

        Assert.False(outcome.Passed);
        var report = RunReport.Of([outcome], Time.GetUtcNow(), "here");
        Assert.False(report.Passed);
        using var json = JsonDocument.Parse(report.ToJson());
        var grades = json.RootElement.GetProperty("drills")[0].GetProperty("grades").EnumerateArray().ToList();
        Assert.Equal("Tries that met the fault", Assert.Single(grades, grade => !grade.GetProperty("passed").GetBoolean()).GetProperty("name").GetString());
        Assert.Contains("A claim did not hold", ReportPage.Of(report, [drill]));
    }

    [Fact]
    public async Task A_drill_that_cannot_go_on_says_where_it_stopped()
    {
        var drill = ConnectionResets.Drill with
        {
            Load = new Load(1, new Traffic(Kind.Browse, 5)),
            Faults = [Fault.Moment("no such thing", 0.5, _ => throw new InvalidOperationException("nothing to break"))],
        };

        var outcome = await RunAsync(drill);

        Assert.False(outcome.Passed);
        Assert.Equal("while no such thing: nothing to break", outcome.BrokeOff);
    }

    private async Task HoldsAsync(Drill drill)
    {
        var outcome = await RunAsync(drill);

        Assert.Null(outcome.BrokeOff);
        foreach (var result in outcome.Results)
            output.WriteLine($"{result.Grade.Words}: {result.Measured}. {string.Join(" ", result.Examples)}");
        Assert.True(outcome.Passed);
    }

    private static Task<Outcome> RunAsync(Drill drill) => new Runner(Program, Time).RunAsync(drill, Seed, _ => { }, TestContext.Current.CancellationToken);
}

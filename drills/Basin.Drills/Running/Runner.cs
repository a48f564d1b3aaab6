using Basin.Testing;

namespace Basin.Drills.Running;

/// <summary>What came of a drill.</summary>
internal sealed record Outcome(Drill Drill, int Seed, DateTimeOffset BeganAt, double TotalSeconds)
{
    public Observed? Seen { get; init; }

    public IReadOnlyList<Result> Results { get; init; } = [];

    /// <summary>Why it could not run here; null when it could.</summary>
    public string? Skipped { get; init; }

    /// <summary>Why it did not come to its end; null when it did.</summary>
    public string? BrokeOff { get; init; }

    public bool Passed => Seen is not null && Results.All(result => result.Passed);
}

/// <summary>Runs one drill from its beginning to its end.</summary>
/// <param name="program">The assembly of the host to drill.</param>
internal sealed class Runner(string program, TimeProvider time)
{
    private static readonly TimeSpan MemoryEvery = TimeSpan.FromSeconds(0.5);

    /// <param name="watch">Gets the stage as soon as there is one, to show what goes on.</param>
    public async Task<Outcome> RunAsync(Drill drill, int seed, Action<Stage> watch, CancellationToken cancellation)
    {
        var (beganAt, began) = (time.GetUtcNow(), time.GetTimestamp());
        if (drill.Host.Missing is { } missing)
            return new Outcome(drill, seed, beganAt, 0) { Skipped = missing };
        await using var stage = new Stage(drill, seed, program, time) { Doing = "starting a private copy of the host" };
        watch(stage);
        try
        {
            // Whoever is interrupted leaves the stage, and all on it ends.
            var seen = await RunAsync(stage).WaitAsync(cancellation);
            return new Outcome(drill, seed, beganAt, time.GetElapsedTime(began).TotalSeconds) { Seen = seen, Results = [.. drill.Grades.Select(grade => grade.Judge(seen))] };
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            // Whatever it is, the other drills are still to be run.
            return new Outcome(drill, seed, beganAt, time.GetElapsedTime(began).TotalSeconds) { BrokeOff = $"while {stage.Doing}: {failure.Message}" };
        }
    }

    private async Task<Observed> RunAsync(Stage stage)
    {
        var drill = stage.Drill;
        await stage.Host.StartAsync();
        await Shop.FillAsync(stage.Host.Client, drill.Stock);
        if (drill.Before is { } before)
            await before(stage);
        return await ObserveAsync(stage, drill.Load.PlanOf(stage.Seed, [.. drill.Stock.Keys.Where(sku => sku != Goods.Hot)], Load.MaxSeconds));
    }

    private async Task<Observed> ObserveAsync(Stage stage, IReadOnlyList<Arrival> plan)
    {
        using var client = HttpClient.To(stage.Wire.Address, HostProcess.OperatorKey);
        var drill = stage.Drill;
        using var over = new CancellationTokenSource();
        var began = time.GetTimestamp();
        var memory = SampleMemoryAsync(stage, began, over.Token);
        stage.Doing = "customers come";
        var crowd = new Crowd(stage, client);
        var visits = crowd.ComeAsync(plan, began);
        var faults = await BreakAllAsync(stage, began);
        crowd.Until = Math.Max(drill.Load.Seconds, faults.Count == 0 ? 0 : Seconds(began) + Load.SecondsAfterFaults);
        await visits;
        await over.CancelAsync();
        if (drill.Afterwards is { } afterwards)
            await afterwards(stage);
        stage.Doing = "reading the books";
        var books = await new BookReader(stage.Host.Client, stage.Visits, time).ReadAsync();
        stage.Notes["Dead letters"] = books.DeadLetters;
        return new Observed(
            crowd.Until, [.. stage.Visits.OrderBy(visit => visit.Arrival.Number)], [.. stage.Tries.OrderBy(one => one.At)], faults, await memory,
            Audit.Of(stage.Visits, books, drill.Stock), new SortedDictionary<string, double>(stage.Notes));
    }

    private double Seconds(long began) => time.GetElapsedTime(began).TotalSeconds;

    /// <summary>One after the other: what is mended late, as a host that is slow to start, delays what comes next by as much.</summary>
    private async Task<IReadOnlyList<FaultTime>> BreakAllAsync(Stage stage, long began)
    {
        var late = 0.0;
        foreach (var fault in stage.Drill.Faults.OrderBy(fault => fault.At))
        {
            stage.Faults.Enqueue(await BreakAsync(stage, fault, began, fault.At + late));
            late = Seconds(began) - fault.Until;
        }
        return [.. stage.Faults];
    }

    private async Task<FaultTime> BreakAsync(Stage stage, Fault fault, long began, double at)
    {
        await UntilAsync(at);
        var from = Seconds(began);
        stage.Doing = fault.Name;
        await fault.BeginAsync(stage);
        await UntilAsync(from + fault.Until - fault.At);
        var until = Seconds(began);
        await fault.MendAsync(stage);
        stage.Doing = "customers come";
        return new FaultTime(fault.Name, from, until);

        async Task UntilAsync(double second)
        {
            if (TimeSpan.FromSeconds(second - Seconds(began)) is { Ticks: > 0 } wait)
                await Task.Delay(wait, time);
        }
    }

    private async Task<IReadOnlyList<MemorySample>> SampleMemoryAsync(Stage stage, long began, CancellationToken over)
    {
        var samples = new List<MemorySample>();
        while (!over.IsCancellationRequested)
        {
            samples.Add(new MemorySample(Seconds(began), stage.Host.ResidentBytes));
            await Task.Delay(MemoryEvery, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return samples;
    }
}

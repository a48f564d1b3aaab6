using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Kernel.Storage;

namespace Basin.Host.Drills;

/// <summary>Reads what the last run of drills has left behind.</summary>
internal sealed class DrillReports(DrillsOptions options, StoreOptions store)
{
    private const string File = "report.json";
    private const string Schema = "basin.drills.v1";
    private const long MaxBytes = 32 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Where it looks.</summary>
    public string Place { get; } = Path.Combine(
        options.Reports ?? Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(store.Directory))) ?? "", "drills"), File);

    /// <returns>The report, or why there is none; both are null where nothing has been drilled.</returns>
    public async Task<(DrillRun? Run, string? Trouble)> ReadAsync(CancellationToken cancellation)
    {
        var file = new FileInfo(Place);
        if (!file.Exists)
            return (null, null);
        if (file.Length > MaxBytes)
            return (null, "The report is too large to be one of the drills.");
        try
        {
            await using var stream = file.OpenRead();
            var run = await JsonSerializer.DeserializeAsync<DrillRun>(stream, Json, cancellation);
            return run is { Schema: Schema, Drills: not null } ? (run, null) : (null, "The report was written by another version of the drills.");
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            return (null, $"The report cannot be read: {failure.Message}");
        }
    }
}

/// <summary>A run, as far as the console shows it.</summary>
internal sealed record DrillRun(string Schema, DateTimeOffset At, string Machine, bool Passed, IReadOnlyList<DrillResult> Drills);

/// <param name="Skipped">Why it could not be run there.</param>
/// <param name="BrokeOff">Why it did not come to its end.</param>
internal sealed record DrillResult(
    string Name, int Seed, double TotalSeconds, bool Passed, string? Skipped, string? BrokeOff, IReadOnlyList<DrillGrade> Grades, IReadOnlyList<DrillClass> Classes);

internal sealed record DrillGrade(string Name, double Measured, double Limit, string Unit, bool IsFloor, bool Passed);

/// <summary>Customers of one kind.</summary>
/// <param name="P50">Milliseconds, as <paramref name="P99"/> is.</param>
/// <param name="Failed">Part of their tries, as <paramref name="Refused"/> is.</param>
internal sealed record DrillClass(string Class, int Customers, int Served, double P50, double P99, double Refused, double Failed);

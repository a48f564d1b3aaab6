using System.Globalization;
using Basin.Limits.Shared;
using Microsoft.AspNetCore.Http;

namespace Basin.Limits;

/// <summary>A policy as a form of the console has it.</summary>
internal static class PolicyForm
{
    /// <summary>One more than a policy may have, so that the one too many is refused and not left out.</summary>
    private const int MaxRows = 9;

    /// <summary>What is no number, or out of its range, becomes one that is refused.</summary>
    private const long NoNumber = -1;

    public static PolicyOptions Read(IFormCollection form) => new()
    {
        DryRun = form["dryRun"] == "true",
        Shared = form["shared"] == "true",
        Regional = form["regional"] == "true",
        WhenUnreachable = Enum.TryParse<WhenUnreachable>(form["whenUnreachable"], out var choice) ? choice : WhenUnreachable.CountHere,
        Allow = [.. form["allow"].ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
        Limits = [.. Enumerable.Range(0, MaxRows).Select(row => ReadLimit(form, $"limits[{row}]")).OfType<LimitOptions>()],
    };

    /// <returns>Null for a row that is empty, or that is to be removed.</returns>
    private static LimitOptions? ReadLimit(IFormCollection form, string path)
    {
        if (string.IsNullOrWhiteSpace(form[$"{path}.permits"]) || form[$"{path}.remove"] == "true")
            return null;
        return new LimitOptions
        {
            Per = [.. form[$"{path}.per"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Partition)],
            Algorithm = Enum.TryParse<LimitAlgorithm>(form[$"{path}.algorithm"], out var algorithm) ? algorithm : (LimitAlgorithm)NoNumber,
            Permits = Number(form[$"{path}.permits"]),
            Period = PeriodOf(form[$"{path}.period"]),
            Burst = string.IsNullOrWhiteSpace(form[$"{path}.burst"]) ? 0 : Number(form[$"{path}.burst"]),
        };
    }

    private static LimitPartition Partition(string text) => Enum.TryParse<LimitPartition>(text, out var part) ? part : (LimitPartition)NoNumber;

    private static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : NoNumber;

    private static TimeSpan PeriodOf(string? text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= (decimal)LimitRule.MaxPeriod.TotalSeconds
            ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : TimeSpan.Zero;
}

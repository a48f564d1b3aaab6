namespace Basin.Drills.Reports;

/// <summary>The files of a run.</summary>
internal static class ReportFiles
{
    public const string Page = "index.html";
    public const string Data = "report.json";

    public static async Task WriteAsync(string folder, RunReport report)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, Data), report.ToJson());
        await File.WriteAllTextAsync(Path.Combine(folder, Page), ReportPage.Of(report, AllDrills.List));
    }
}

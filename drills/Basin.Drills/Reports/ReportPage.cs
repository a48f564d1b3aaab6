namespace Basin.Drills.Reports;

internal static class ReportPage
{
    public static string Of(RunReport report) => report.ToJson();
}

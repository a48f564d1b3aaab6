using Basin.Kernel.Storage.Backups;

namespace Basin.Host.Commands;

/// <summary>A line for each database: on a terminal it counts up, elsewhere it is written once, when the database is done.</summary>
internal sealed class ConsoleProgress(ConsoleLine line) : IProgress<CopyProgress>
{
    public void Report(CopyProgress value)
    {
        if (value.Stage == CopyStage.Done)
            line.Write($"{value.Path}  {ConsoleLine.SizeOf(value.Total)}");
        else
            line.Show(value.Stage == CopyStage.Checking
                ? $"{value.Path}  checking {ConsoleLine.SizeOf(value.Total)}"
                : $"{value.Path}  {value.Bytes * 100 / Math.Max(value.Total, 1)} % of {ConsoleLine.SizeOf(value.Total)}");
    }
}

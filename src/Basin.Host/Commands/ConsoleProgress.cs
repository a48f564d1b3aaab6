using Basin.Kernel.Storage.Backups;

namespace Basin.Host.Commands;

/// <summary>A line for each database: on a terminal it counts up, elsewhere it is written once, when the database is done.</summary>
internal sealed class ConsoleProgress(TextWriter output, bool isTerminal) : IProgress<CopyProgress>
{
    private string _shown = "";

    public void Report(CopyProgress value)
    {
        if (value.Stage == CopyStage.Done)
            WriteLine($"{value.Path}  {SizeOf(value.Total)}");
        else if (isTerminal)
            Show(value.Stage == CopyStage.Checking
                ? $"{value.Path}  checking {SizeOf(value.Total)}"
                : $"{value.Path}  {value.Bytes * 100 / Math.Max(value.Total, 1)} % of {SizeOf(value.Total)}");
    }

    /// <summary>In the place of what is shown.</summary>
    public void WriteLine(string line)
    {
        Show(line);
        output.WriteLine();
        _shown = "";
    }

    /// <summary>Leaves what is shown and begins a line.</summary>
    public void EndLine()
    {
        if (_shown.Length > 0)
            output.WriteLine();
        _shown = "";
    }

    public static string SizeOf(long bytes) => bytes switch
    {
        < 1_000_000 => $"{bytes / 1e3:0.0} kB",
        < 1_000_000_000 => $"{bytes / 1e6:0.0} MB",
        _ => $"{bytes / 1e9:0.00} GB",
    };

    private void Show(string text)
    {
        if (text == _shown)
            return;
        if (_shown.Length > 0)
            output.Write('\r');
        output.Write(text.PadRight(_shown.Length));
        _shown = text;
    }
}

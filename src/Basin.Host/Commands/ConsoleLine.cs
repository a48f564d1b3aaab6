namespace Basin.Host.Commands;

/// <summary>Lines, the last of which changes on a terminal until it is final.</summary>
internal sealed class ConsoleLine(TextWriter output, bool isTerminal)
{
    private string _shown = "";

    /// <summary>For now; only a terminal shows it.</summary>
    public void Show(string text)
    {
        if (isTerminal)
            Put(text);
    }

    /// <summary>For good, in the place of what is shown.</summary>
    public void Write(string line)
    {
        Put(line);
        output.WriteLine();
        _shown = "";
    }

    /// <summary>Leaves what is shown and begins a line.</summary>
    public void End()
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

    private void Put(string text)
    {
        if (text == _shown)
            return;
        if (_shown.Length > 0)
            output.Write('\r');
        output.Write(text.PadRight(_shown.Length));
        _shown = text;
    }
}

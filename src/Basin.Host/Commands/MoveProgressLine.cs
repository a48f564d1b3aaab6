using Basin.Kernel.Storage.Moving;

namespace Basin.Host.Commands;

/// <summary>On a terminal a line says where the move is and how long it will take; elsewhere there is one for each table that was copied.</summary>
internal sealed class MoveProgressLine(ConsoleLine line, TimeProvider time) : IProgress<MoveProgress>
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private MoveStage? _stage;
    private long _began;
    private long _shown;
    private (MoveStage, string) _ended;

    public void Report(MoveProgress value)
    {
        if (_stage != value.Stage)
            Begin(value);
        if (value.IsEnd)
            End(value);
        else if (time.GetElapsedTime(_shown) >= Period)
            Show(value);
    }

    private void Begin(MoveProgress value)
    {
        (_stage, _began, _shown) = (value.Stage, time.GetTimestamp(), time.GetTimestamp());
        var (_, total, before) = value.Overall;
        line.Write(value.Stage switch
        {
            MoveStage.Checking => $"Checking {ConsoleLine.SizeOf(total)}",
            MoveStage.Copying when before > 0 => $"Copying {total:#,0} rows, {before:#,0} of which are there already",
            MoveStage.Copying => $"Copying {total:#,0} rows",
            MoveStage.Rebuilding => $"Making {value.What} anew",
            _ => $"Comparing {total:#,0} rows",
        });
    }

    private void Show(MoveProgress value)
    {
        _shown = time.GetTimestamp();
        var (done, total, before) = value.Overall;
        var rate = (done - before) / time.GetElapsedTime(_began).TotalSeconds;
        var left = rate > 0 ? $", {TimeSpan.FromSeconds((total - done) / rate):h\\:mm\\:ss} left" : "";
        var speed = value.Stage == MoveStage.Checking ? $"{ConsoleLine.SizeOf((long)rate)}/s" : $"{rate:#,0} rows/s";
        line.Show($"{value.What}  {Percent(value.Done, value.Total)} %  |  all {Percent(done, total)} %, {speed}{left}");
    }

    private void End(MoveProgress value)
    {
        if (_ended == (value.Stage, value.What))
            return;
        _ended = (value.Stage, value.What);
        if (value.Stage == MoveStage.Copying && value.Total > 0)
            line.Write($"{value.What}  {value.Total:#,0} rows");
    }

    private static long Percent(long done, long total) => done * 100 / Math.Max(total, 1);
}

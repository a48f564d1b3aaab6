using Basin.Kernel.Storage;
using Basin.Testing.Contracts;

namespace Basin.Kernel.Tests.Storage;

/// <summary>A part that awaits something other than its transaction goes on, on another thread, while the transaction belongs to somebody else.</summary>
public sealed class LatePartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LoneShard _lone = new();
    private readonly TaskCompletionSource _foreign = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task<Exception?>> _parts = [];

    public enum End
    {
        Returns,

        Throws,

        Writes,
    }

    [Theory]
    [InlineData(End.Returns, false)]
    [InlineData(End.Returns, true)]
    [InlineData(End.Throws, false)]
    [InlineData(End.Throws, true)]
    [InlineData(End.Writes, false)]
    [InlineData(End.Writes, true)]
    public async Task It_touches_nothing_of_the_work_that_runs_by_then(End end, bool carefully)
    {
        var batch = await RunAsync(() => [.. carefully ? [FailAsync(1)] : Array.Empty<Task<int>>(), AwaitAsync(end), MeetAsync(3), StepAsync(4)]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => batch[^3]);
        await _lone.AssertKeptAsync(3, 4);
        await Assert.AllAsync(_parts, part => Assert.ThrowsAsync<InvalidOperationException>(() => part));
    }

    [Theory]
    [InlineData(End.Returns)]
    [InlineData(End.Throws)]
    [InlineData(End.Writes)]
    public async Task Work_that_fails_meanwhile_without_a_write_spoils_no_batch(End end)
    {
        var runs = 0;
        var batch = await RunAsync(() => [StepAsync(1), AwaitAsync(end), _lone.WriteAsync(_ =>
        {
            runs++;
            Meet();
            throw new FormatException("refused");
        })]);

        await Assert.ThrowsAsync<FormatException>(() => batch[2]);
        Assert.Equal(1, runs);
        await _lone.AssertKeptAsync(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_its_work_wrote_before_is_undone(bool carefully)
    {
        var batch = await RunAsync(() => [.. carefully ? [FailAsync(1)] : Array.Empty<Task<int>>(), StepAsync(2), _lone.WriteAsync(async tx =>
        {
            await LoneShard.StepAsync(tx, 3);
            return await AwaitAsync(tx, End.Writes);
        }), MeetAsync(4)]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => batch[^2]);
        await _lone.AssertKeptAsync(2, 4);
    }

    private async Task<List<Task<int>>> RunAsync(Func<List<Task<int>>> enqueue)
    {
        using var gate = await Gate.CloseAsync(_lone.Shard);
        var batch = enqueue();
        await gate.OpenAsync();
        foreach (var work in batch)
            await Record.ExceptionAsync(() => work.WaitAsync(Patience));
        return batch;
    }

    private Task<int> StepAsync(int value) => _lone.WriteAsync(tx => LoneShard.StepAsync(tx, value));

    private Task<int> FailAsync(int value) => _lone.WriteAsync(async tx =>
    {
        await LoneShard.StepAsync(tx, value);
        throw new FormatException("refused");
    });

    private Task<int> AwaitAsync(End end) => _lone.WriteAsync(tx => AwaitAsync(tx, end));

    private async ValueTask<int> AwaitAsync(Transaction tx, End end)
    {
        var part = tx.TryAsync(async () =>
        {
            await _foreign.Task;
            if (end == End.Throws)
                throw new FormatException("late");
            if (end == End.Writes)
                await LoneShard.StepAsync(tx, 99);
        }).AsTask();
        _parts.Add(part);
        await part;
        return 0;
    }

    /// <summary>Work during which the part goes on and ends.</summary>
    private Task<int> MeetAsync(int value) => _lone.WriteAsync(async tx =>
    {
        await LoneShard.StepAsync(tx, value);
        Meet();
        return value;
    });

    private void Meet()
    {
        _foreign.TrySetResult();
        foreach (var part in _parts)
            ((IAsyncResult)part).AsyncWaitHandle.WaitOne(Patience);
    }

    public void Dispose() => _lone.Dispose();
}

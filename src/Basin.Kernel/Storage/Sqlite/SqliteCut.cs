using Basin.Kernel.Storage.Backups;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>How long writers may be made to wait for a cut, and how often it is tried.</summary>
/// <param name="Longest">Shorter than a writer waits for its turn, so that the cut fails before any write does.</param>
/// <param name="Pause">Between two tries, in which the writers go on.</param>
internal sealed record CutPatience(TimeSpan Longest, int Tries, TimeSpan Pause)
{
    public static CutPatience Default { get; } = new(TimeSpan.FromSeconds(2), 10, TimeSpan.FromSeconds(1));
}

/// <summary>
/// One moment of several databases while others write to them. Every file is locked against writers, a snapshot of each is fixed, and the locks are
/// released at once: what one shard has heard of another is then in both snapshots or in neither, as if the whole process had been killed there.
/// </summary>
internal sealed class SqliteCut : IDisposable
{
    private readonly List<SqliteSource> _sources = [];

    private SqliteCut()
    {
    }

    public IReadOnlyList<SqliteSource> Sources => _sources;

    /// <summary>How long the first writer that was locked out had to wait, at most.</summary>
    public TimeSpan Held { get; private set; }

    /// <param name="list">The files; asked again when all are locked, because a host that starts makes new ones.</param>
    public static SqliteCut Take(Func<IReadOnlyList<string>> list, CutPatience patience, TimeProvider time, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= patience.Tries; attempt++)
        {
            var cut = new SqliteCut();
            try
            {
                if (cut.TryTake(list, patience.Longest, time, cancellation))
                    return cut;
            }
            catch
            {
                cut.Dispose();
                throw;
            }
            cut.Dispose();
            cancellation.WaitHandle.WaitOne(patience.Pause);
            cancellation.ThrowIfCancellationRequested();
        }
        throw new BackupException(
            $"The writers were never all at rest within {patience.Longest.TotalSeconds} s, in {patience.Tries} tries. Try again later.");
    }

    private bool TryTake(Func<IReadOnlyList<string>> list, TimeSpan longest, TimeProvider time, CancellationToken cancellation)
    {
        var files = list();
        foreach (var file in files)
            _sources.Add(SqliteSource.Open(file));
        var began = time.GetTimestamp();
        if (!TryLock(longest, began, time, cancellation) || !list().SequenceEqual(files))
            return false;
        foreach (var source in _sources)
            source.FixSnapshot();
        foreach (var source in _sources)
            source.Unlock();
        Held = time.GetElapsedTime(began);
        return true;
    }

    /// <summary>
    /// A busy writer leaves its file free for less than a millisecond between two transactions, so this asks again and again. It asks for all that
    /// are missing in turn: the wait is then that for the slowest writer, not the sum of all.
    /// </summary>
    private bool TryLock(TimeSpan longest, long began, TimeProvider time, CancellationToken cancellation)
    {
        var missing = new List<SqliteSource>(_sources);
        while (missing.RemoveAll(source => source.TryLock()) >= 0 && missing.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            if (time.GetElapsedTime(began) >= longest)
                return false;
            Thread.Yield();
        }
        return true;
    }

    /// <summary>Lets go of a snapshot, so that its writer's log may begin anew.</summary>
    public void Release(SqliteSource source)
    {
        _sources.Remove(source);
        source.Dispose();
    }

    public void Dispose()
    {
        foreach (var source in _sources)
            source.Dispose();
        _sources.Clear();
    }
}

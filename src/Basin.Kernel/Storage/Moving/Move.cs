using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Backups;
using Basin.Kernel.Storage.Postgres;
using Npgsql;

namespace Basin.Kernel.Storage.Moving;

/// <summary>
/// Copies an installation in files, on which no host is running, into PostgreSQL, and compares both. A run that is interrupted is gone on with by the
/// next one. The files stay as they are, and nobody else opens them meanwhile.
/// </summary>
public sealed class Move : IDisposable
{
    /// <summary>What one transaction copies, and an interruption loses: so many rows, or fewer when they are large.</summary>
    private const int RowsPerCommit = 50_000;

    private const long BytesPerCommit = 32 * 1024 * 1024;
    private const int RowsPerReport = 4096;

    private readonly HeldInstallation _files;
    private readonly TargetServer _server;
    private readonly List<Pair> _pairs;
    private readonly MoveSettings _settings;
    private readonly IProgress<MoveProgress> _progress;
    private readonly CancellationToken _cancellation;

    private Move(
        HeldInstallation files, TargetServer server, List<Pair> pairs, MoveSettings settings, IProgress<MoveProgress> progress,
        CancellationToken cancellation)
    {
        (_files, _server, _pairs, _settings) = (files, server, pairs, settings);
        (_progress, _cancellation) = (progress, cancellation);
    }

    /// <summary>A shard on both sides.</summary>
    private sealed record Pair(MovedShard Shard, HeldDatabase File, TargetShard Target)
    {
        public IReadOnlyList<MovedTable> Tables { get; } = File.Tables(Shard.Place);
    }

    /// <summary>Takes the files for itself, and looks whether there is a place for what is in them.</summary>
    /// <exception cref="MoveException">There is something in the way.</exception>
    public static Move Begin(
        IEnumerable<SystemDefinition> systems, MoveSettings settings, IProgress<MoveProgress> progress, CancellationToken cancellation)
    {
        if (!settings.Postgres.IsUsed)
            throw new MoveException("Basin:Postgres:ConnectionString says where to, and it is not set.");
        return Translated(() => Hold(systems, settings, progress, cancellation));
    }

    private static Move Hold(
        IEnumerable<SystemDefinition> systems, MoveSettings settings, IProgress<MoveProgress> progress, CancellationToken cancellation)
    {
        settings = settings with { Postgres = TargetServer.WithoutHaste(settings.Postgres) };
        var shards = ShardsOf([.. systems], settings.Files);
        var files = HeldInstallation.Hold(CopiedFiles.Full(settings.Files.Directory), shards);
        TargetServer? server = null;
        try
        {
            server = TargetServer.Hold(settings.Postgres, shards);
            var pairs = shards.ConvertAll(shard => new Pair(shard, files.Databases[shard.Place], new TargetShard(shard, settings)));
            return new Move(files, server, pairs, settings, progress, cancellation);
        }
        catch
        {
            server?.Dispose();
            files.Dispose();
            throw;
        }
    }

    private static List<MovedShard> ShardsOf(List<SystemDefinition> systems, StoreOptions options)
    {
        Stores.RefuseUnknownNames(options, systems);
        var shards = new List<MovedShard>();
        foreach (var system in systems)
        {
            var count = Stores.ShardsAskedOf(system, options);
            shards.AddRange(Enumerable.Range(0, count).Select(number => new MovedShard(system, new ShardPlace(system.Name, number, count))));
        }
        return shards;
    }

    /// <summary>Copies what is not there yet and compares all of it. If both sides are equal, hosts start on it from then on.</summary>
    /// <exception cref="MoveException">It cannot be moved.</exception>
    public MoveReport Run() => Translated(() =>
    {
        var states = _pairs.ConvertAll(pair => pair.Target.ReadState());
        // Where the last run was interrupted while it let hosts start, all is there.
        if (!states.Exists(state => state.IsCompared))
            Copy(states);
        var report = Compare();
        if (report.IsEqual)
            LetHostsStart();
        return report;
    });

    /// <summary>Reads both sides. Once a host has started on what was moved, they differ.</summary>
    /// <exception cref="MoveException">There is nothing to compare with.</exception>
    public MoveReport Compare() => Translated(() =>
    {
        foreach (var pair in _pairs)
            pair.Target.RefuseOtherTables(pair.Tables);
        var counts = _pairs.ConvertAll(pair => pair.Tables.Sum(table => pair.File.CountOf(table.Name)));
        var stage = new Stage(MoveStage.Comparing, counts.Sum(), 0, _progress);
        return new MoveReport([.. _pairs.SelectMany(pair => CompareTables(pair, stage))], [.. _pairs.SelectMany(CompareFacts)]);
    });

    private static T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NpgsqlException failure)
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    private void Copy(List<TargetState> states)
    {
        if (_pairs.Where((_, i) => states[i] is { IsEmpty: false, Source: null }).Select(pair => pair.Target.Schema).FirstOrDefault() is { } filled)
        {
            throw new MoveException(
                $"The schema '{filled}' has tables already, and an installation is moved to where there are none. "
                + "If they are those of a move that has come to its end, a comparison says so.");
        }
        var fingerprint = Check();
        if (_pairs.Where((_, i) => (states[i].Source ?? fingerprint) != fingerprint).Select(pair => pair.Target.Schema).FirstOrDefault() is { } other)
        {
            throw new MoveException(
                $"The schema '{other}' holds a part of other files, or the files have changed since that was copied. "
                + "Drop the schemas and begin anew.");
        }
        foreach (var pair in _pairs)
        {
            pair.Target.Create(fingerprint);
            pair.Target.RefuseOtherTables(pair.Tables);
        }
        CopyTables();
        foreach (var pair in _pairs)
            Complete(pair);
    }

    /// <returns>A fingerprint of all that is moved.</returns>
    private string Check()
    {
        var stage = new Stage(MoveStage.Checking, _files.Bytes, 0, _progress);
        return _files.Check((file, done, total) => stage.Report(file, done, total), _cancellation);
    }

    private void CopyTables()
    {
        var rest = _pairs.SelectMany(pair => pair.Tables, (pair, table) => (Pair: pair, Table: table, Total: pair.File.CountOf(table.Name))).ToList();
        var before = rest.Sum(each => each.Pair.Target.ProgressOf(each.Table.Name).Rows);
        var stage = new Stage(MoveStage.Copying, rest.Sum(each => each.Total), before, _progress);
        foreach (var (pair, table, total) in rest)
            CopyTable(pair, table, there => stage.Report($"{pair.Shard.Place} {table.Name}", there, total));
    }

    private void CopyTable(Pair pair, MovedTable table, Action<long> report)
    {
        var (there, isDone) = pair.Target.ProgressOf(table.Name);
        using var rows = pair.File.Read(table, skip: there);
        while (!isDone)
        {
            pair.Target.Copy(table, copy =>
            {
                for (var added = 0; added < RowsPerCommit && copy.Length < BytesPerCommit; added++)
                {
                    isDone = !rows.Next();
                    if (isDone)
                        break;
                    copy.Add(table, rows.Current);
                    if (++there % RowsPerReport == 0)
                        Report(there);
                }
                return (there, isDone);
            });
            Report(there);
        }

        void Report(long rows)
        {
            _cancellation.ThrowIfCancellationRequested();
            report(rows);
        }
    }

    private void Complete(Pair pair)
    {
        foreach (var rebuilt in pair.Shard.System.Rebuilt.Where(rebuilt => !pair.Target.ProgressOf(rebuilt.Table).IsDone))
        {
            var stage = new Stage(MoveStage.Rebuilding, pair.File.CountOf(rebuilt.Table), 0, _progress);
            pair.Target.Rebuild(rebuilt, there => stage.Report($"{pair.Shard.Place} {rebuilt.Table}", there, stage.Total), _cancellation);
        }
        pair.Target.Begin(FactsOf(pair));
        pair.Target.Analyze(pair.Tables.Select(table => table.Name).Concat(pair.Shard.System.Rebuilt.Select(rebuilt => rebuilt.Table)));
    }

    /// <summary>Where nothing is left of a log, consumers may still be beyond its beginning.</summary>
    private ShardFacts FactsOf(Pair pair)
    {
        var applied = _pairs.SelectMany(consumer => consumer.File.Checkpoints())
            .Where(checkpoint => checkpoint.Source == pair.Shard.Place.System && checkpoint.Shard == pair.Shard.Place.Number)
            .Select(checkpoint => checkpoint.Sequence);
        return new ShardFacts(applied.Append(pair.File.LastSequence()).Max(), pair.File.IdMark());
    }

    private IEnumerable<ComparedTable> CompareTables(Pair pair, Stage stage)
    {
        foreach (var table in pair.Tables)
        {
            // One core reads the file, and the other what the database sends.
            var total = pair.File.CountOf(table.Name);
            var name = $"{pair.Shard.Place} {table.Name}";
            var here = Task.Run(() => pair.File.SumOf(table, rows => stage.Report(name, rows, total), _cancellation), CancellationToken.None);
            var there = Task.Run(() => pair.Target.SumOf(table, _cancellation), CancellationToken.None);
            var sums = Task.WhenAll(here, there).GetAwaiter().GetResult();
            yield return new ComparedTable(pair.Shard.Place.ToString(), table.Name, sums[0], sums[1]);
        }
        foreach (var rebuilt in pair.Shard.System.Rebuilt)
        {
            var (here, there) = (pair.File.CountOf(rebuilt.Table), pair.Target.CountOf(rebuilt.Table));
            yield return new ComparedTable(pair.Shard.Place.ToString(), rebuilt.Table, new TableSum(here, null), new TableSum(there, null));
        }
    }

    private IEnumerable<string> CompareFacts(Pair pair)
    {
        var (here, there) = (FactsOf(pair), pair.Target.ReadFacts());
        if (here.LastSequence != there.LastSequence)
            yield return $"The events of {pair.Shard.Place} go up to {here.LastSequence} in the file and to {there.LastSequence} in PostgreSQL.";
        if (here.IdMark != there.IdMark)
            yield return $"New ids of {pair.Shard.Place} begin above {here.IdMark} in the files and above {there.IdMark} in PostgreSQL.";
    }

    /// <summary>In two steps, because shards may be in several databases: an interruption leaves a mark in those that are left.</summary>
    private void LetHostsStart()
    {
        var closed = _pairs.FindAll(pair => pair.Target.ReadState().Source is not null);
        closed.ForEach(pair => pair.Target.NoteCompared());
        closed.ForEach(pair => pair.Target.Open());
    }

    public void Dispose()
    {
        _pairs.ForEach(pair => pair.Target.Dispose());
        _server.Dispose();
        _files.Dispose();
    }

    /// <summary>Counts over what is done one after the other.</summary>
    private sealed class Stage(MoveStage stage, long total, long before, IProgress<MoveProgress> progress)
    {
        private string _what = "";
        private long _ended;
        private long _done;

        public long Total => total;

        public void Report(string what, long done, long of)
        {
            if (what != _what)
                (_what, _ended) = (what, _ended + _done);
            _done = done;
            progress.Report(new MoveProgress(stage, what, done, of, new Overall(_ended + done, total, before)));
        }
    }
}

/// <param name="Files">From where.</param>
/// <param name="Postgres">To where.</param>
public sealed record MoveSettings(StoreOptions Files, PostgresOptions Postgres, TimeProvider Time);

using System.Buffers;
using System.Data;
using System.Globalization;
using Basin.Kernel.Events;
using Npgsql;
using static Basin.Kernel.Storage.StoreUnavailableException;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// The writer's connection. A transaction begins with the turn to write, a lock that writers of all processes take one after another before they see
/// anything. So serializable transactions hardly ever conflict, and events are numbered in the order of their commits.
/// </summary>
/// <param name="process">Names this process among those that write to the shard.</param>
/// <param name="silence">After this time a writer that says nothing in the middle of its work counts as frozen.</param>
/// <param name="reachability">How long to wait for a database that is gone.</param>
internal sealed class PostgresConnection(PostgresDatabase database, string process, TimeSpan silence, Reachability reachability) : Connection
{
    private const string BeginTransaction = "BEGIN ISOLATION LEVEL SERIALIZABLE";

    /// <summary>The lock is asked for before the first query, which fixes what a serializable transaction sees.</summary>
    private const string TakeTurn = "LOCK TABLE basin_turn IN EXCLUSIVE MODE";

    /// <summary>An epoch belongs to its process: one that a failover has forgotten may be given again, to another.</summary>
    private const string ReadState =
        "SELECT last_sequence, job_commits, CASE WHEN process = $1 THEN epoch ELSE -1 END FROM basin_shard, basin_owner";

    private const string WriteState = "UPDATE basin_shard SET last_sequence = $1, job_commits = job_commits + $2";

    private const string WriteBatch =
        "INSERT INTO basin_writer (process, batch) VALUES ($1, $2) ON CONFLICT (process) DO UPDATE SET batch = excluded.batch";

    /// <summary>
    /// A process that is frozen in the middle of what it sends holds its turn without being silent to the server, which waits for the rest.
    /// </summary>
    private const string EndFrozenWriter = """
        SELECT count(pg_terminate_backend(session.pid)) FROM pg_stat_activity AS session JOIN pg_locks AS turn USING (pid)
        WHERE turn.relation = 'basin_turn'::regclass AND turn.granted AND session.datname = current_database()
            AND session.state = 'active' AND session.wait_event = 'ClientRead' AND session.state_change < now() - $1::interval
        """;

    private const string ReadBatch = "SELECT batch FROM basin_writer WHERE process = $1";

    /// <summary>A commit that is cut short would be acknowledged before the standby has it.</summary>
    private const string HaveTime = "SET LOCAL statement_timeout = 0";

    /// <summary>For so long a batch whose commit was not answered asks what became of it.</summary>
    private static readonly TimeSpan LongestDoubt = TimeSpan.FromMinutes(1);

    /// <summary>A primary that is frozen, or has vanished, answers no commit. Whoever gives up asks what became of it.</summary>
    private const int CommitSeconds = 60;

    /// <summary>So that neither side holds more than it has to.</summary>
    private const int MaxSent = 128;

    private readonly ArrayBufferWriter<byte> _segment = new();
    private readonly List<NpgsqlBatchCommand> _sent = [];

    // Those of them that must concern one row.
    private readonly List<NpgsqlBatchCommand> _ones = [];
    private readonly ManualResetEventSlim _isLeaving = new();
    private NpgsqlConnection? _connection;
    private long _lastSequence;
    private long _epoch;
    private long _batch;
    private bool _inTransaction;
    private bool _isSpoiled;
    private bool _mayRunAgain;
    private bool _hasWritten;

    public override Documents Documents => database.Documents;

    public override bool HasOtherWriters => true;

    public override SqlDialect Dialect => SqlDialect.Postgres;

    public override bool InTransaction => _inTransaction && IsOpen;

    /// <summary>PostgreSQL refuses all that follows a failed statement until that is rolled back.</summary>
    public override bool IsSpoiled => _isSpoiled;

    /// <summary>The sequence of the last event when the current transaction began.</summary>
    public long LastSequence => _lastSequence;

    /// <summary>How many commits had scheduled jobs when the current transaction began.</summary>
    public long JobCommits { get; private set; }

    public override long Epoch => _epoch;

    /// <summary>The number of its session at the server.</summary>
    public int Backend { get; private set; }

    private bool IsOpen => _connection is { FullState: ConnectionState.Open };

    public override int Execute(string sql, ReadOnlySpan<SqlValue> values)
    {
        _hasWritten = true;
        using var batch = BatchOf(sql, values);
        Ask(batch, static batch => batch.ExecuteNonQuery());
        CheckOnes();
        return (int)batch.BatchCommands[^1].Rows;
    }

    public override void Send(string sql, ReadOnlySpan<SqlValue> values) => Send(database.BatchCommandOf(sql, values));

    public override void SendOne(string sql, ReadOnlySpan<SqlValue> values)
    {
        var command = database.BatchCommandOf(sql, values);
        _ones.Add(command);
        Send(command);
    }

    private void Send(NpgsqlBatchCommand command)
    {
        _hasWritten = true;
        _sent.Add(command);
        if (_sent.Count == MaxSent)
            Flush();
    }

    public override T? Find<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
        where T : class
    {
        using var batch = BatchOf(sql, values);
        using var reader = Ask(batch, static batch => batch.ExecuteReader());
        CheckOnes();
        return Ask(reader, static reader => reader.Read()) ? map(new PostgresRow(reader, Documents)) : null;
    }

    public override List<T> List<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
    {
        using var batch = BatchOf(sql, values);
        using var reader = Ask(batch, static batch => batch.ExecuteReader());
        CheckOnes();
        var row = new PostgresRow(reader, Documents);
        var rows = new List<T>();
        while (Ask(reader, static reader => reader.Read()))
            rows.Add(map(row));
        return rows;
    }

    public override long? Number(string sql, ReadOnlySpan<SqlValue> values)
    {
        using var batch = BatchOf(sql, values);
        using var reader = Ask(batch, static batch => batch.ExecuteReader());
        CheckOnes();
        return Ask(reader, static reader => reader.Read()) ? new PostgresRow(reader, Documents).IntegerOrNull(0) : null;
    }

    public override bool IsReadOnly(string sql) => database.IsReadOnly(sql);

    /// <summary>The statement behind all that was sent before it; those have no rows, so the first rows are its own.</summary>
    private NpgsqlBatch BatchOf(string sql, ReadOnlySpan<SqlValue> values)
    {
        _hasWritten |= !IsReadOnly(sql);
        var command = database.BatchCommandOf(sql, values);
        var batch = BatchOfSent();
        batch.BatchCommands.Add(command);
        return batch;
    }

    private NpgsqlBatch BatchOfSent()
    {
        var batch = new NpgsqlBatch(_connection);
        foreach (var sent in _sent)
            batch.BatchCommands.Add(sent);
        _sent.Clear();
        return batch;
    }

    private void Flush()
    {
        using var batch = BatchOfSent();
        Ask(batch, static batch => batch.ExecuteNonQuery());
        CheckOnes();
    }

    private void CheckOnes()
    {
        foreach (var one in _ones)
            ExpectOne((long)one.Rows, one.CommandText);
        _ones.Clear();
    }

    /// <summary>Makes itself known to the shard: what commits later is an update in place, which needs no room on the disk.</summary>
    /// <returns>The sequence of the last event of the shard.</returns>
    public long Introduce()
    {
        Open();
        Execute(WriteBatch, [process, _batch]);
        return Number("SELECT last_sequence FROM basin_shard", [])!.Value;
    }

    public override long Begin()
    {
        var askedAt = reachability.Now;
        // What is open may have been lost long ago, while nobody wrote: that says nothing about the database.
        var mayBeStale = IsOpen;
        HasWaited = false;
        while (true)
        {
            try
            {
                if (!IsOpen || HasWaited)
                    Open();
                TakeTurnAndReadState();
                reachability.NoteReached();
                return _lastSequence;
            }
            catch (StoreUnavailableException gone) when (gone.Reason == Reasons.Unreachable
                && (mayBeStale || (reachability.IsWorthAnotherTry(askedAt) && !_isLeaving.Wait(Reachability.Pause))))
            {
                (mayBeStale, HasWaited) = (false, true);
            }
            catch (StoreUnavailableException late) when (late.Reason == Reasons.Busy && IsOpen)
            {
                if (EndFrozenWriters() == 0)
                    throw;
            }
        }
    }

    private long EndFrozenWriters()
    {
        Rollback();
        return Number(EndFrozenWriter, [silence.TotalMilliseconds.ToString("0 'milliseconds'", CultureInfo.InvariantCulture)])!.Value;
    }

    /// <summary>Ends the wait for a database that is gone.</summary>
    public void Leave() => _isLeaving.Set();

    private void TakeTurnAndReadState()
    {
        (_inTransaction, _isSpoiled, _hasWritten, _mayRunAgain) = (true, false, false, false);
        ForgetSent();
        using var batch = new NpgsqlBatch(_connection) { BatchCommands = { new(BeginTransaction), new(TakeTurn), Command(ReadState, process) } };
        using var reader = Ask(batch, static batch => batch.ExecuteReader());
        Ask(reader, static reader => reader.Read());
        (_lastSequence, JobCommits, _epoch) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        _mayRunAgain = true;
    }

    public override void Commit(IReadOnlyList<EventRecord> published, bool hasJobs)
    {
        // What they have to say must be heard before anything is kept.
        if (_ones.Count > 0)
            Flush();
        using var batch = BatchOfSent();
        batch.Timeout = CommitSeconds;
        EventSegment.WriteAll(published, _segment, (lastSequence, events) =>
            batch.BatchCommands.Add(Command(EventSegment.Insert, lastSequence, SqlValue.Utf8(events.ToArray()))));
        if (published.Count > 0 || hasJobs)
            batch.BatchCommands.Add(Command(WriteState, published.Count > 0 ? published[^1].Sequence : _lastSequence, hasJobs));
        _mayRunAgain = false;
        var writes = _hasWritten || batch.BatchCommands.Count > 0;
        if (writes)
            batch.BatchCommands.Add(Command(WriteBatch, process, ++_batch));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HaveTime));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        try
        {
            Ask(batch, static batch => batch.ExecuteNonQuery());
        }
        catch (StoreUnavailableException gone) when (writes && !IsOpen)
        {
            if (!WasKept(_batch))
                throw new ConflictException($"The session was lost at the commit, and nothing was kept: {gone.Message}");
        }
        _inTransaction = false;
    }

    private NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<SqlValue> values) => database.BatchCommandOf(sql, values);

    /// <summary>Asks, once the database answers again and the lost transaction has ended, what became of a commit that was not answered.</summary>
    private bool WasKept(long batch)
    {
        // What the lost transaction saw is what its events and jobs go on behind.
        var (lastSequence, jobCommits, epoch) = (_lastSequence, JobCommits, _epoch);
        var askedAt = reachability.Now;
        do
        {
            try
            {
                var last = AskForLastBatch(batch);
                (_lastSequence, JobCommits, _epoch) = (lastSequence, jobCommits, epoch);
                return last == batch;
            }
            catch (Exception again) when (again is StoreException or ConflictException or StoreUnavailableException)
            {
                // Asked again over another session.
            }
        }
        while (reachability.ElapsedSince(askedAt) < LongestDoubt && !_isLeaving.Wait(Reachability.Pause));
        throw new StoreUnavailableException(Reasons.Unreachable, "The database is gone, and with it the knowledge whether the last batch was kept.");
    }

    private long AskForLastBatch(long batch)
    {
        Open();
        TakeTurnAndReadState();
        // From here on nothing may run again: what is lost now is the answer, not the batch.
        _mayRunAgain = false;
        // The row goes when a process has been silent for an hour; whether it had the batch is known to nobody then.
        var last = Number(ReadBatch, [process]) ?? throw new StoreException("This process is forgotten.");
        if (last == batch)
            KeepForGood(batch);
        else
            Rollback();
        return last;
    }

    /// <summary>A commit that is there may have been waiting for a standby that does not have it. One more that is answered says that it has.</summary>
    private void KeepForGood(long batch)
    {
        using var again = new NpgsqlBatch(_connection)
        {
            Timeout = CommitSeconds,
            BatchCommands = { Command(WriteBatch, process, batch), new NpgsqlBatchCommand(HaveTime), new NpgsqlBatchCommand("COMMIT") },
        };
        Ask(again, static batch => batch.ExecuteNonQuery());
        _inTransaction = false;
    }

    public override void Rollback()
    {
        ForgetSent();
        Run("ROLLBACK", ends: true);
    }

    private void ForgetSent()
    {
        _sent.Clear();
        _ones.Clear();
    }

    public override void Savepoint(SavepointName name) => Run(name == SavepointName.Item ? "SAVEPOINT item" : "SAVEPOINT part");

    public override void Release(SavepointName name) => Run(name == SavepointName.Item ? "RELEASE item" : "RELEASE part");

    public override void RollbackTo(SavepointName name)
    {
        Run(name == SavepointName.Item ? "ROLLBACK TO item" : "ROLLBACK TO part");
        _isSpoiled = false;
    }

    /// <summary>Asks for pages that nobody needs, to learn whether the disk has them.</summary>
    public override void Probe()
    {
        Begin();
        Run("CREATE TABLE basin_probe AS SELECT md5(i::text) AS room FROM generate_series(1, 4096) AS i");
        Run("DROP TABLE basin_probe");
        Commit([], hasJobs: false);
    }

    private void Run(string sql, bool ends = false)
    {
        using var command = new NpgsqlCommand(sql, _connection);
        Ask(command, static command => command.ExecuteNonQuery());
        if (ends)
            (_inTransaction, _isSpoiled) = (false, false);
    }

    private void Open()
    {
        _connection?.Dispose();
        (_connection, _inTransaction, _mayRunAgain) = (null, false, false);
        try
        {
            _connection = Ask(database.Writing, static source => source.OpenConnection());
        }
        catch (StoreUnavailableException late) when (late.Reason == Reasons.Busy)
        {
            // A server that has vanished refuses nothing, it only does not answer.
            throw new StoreUnavailableException(Reasons.Unreachable, late.Message);
        }
        Backend = _connection.ProcessID;
    }

    private TAnswer Ask<TQuestion, TAnswer>(TQuestion question, Func<TQuestion, TAnswer> ask)
    {
        try
        {
            return ask(question);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure) || (_connection is { } asked && PostgresErrors.HasBroken(asked, failure)))
        {
            _isSpoiled = true;
            var translated = PostgresErrors.Translate(failure);
            // Nothing was committed, so the same work may run over another session.
            throw _mayRunAgain && translated is StoreUnavailableException { Reason: Reasons.Unreachable }
                ? new ConflictException($"The session was lost: {failure.Message}")
                : translated;
        }
    }

    public override void Dispose()
    {
        _connection?.Dispose();
        _isLeaving.Dispose();
    }
}

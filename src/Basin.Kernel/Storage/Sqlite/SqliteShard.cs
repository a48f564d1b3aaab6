using System.Buffers.Binary;
using System.Threading.Channels;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Load;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A shard in one SQLite file, with its writer and its pool of readers.</summary>
internal sealed class SqliteShard : Shard
{
    private readonly SqliteConnection _writeConnection;
    private readonly SqliteCheckpointer _checkpointer;
    private readonly ShardWriter _writer;
    private readonly Channel<SqliteSnapshot> _readers;
    private readonly ReadPlaces _reads;
    private readonly string _name;

    private SqliteShard(ShardPlace place, string path, SqliteConnection connection, StoreOptions options, TimeProvider time, ILogger log)
    {
        (Number, _name) = (place.Number, place.ToString());
        _writeConnection = connection;
        var mark = new MarkFile(Path.ChangeExtension(path, ".mark"));
        Ids = new IdGenerator(time, place.Number, mark.Read(), mark.Write, place.Sequences);
        Events = new EventLog(connection.ReadLastSequence());
        Jobs = new JobQueue(this);
        _checkpointer = new SqliteCheckpointer(connection, path, options, _name, log);
        _writer = new ShardWriter(
            place.System, place.Number, new BatchTransaction(connection, () => Ids, time, options.ChecksKeptEntities), Ownership, options, time, log, HandOn, answered: _checkpointer.AfterCommit);
        _reads = new ReadPlaces(_name, options.ReadersPerShard, options);
        _readers = Channel.CreateBounded<SqliteSnapshot>(options.ReadersPerShard);
        for (var i = 0; i < options.ReadersPerShard; i++)
            _readers.Writer.TryWrite(new SqliteSnapshot(SqliteConnection.OpenReader(path, connection.Documents, options)));
    }

    public override int Number { get; }

    public override IdGenerator Ids { get; }

    public override EventLog Events { get; }

    internal override JobQueue Jobs { get; }

    internal override Ownership Ownership => Ownership.Sole;

    public override StoreUnavailableException? Trouble => _writer.Trouble;

    public override int QueuedWrites => _writer.Queued;

    internal override QueueTime QueueTime => _writer.QueueTime;

    internal override WriteCounts Writes => _writer.Counts;

    /// <summary>Opens or creates the file and brings its schema up to date.</summary>
    public static SqliteShard Open(
        ShardPlace place, IReadOnlyList<Migration> migrations, StoreOptions options, TimeProvider time, ILogger log)
    {
        var path = Path.Combine(options.Directory, place.System, $"{place.Number:000}.db");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connection = SqliteConnection.OpenWriter(path, options);
        try
        {
            SqliteMigrator.Migrate(connection, migrations, time, name => StoreLog.Migrated(log, place.ToString(), name));
            return new SqliteShard(place, path, connection, options, time, log);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file holds nothing but its schema, and no id was ever made.</summary>
    public static bool IsUnused(string path, StoreOptions options)
    {
        if (File.Exists(Path.ChangeExtension(path, ".mark")))
            return false;
        using var connection = SqliteConnection.OpenReader(path, new Documents(), options);
        var tables = connection.List(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'basin_schema' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
            row => row.Text(0), []);
        return tables.TrueForAll(table => connection.Number($"SELECT 1 FROM \"{table}\" LIMIT 1", []) is null);
    }

    /// <summary>Above which new ids begin, of a shard that is not open.</summary>
    public static long IdMarkOf(string path) => new MarkFile(Path.ChangeExtension(path, ".mark")).Read();

    public override Task<T> WriteAsync<T>(Func<Transaction, ValueTask<T>> work, WritePriority priority, CancellationToken cancellation) =>
        _writer.EnqueueAsync(work, priority, cancellation);

    public override async ValueTask<T> ReadAsync<T>(Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        using var place = _reads.Take();
        var snapshot = await TakeReaderAsync(cancellation);
        try
        {
            return await ReadAsync(snapshot, work, cancellation);
        }
        finally
        {
            // The place is free: this connection was taken from it. Only a closed shard takes none back.
            if (!_readers.Writer.TryWrite(snapshot))
                snapshot.Dispose();
        }
    }

    private async ValueTask<T> ReadAsync<T>(SqliteSnapshot snapshot, Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await ReadInTransactionAsync(snapshot, work, cancellation);
        }
        catch (StoreUnavailableException damage) when (snapshot.Connection.FoundDamage)
        {
            // What the read has met stops the writer, before it builds on the damage.
            _ = _writer.EnqueueAsync(_ => ValueTask.FromException<int>(damage), WritePriority.Background, CancellationToken.None);
            throw;
        }
    }

    private static async ValueTask<T> ReadInTransactionAsync<T>(
        SqliteSnapshot snapshot, Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        snapshot.Connection.Execute("BEGIN", []);
        try
        {
            // The registration ends before the transaction does, so that an interruption never hits the end.
            await using var interruption = cancellation.UnsafeRegister(static c => ((SqliteConnection)c!).Interrupt(), snapshot.Connection);
            return await work(snapshot);
        }
        finally
        {
            // Some errors end the transaction by themselves, and are what the reader should hear of.
            if (snapshot.Connection.InTransaction)
                snapshot.Connection.Execute("COMMIT", []);
        }
    }

    private async ValueTask<SqliteSnapshot> TakeReaderAsync(CancellationToken cancellation)
    {
        try
        {
            return await _readers.Reader.ReadAsync(cancellation);
        }
        catch (ChannelClosedException)
        {
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.Closing, $"Shard {_name} is closing.");
        }
    }

    private void HandOn(BatchTransaction committed)
    {
        Events.Append(committed.PublishedEvents);
        Jobs.Append(committed.ScheduledJobs);
    }

    public override void Dispose()
    {
        _writer.Dispose();
        _readers.Writer.TryComplete();
        while (_readers.Reader.TryRead(out var reader))
            reader.Dispose();
        _checkpointer.Dispose();
        _writeConnection.Dispose();
    }

    /// <summary>
    /// The high-water mark of ids: 16 bytes overwritten in place, which needs no free space, and within one sector, which a crash does not tear.
    /// </summary>
    private sealed class MarkFile(string path)
    {
        /// <summary>What Unix (ENOSPC) and Windows (ERROR_DISK_FULL) say when there is no room; only the first mark of a shard needs any.</summary>
        private static readonly int[] NoRoom = [28, 112];

        public long Read()
        {
            if (!File.Exists(path))
                return 0;
            var bytes = File.ReadAllBytes(path);
            // A crash between creation and the first write leaves an empty file, before any id was handed out.
            if (bytes.Length == 0)
                return 0;
            if (bytes.Length != 16 || BinaryPrimitives.ReadInt64LittleEndian(bytes) != ~BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)))
                throw new InvalidDataException($"'{path}' is damaged: it holds the time above which new ids begin. Restore it, or write a later time.");
            return BinaryPrimitives.ReadInt64LittleEndian(bytes);
        }

        public void Write(long mark)
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, mark);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], ~mark);
            try
            {
                using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                var full = NoRoom.Contains(failure.HResult & 0xFFFF);
                throw new StoreUnavailableException(
                    full ? StoreUnavailableException.Reasons.DiskFull : StoreUnavailableException.Reasons.InputOutput, failure.Message);
            }
        }
    }
}

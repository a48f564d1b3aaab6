namespace Basin.Kernel.Storage.Moving;

/// <summary>How far a move is.</summary>
/// <param name="What">A file, or a table with its shard.</param>
/// <param name="Done">Rows; of a check, bytes.</param>
/// <param name="Overall">All that this stage does.</param>
public sealed record MoveProgress(MoveStage Stage, string What, long Done, long Total, Overall Overall)
{
    public bool IsEnd => Done >= Total;
}

/// <param name="Before">Done by a run that was interrupted.</param>
public readonly record struct Overall(long Done, long Total, long Before);

public enum MoveStage
{
    /// <summary>The files are read for damage and for their fingerprint.</summary>
    Checking,

    Copying,

    /// <summary>A table that PostgreSQL keeps in its own way is made anew.</summary>
    Rebuilding,

    /// <summary>Both sides are read and compared.</summary>
    Comparing,
}

/// <summary>What a comparison has found.</summary>
/// <param name="Differences">Beside the tables: how far the events and the ids are.</param>
public sealed record MoveReport(IReadOnlyList<ComparedTable> Tables, IReadOnlyList<string> Differences)
{
    public bool IsEqual => Differences.Count == 0 && Tables.All(table => table.IsEqual);

    public int Shards => Tables.DistinctBy(table => table.Shard).Count();

    public long Rows => Tables.Sum(table => table.Here.Rows);
}

/// <summary>A table in its file and in PostgreSQL.</summary>
public sealed record ComparedTable(string Shard, string Table, TableSum Here, TableSum There)
{
    public bool IsEqual => Here == There;
}

/// <summary>All of a table.</summary>
/// <param name="Sha256">Over its rows in the order of their keys; null where each engine keeps it in its own way.</param>
public sealed record TableSum(long Rows, string? Sha256);

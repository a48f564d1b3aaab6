using System.Text;

namespace Basin.Kernel.Storage.Moving;

/// <summary>A table that is the same in both engines, and how it is read and written whole.</summary>
internal sealed class MovedTable
{
    private readonly List<MovedColumn> _key;

    public MovedTable(ShardPlace shard, string name, IReadOnlyList<MovedColumn> columns)
    {
        (Shard, Name, Columns) = (shard, name, columns);
        _key = [.. columns.Where(column => column.KeyPosition > 0).OrderBy(column => column.KeyPosition)];
        if (_key.Count == 0)
            throw new InvalidOperationException($"Table '{name}' has no primary key, so its rows have no order.");
        var (all, order) = (ListOf(columns), ListOf(_key));
        Read = $"SELECT {all} FROM \"{name}\" ORDER BY {order} LIMIT -1 OFFSET $1";
        CopyIn = $"COPY \"{name}\" ({all}) FROM STDIN (FORMAT BINARY)";
        CopyOut = $"COPY (SELECT {all} FROM \"{name}\" ORDER BY {order}) TO STDOUT (FORMAT BINARY)";
    }

    public ShardPlace Shard { get; }

    public string Name { get; }

    public IReadOnlyList<MovedColumn> Columns { get; }

    /// <summary>From the file, in the order of the key, behind as many rows as <c>$1</c> says.</summary>
    public string Read { get; }

    public string CopyIn { get; }

    /// <summary>From PostgreSQL, in the order of the key. Both engines compare numbers, and texts and blobs by their bytes.</summary>
    public string CopyOut { get; }

    /// <summary>Names a row for people.</summary>
    public string KeyOf(Row row) => string.Join(", ", _key.Select(column => $"{column.Name} = {ValueOf(row, column)}"));

    private string ValueOf(Row row, MovedColumn column)
    {
        var position = Columns.TakeWhile(other => other != column).Count();
        return column.Type switch
        {
            ColumnType.Integer => $"{row.Integer(position)}",
            ColumnType.Blob => Convert.ToHexStringLower(row.Bytes(position)),
            _ => $"'{Encoding.UTF8.GetString(row.Bytes(position)).Replace('\0', '?')}'",
        };
    }

    private static string ListOf(IEnumerable<MovedColumn> columns) => string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
}

/// <param name="KeyPosition">In the primary key, from 1; 0 when it is no part of it.</param>
internal sealed record MovedColumn(string Name, ColumnType Type, int KeyPosition);

/// <summary>The types of strict tables, and what they are in PostgreSQL.</summary>
internal enum ColumnType
{
    /// <summary><c>int8</c></summary>
    Integer,

    /// <summary><c>float8</c></summary>
    Real,

    /// <summary><c>text</c></summary>
    Text,

    /// <summary><c>bytea</c></summary>
    Blob,
}

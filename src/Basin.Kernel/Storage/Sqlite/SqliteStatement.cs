using System.Text;
using SQLitePCL;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A prepared statement and, while it steps, its current row.</summary>
internal sealed class SqliteStatement : Row, IDisposable
{
    private const int StackBytes = 512;

    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _handle;
    private readonly int[] _positions;

    public SqliteStatement(SqliteConnection connection, sqlite3_stmt handle)
    {
        _connection = connection;
        _handle = handle;
        IsReadOnly = raw.sqlite3_stmt_readonly(handle) != 0;
        _positions = new int[raw.sqlite3_bind_parameter_count(handle)];
        // SQLite numbers "$2" by its place in the text, so "$2 ... $1" must be looked up by name.
        for (var i = 0; i < _positions.Length; i++)
        {
            _positions[i] = raw.sqlite3_bind_parameter_index(handle, $"${i + 1}");
            if (_positions[i] == 0)
                throw new InvalidOperationException($"Parameters are $1 to ${_positions.Length} without a gap: {raw.sqlite3_sql(handle).utf8_to_string()}");
        }
    }

    /// <summary>False for a query that changes something, such as <c>INSERT ... RETURNING</c>.</summary>
    public bool IsReadOnly { get; }

    public void Bind(ReadOnlySpan<SqlValue> values)
    {
        if (values.Length != _positions.Length)
        {
            throw new InvalidOperationException(
                $"{values.Length} values for {_positions.Length} parameters: {raw.sqlite3_sql(_handle).utf8_to_string()}");
        }
        for (var i = 0; i < values.Length; i++)
            _connection.Check(BindOne(_positions[i], in values[i]));
    }

    private int BindOne(int position, ref readonly SqlValue value) => value.Kind switch
    {
        SqlValue.Kinds.Null => raw.sqlite3_bind_null(_handle, position),
        SqlValue.Kinds.Integer => raw.sqlite3_bind_int64(_handle, position, value.Integer),
        SqlValue.Kinds.Real => raw.sqlite3_bind_double(_handle, position, value.Real),
        SqlValue.Kinds.Text => BindText(position, value.Text),
        SqlValue.Kinds.Utf8 => BindUtf8(position, value.Bytes.Span),
        _ => raw.sqlite3_bind_blob(_handle, position, value.Bytes.Span),
    };

    private int BindText(int position, string text)
    {
        if (text.Length > StackBytes / 3)
            return BindUtf8(position, Encoding.UTF8.GetBytes(text));
        Span<byte> utf8 = stackalloc byte[StackBytes];
        return BindUtf8(position, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    /// <summary>The address of an empty span is null, which SQLite takes for NULL; the overload for strings gives it an empty text.</summary>
    private int BindUtf8(int position, ReadOnlySpan<byte> utf8) =>
        utf8.IsEmpty ? raw.sqlite3_bind_text(_handle, position, "") : raw.sqlite3_bind_text(_handle, position, utf8);

    /// <returns>True when there is a row, false at the end.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(_handle);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code != raw.SQLITE_DONE)
            _connection.Throw(code);
        return false;
    }

    public void Reset() => raw.sqlite3_reset(_handle);

    public override bool IsNull(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_NULL;

    public override long Integer(int column) => raw.sqlite3_column_int64(_handle, column);

    public override double Real(int column) => raw.sqlite3_column_double(_handle, column);

    public override string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_handle, column));

    public override ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_handle, column);

    public void Dispose() => _handle.Dispose();
}

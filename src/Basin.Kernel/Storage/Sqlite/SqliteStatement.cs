using System.Runtime.InteropServices;
using System.Text;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A prepared statement and, while it steps, its current row.</summary>
internal sealed unsafe class SqliteStatement : Row, IDisposable
{
    /// <summary>An argument buffer that one large document has grown is not kept.</summary>
    private const int MaxKeptBytes = 64 * 1024;

    private readonly SqliteConnection _connection;
    private readonly nint _handle;
    private readonly int[] _positions;

    // The texts and blobs of the current run, outside the managed heap: they must neither move nor be copied once more.
    private byte* _arguments;
    private int _capacity;

    public SqliteStatement(SqliteConnection connection, nint handle)
    {
        _connection = connection;
        _handle = handle;
        IsReadOnly = SqliteNative.IsReadOnly(handle) != 0;
        _positions = new int[SqliteNative.ParameterCount(handle)];
        // SQLite numbers "$2" by its place in the text, so "$2 ... $1" must be looked up by name.
        for (var i = 0; i < _positions.Length; i++)
        {
            _positions[i] = SqliteNative.ParameterIndex(handle, $"${i + 1}");
            if (_positions[i] == 0)
                throw new InvalidOperationException($"Parameters are $1 to ${_positions.Length} without a gap: {SqliteNative.TextOf(handle)}");
        }
    }

    /// <summary>False for a query that changes something, such as <c>INSERT ... RETURNING</c>.</summary>
    public bool IsReadOnly { get; }

    public void Bind(ReadOnlySpan<SqlValue> values)
    {
        if (values.Length != _positions.Length)
            throw new InvalidOperationException($"{values.Length} values for {_positions.Length} parameters: {SqliteNative.TextOf(_handle)}");
        Reserve(MostBytesOf(values));
        var used = 0;
        for (var i = 0; i < values.Length; i++)
            _connection.Check(BindOne(_positions[i], in values[i], ref used));
    }

    private static int MostBytesOf(ReadOnlySpan<SqlValue> values)
    {
        var bytes = 0;
        foreach (ref readonly var value in values)
        {
            bytes = checked(bytes + value.Kind switch
            {
                SqlValue.Kinds.Text => Encoding.UTF8.GetMaxByteCount(value.Text.Length),
                SqlValue.Kinds.Utf8 or SqlValue.Kinds.Blob => value.Bytes.Length,
                _ => 0,
            });
        }
        return bytes;
    }

    private void Reserve(int bytes)
    {
        // Never less than one: SQLite takes the address null for NULL, also where an empty text is meant.
        var wanted = Math.Max(bytes, 1);
        if (wanted <= _capacity && _capacity <= MaxKeptBytes)
            return;
        NativeMemory.Free(_arguments);
        _arguments = null;
        _capacity = 0;
        _arguments = (byte*)NativeMemory.Alloc((nuint)wanted);
        _capacity = wanted;
    }

    private int BindOne(int position, ref readonly SqlValue value, ref int used) => value.Kind switch
    {
        SqlValue.Kinds.Null => SqliteNative.BindNull(_handle, position),
        SqlValue.Kinds.Integer => SqliteNative.BindInteger(_handle, position, value.Integer),
        SqlValue.Kinds.Real => SqliteNative.BindReal(_handle, position, value.Real),
        SqlValue.Kinds.Text => BindText(position, value.Text, ref used),
        SqlValue.Kinds.Utf8 => SqliteNative.BindText(_handle, position, Keep(value.Bytes.Span, ref used), value.Bytes.Length),
        _ => SqliteNative.BindBlob(_handle, position, Keep(value.Bytes.Span, ref used), value.Bytes.Length),
    };

    private int BindText(int position, string text, ref int used)
    {
        var place = _arguments + used;
        var length = Encoding.UTF8.GetBytes(text, new Span<byte>(place, _capacity - used));
        used += length;
        return SqliteNative.BindText(_handle, position, place, length);
    }

    private byte* Keep(ReadOnlySpan<byte> bytes, ref int used)
    {
        var place = _arguments + used;
        bytes.CopyTo(new Span<byte>(place, _capacity - used));
        used += bytes.Length;
        return place;
    }

    /// <returns>True when there is a row, false at the end.</returns>
    public bool Step()
    {
        var code = SqliteNative.Step(_handle);
        if (code == SqliteNative.Row)
            return true;
        if (code != SqliteNative.Done)
            _connection.Throw(code);
        return false;
    }

    /// <summary>Repeats the code of the last step, which was heeded there.</summary>
    public void Reset() => _ = SqliteNative.Reset(_handle);

    public override bool IsNull(int column) => SqliteNative.ColumnType(_handle, column) == SqliteNative.TypeNull;

    public override long Integer(int column) => SqliteNative.ColumnInteger(_handle, column);

    public override double Real(int column) => SqliteNative.ColumnReal(_handle, column);

    public override string Text(int column) => Encoding.UTF8.GetString(SqliteNative.ColumnBytes(_handle, column));

    public override ReadOnlySpan<byte> Bytes(int column) => SqliteNative.ColumnBytes(_handle, column);

    public void Dispose()
    {
        _ = SqliteNative.Finalize(_handle);
        NativeMemory.Free(_arguments);
        _arguments = null;
    }
}

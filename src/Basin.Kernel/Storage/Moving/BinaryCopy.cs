using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using Basin.Kernel.Storage.Sqlite;

namespace Basin.Kernel.Storage.Moving;

/// <summary>
/// Writes rows as PostgreSQL's COPY takes and gives them: every value behind its length, numbers with their highest byte first. So the same rows are
/// the same bytes on both sides. Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
/// </summary>
/// <param name="write">Gets the bytes, many at a time.</param>
internal sealed class BinaryCopy(Action<ReadOnlySpan<byte>> write)
{
    private const int BlockBytes = 128 * 1024;

    private readonly ArrayBufferWriter<byte> _block = new(2 * BlockBytes);
    private long _written;

    /// <summary>So far.</summary>
    public long Length => _written + _block.WrittenCount;

    private static ReadOnlySpan<byte> Header =>
        [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', 10, 255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public void Begin() => _block.Write(Header);

    /// <exception cref="MoveException">PostgreSQL cannot keep a value.</exception>
    public void Add(MovedTable table, SqliteStatement row)
    {
        WriteShort((short)table.Columns.Count);
        for (var column = 0; column < table.Columns.Count; column++)
        {
            if (row.IsNull(column))
                WriteInt(-1);
            else
                WriteValue(table, row, column);
        }
        if (_block.WrittenCount >= BlockBytes)
            Flush();
    }

    public void End()
    {
        WriteShort(-1);
        Flush();
    }

    private void WriteValue(MovedTable table, SqliteStatement row, int column)
    {
        switch (table.Columns[column].Type)
        {
            case ColumnType.Integer:
                WriteNumber(row.Integer(column));
                break;
            case ColumnType.Real:
                WriteNumber(BitConverter.DoubleToInt64Bits(row.Real(column)));
                break;
            case ColumnType.Text when row.Bytes(column) is var text && (text.Contains((byte)0) || !Utf8.IsValid(text)):
                throw new MoveException(
                    $"PostgreSQL keeps no text with a zero byte, or that is not UTF-8, and table '{table.Name}' of {table.Shard} has one in "
                    + $"'{table.Columns[column].Name}' of the row with {table.KeyOf(row)}.");
            default:
                WriteBytes(row.Bytes(column));
                break;
        }
    }

    private void WriteShort(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_block.GetSpan(sizeof(short)), value);
        _block.Advance(sizeof(short));
    }

    private void WriteInt(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_block.GetSpan(sizeof(int)), value);
        _block.Advance(sizeof(int));
    }

    private void WriteNumber(long value)
    {
        WriteInt(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(_block.GetSpan(sizeof(long)), value);
        _block.Advance(sizeof(long));
    }

    private void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteInt(value.Length);
        _block.Write(value);
    }

    private void Flush()
    {
        write(_block.WrittenSpan);
        _written += _block.WrittenCount;
        _block.ResetWrittenCount();
    }
}

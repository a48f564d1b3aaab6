using System.Buffers;
using System.Buffers.Text;

namespace Basin.Resp;

/// <summary>Reads values as they come in. What is not whole yet is read again from its beginning when more has come.</summary>
public static class RespReader
{
    public const int MaxDepth = 16;
    public const int MaxItems = 1 << 20;
    public const int MaxBulkBytes = 64 * 1024 * 1024;
    private const int MaxLineBytes = 64 * 1024;

    /// <summary>Takes the first value out of a buffer.</summary>
    /// <returns>False when it is not whole yet; then the buffer is as it was.</returns>
    /// <exception cref="RespProtocolException">It is no RESP, or too large.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out RespValue value)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!TryRead(ref reader, 0, out value))
            return false;
        buffer = buffer.Slice(reader.Position);
        return true;
    }

    private static bool TryRead(ref SequenceReader<byte> reader, int depth, out RespValue value)
    {
        value = default;
        if (depth > MaxDepth)
            throw new RespProtocolException($"Values are nested more than {MaxDepth} levels deep.");
        if (!reader.TryRead(out var type) || !TryReadLine(ref reader, out var line))
            return false;
        switch ((char)type)
        {
            case '+':
                value = new RespValue(RespKind.Text, Bytes: line);
                return true;
            case '-':
                value = new RespValue(RespKind.Error, Bytes: line);
                return true;
            case ':':
                value = new RespValue(RespKind.Integer, NumberIn(line.Span));
                return true;
            case ',':
                value = new RespValue(RespKind.Double, Bytes: line);
                return true;
            case '(':
                value = new RespValue(RespKind.Text, Bytes: line);
                return true;
            case '#':
                value = new RespValue(RespKind.Boolean, line.Span is [(byte)'t'] ? 1 : line.Span is [(byte)'f'] ? 0 : throw Malformed("boolean"));
                return true;
            case '_':
                return line.Length == 0 ? true : throw Malformed("null");
            case '$':
                return TryReadBulk(ref reader, NumberIn(line.Span), RespKind.Bulk, out value);
            case '=':
                return TryReadBulk(ref reader, NumberIn(line.Span), RespKind.Text, out value);
            case '!':
                return TryReadBulk(ref reader, NumberIn(line.Span), RespKind.Error, out value);
            case '*':
                return TryReadItems(ref reader, NumberIn(line.Span), 1, RespKind.Array, depth, out value);
            case '~':
                return TryReadItems(ref reader, NumberIn(line.Span), 1, RespKind.Set, depth, out value);
            case '>':
                return TryReadItems(ref reader, NumberIn(line.Span), 1, RespKind.Push, depth, out value);
            case '%':
                return TryReadItems(ref reader, NumberIn(line.Span), 2, RespKind.Map, depth, out value);
            default:
                throw Malformed("type");
        }
    }

    private static bool TryReadLine(ref SequenceReader<byte> reader, out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> found, (byte)'\r'))
            return reader.Remaining <= MaxLineBytes ? false : throw Malformed("line");
        if (found.Length > MaxLineBytes)
            throw Malformed("line");
        if (!reader.TryRead(out var end))
            return false;
        if (end != '\n')
            throw Malformed("line");
        line = found.ToArray();
        return true;
    }

    private static bool TryReadBulk(ref SequenceReader<byte> reader, long length, RespKind kind, out RespValue value)
    {
        value = default;
        if (length == -1 && kind == RespKind.Bulk)
            return true;
        if (length is < 0 or > MaxBulkBytes)
            throw Malformed("length");
        if (reader.Remaining < length + 2)
            return false;
        var bytes = reader.UnreadSequence.Slice(0, length).ToArray();
        reader.Advance(length);
        if (!reader.IsNext("\r\n"u8, advancePast: true))
            throw Malformed("end of a bulk");
        value = new RespValue(kind, Bytes: bytes);
        return true;
    }

    /// <param name="each">Values to an item.</param>
    private static bool TryReadItems(ref SequenceReader<byte> reader, long count, int each, RespKind kind, int depth, out RespValue value)
    {
        value = default;
        if (count == -1 && kind == RespKind.Array)
            return true;
        if (count is < 0 or > MaxItems)
            throw Malformed("count");
        // The count is somebody else's word; room is made for what has come.
        var items = new List<RespValue>((int)Math.Min(count * each, reader.Remaining));
        for (var i = 0L; i < count * each; i++)
        {
            if (!TryRead(ref reader, depth + 1, out var item))
                return false;
            items.Add(item);
        }
        value = new RespValue(kind, Items: items);
        return true;
    }

    private static long NumberIn(ReadOnlySpan<byte> line)
    {
        var digits = line is [(byte)'+', .. var rest] ? rest : line;
        return Utf8Parser.TryParse(digits, out long number, out var read) && read == digits.Length && read > 0 ? number : throw Malformed("number");
    }

    private static RespProtocolException Malformed(string what) => new($"The {what} of a value is malformed or too large.");
}

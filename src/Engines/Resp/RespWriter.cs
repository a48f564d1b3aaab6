using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Basin.Resp;

/// <summary>Writes commands: arrays of bulk strings, as all servers take them.</summary>
public static class RespWriter
{
    private const int MostDigits = 20;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ReadOnlyMemory<byte>> command)
    {
        WriteHead(output, '*', command.Length);
        foreach (var part in command)
        {
            WriteHead(output, '$', part.Length);
            output.Write(part.Span);
            output.Write("\r\n"u8);
        }
    }

    /// <summary>The parts of a command from texts.</summary>
    public static ReadOnlyMemory<byte>[] Parts(params ReadOnlySpan<string> parts)
    {
        var encoded = new ReadOnlyMemory<byte>[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            encoded[i] = Encoding.UTF8.GetBytes(parts[i]);
        return encoded;
    }

    private static void WriteHead(IBufferWriter<byte> output, char type, int number)
    {
        var span = output.GetSpan(MostDigits + 3);
        span[0] = (byte)type;
        Utf8Formatter.TryFormat(number, span[1..], out var written);
        "\r\n"u8.CopyTo(span[(1 + written)..]);
        output.Advance(written + 3);
    }
}

using System.Buffers;
using System.Text;
using Basin.Kernel.Hosting;
using Basin.Resp;

namespace Basin.Engines.Tests.Resp;

public sealed class RespReaderTests
{
    public static TheoryData<string, RespKind, string> Values => new()
    {
        { "+OK\r\n", RespKind.Text, "OK" },
        { "+\r\n", RespKind.Text, "" },
        { "-ERR no such command\r\n", RespKind.Error, "ERR no such command" },
        { ":42\r\n", RespKind.Integer, "42" },
        { ":-9223372036854775808\r\n", RespKind.Integer, "-9223372036854775808" },
        { ":+7\r\n", RespKind.Integer, "7" },
        { "$5\r\nhe\r\no\r\n", RespKind.Bulk, "he\r\no" },
        { "$0\r\n\r\n", RespKind.Bulk, "" },
        { "$-1\r\n", RespKind.Null, "" },
        { "*-1\r\n", RespKind.Null, "" },
        { "_\r\n", RespKind.Null, "" },
        { "*0\r\n", RespKind.Array, "[]" },
        { "*3\r\n:1\r\n$1\r\na\r\n*1\r\n+b\r\n", RespKind.Array, "[1, a, [b]]" },
        { "#t\r\n", RespKind.Boolean, "1" },
        { "#f\r\n", RespKind.Boolean, "0" },
        { ",1.5\r\n", RespKind.Double, "1.5" },
        { "(3492890328409238509324850943850943825024385\r\n", RespKind.Text, "3492890328409238509324850943850943825024385" },
        { "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", RespKind.Map, "[a, 1, b, 2]" },
        { "~2\r\n:1\r\n:2\r\n", RespKind.Set, "[1, 2]" },
        { ">1\r\n+news\r\n", RespKind.Push, "[news]" },
        { "=8\r\ntxt:some\r\n", RespKind.Text, "txt:some" },
        { "!5\r\nERR x\r\n", RespKind.Error, "ERR x" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Values_are_read_when_they_are_whole(string wire, RespKind kind, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(wire + "+next\r\n");
        for (var length = 0; length < bytes.Length; length++)
        {
            // In two pieces, wherever they meet.
            var buffer = TwoPieces(bytes.AsMemory(0, length), length / 2);
            var isWhole = RespReader.TryRead(ref buffer, out var value);
            Assert.Equal(length >= wire.Length, isWhole);
            Assert.Equal(isWhole ? length - wire.Length : length, buffer.Length);
            if (isWhole)
                Assert.Equal((kind, text), (value.Kind, value.ToString()));
        }
    }

    [Theory]
    [InlineData("x\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":4x\r\n")]
    [InlineData(":99999999999999999999\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("$2\r\nabc\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1048577\r\n")]
    [InlineData("#x\r\n")]
    [InlineData("_x\r\n")]
    [InlineData("+a\rb\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    public void What_is_no_value_is_refused(string wire) => Assert.Throws<RespProtocolException>(() =>
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(wire));
        RespReader.TryRead(ref buffer, out _);
    });

    [Fact]
    public void A_line_without_end_is_refused() => Assert.Throws<RespProtocolException>(() =>
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($"+{new string('a', 70_000)}"));
        RespReader.TryRead(ref buffer, out _);
    });

    /// <summary>Whatever comes, it is a value, not whole, or refused.</summary>
    [Fact]
    public void Noise_breaks_nothing()
    {
        var chance = new Randomness(7);
        var seeds = Values.Select(row => Encoding.UTF8.GetBytes(row.Data.Item1)).ToArray();
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = seeds[chance.Next(seeds.Length)].ToArray();
            for (var changes = chance.Next(4); changes >= 0; changes--)
                bytes[chance.Next(bytes.Length)] = (byte)(chance.Next(3) == 0 ? chance.Next(256) : "*$:+-\r\n019%~>"[chance.Next(13)]);
            var buffer = new ReadOnlySequence<byte>(bytes);
            try
            {
                while (RespReader.TryRead(ref buffer, out var value))
                    _ = value.ToString();
            }
            catch (RespProtocolException)
            {
                // Refused.
            }
        }
    }

    [Fact]
    public void Commands_are_arrays_of_bulk_strings()
    {
        var output = new ArrayBufferWriter<byte>();
        RespWriter.Write(output, RespWriter.Parts("SET", "k\r\n", "ä"));
        Assert.Equal("*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$2\r\nä\r\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static ReadOnlySequence<byte> TwoPieces(ReadOnlyMemory<byte> bytes, int at)
    {
        var first = new Piece(bytes[..at], null);
        var last = new Piece(bytes[at..], first);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}

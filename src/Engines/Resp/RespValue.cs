using System.Globalization;
using System.Text;

namespace Basin.Resp;

/// <summary>The kinds of values of RESP 2 and 3 that a client meets (https://redis.io/docs/latest/develop/reference/protocol-spec).</summary>
public enum RespKind
{
    Null,
    Text,
    Error,
    Integer,
    Bulk,
    Array,
    Boolean,
    Double,
    Map,
    Set,
    Push,
}

/// <summary>What a server says.</summary>
/// <param name="Integer">Of an integer or a boolean.</param>
/// <param name="Bytes">Of a text, an error, a bulk, a double or a number that is too long for 64 bits.</param>
/// <param name="Items">Of an array, a set or a push; of a map its keys and values in turn.</param>
public readonly record struct RespValue(RespKind Kind, long Integer = 0, ReadOnlyMemory<byte> Bytes = default, IReadOnlyList<RespValue>? Items = null)
{
    public bool IsError => Kind == RespKind.Error;

    /// <summary>As text, for people and for what is known to be text.</summary>
    public override string ToString() => Kind switch
    {
        RespKind.Null => "",
        RespKind.Integer or RespKind.Boolean => Integer.ToString(CultureInfo.InvariantCulture),
        RespKind.Array or RespKind.Set or RespKind.Push or RespKind.Map => $"[{string.Join(", ", Items!)}]",
        _ => Encoding.UTF8.GetString(Bytes.Span),
    };
}

/// <summary>The other side does not speak RESP, or says more than is taken.</summary>
public sealed class RespProtocolException(string message) : Exception(message);

/// <summary>The server refuses a command.</summary>
/// <param name="code">The first word, such as <c>NOSCRIPT</c>.</param>
public sealed class RespErrorException(string code, string message) : Exception(message)
{
    public string Code => code;
}

/// <summary>The server is not reached, or has not answered in time.</summary>
/// <param name="mayBeDone">Whether the command was sent, so that it may have taken effect.</param>
public sealed class RespUnavailableException(string message, bool mayBeDone, Exception? inner = null) : Exception(message, inner)
{
    public bool MayBeDone => mayBeDone;
}

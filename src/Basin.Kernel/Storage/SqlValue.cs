namespace Basin.Kernel.Storage;

/// <summary>One argument of a statement, bound without boxing. Times are stored as Unix milliseconds, booleans as 0 and 1.</summary>
public readonly struct SqlValue
{
    internal enum Kinds : byte
    {
        Null,
        Integer,
        Real,
        Text,
        Utf8,
        Blob,
    }

    private readonly long _number;
    private readonly object? _reference;
    private readonly ReadOnlyMemory<byte> _bytes;

    private SqlValue(Kinds kind, long number = 0, object? reference = null, ReadOnlyMemory<byte> bytes = default)
    {
        Kind = kind;
        _number = number;
        _reference = reference;
        _bytes = bytes;
    }

    internal Kinds Kind { get; }

    internal long Integer => _number;

    internal double Real => BitConverter.Int64BitsToDouble(_number);

    internal string Text => (string)_reference!;

    internal ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Text that is already UTF-8, such as a JSON document.</summary>
    public static SqlValue Utf8(ReadOnlyMemory<byte> utf8) => new(Kinds.Utf8, bytes: utf8);

    public static SqlValue Blob(ReadOnlyMemory<byte> bytes) => new(Kinds.Blob, bytes: bytes);

    public static implicit operator SqlValue(long value) => new(Kinds.Integer, value);

    public static implicit operator SqlValue(int value) => new(Kinds.Integer, value);

    public static implicit operator SqlValue(bool value) => new(Kinds.Integer, value ? 1 : 0);

    public static implicit operator SqlValue(long? value) => value is { } number ? new(Kinds.Integer, number) : default;

    public static implicit operator SqlValue(double value) => new(Kinds.Real, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator SqlValue(string? value) => value is null ? default : new(Kinds.Text, reference: value);

    public static implicit operator SqlValue(DateTimeOffset value) => new(Kinds.Integer, value.ToUnixTimeMilliseconds());

    public static implicit operator SqlValue(DateTimeOffset? value) => value is { } time ? time : default(SqlValue);

    public static implicit operator SqlValue(byte[]? value) => value is null ? default : Blob(value);
}

using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>The current row of a reader.</summary>
internal sealed class PostgresRow(NpgsqlDataReader reader, Documents documents) : Row
{
    // Object identifiers of built-in types, as in PostgreSQL's pg_type.dat.
    private const uint Bool = 16;
    private const uint Int4 = 23;
    private const uint Numeric = 1700;

    public override bool IsNull(int column) => reader.IsDBNull(column);

    /// <summary>Sums are numeric, and what compares is a bool; both are whole numbers here, as they are in SQLite.</summary>
    public override long Integer(int column) => reader.GetDataTypeOID(column) switch
    {
        Int4 => reader.GetInt32(column),
        Bool => reader.GetBoolean(column) ? 1 : 0,
        Numeric => decimal.ToInt64(reader.GetDecimal(column)),
        _ => reader.GetInt64(column),
    };

    public override double Real(int column) => reader.GetDouble(column);

    public override string Text(int column) => reader.GetString(column);

    public override ReadOnlySpan<byte> Bytes(int column) => reader.GetFieldValue<byte[]>(column);

    private protected override Documents Documents => documents;
}

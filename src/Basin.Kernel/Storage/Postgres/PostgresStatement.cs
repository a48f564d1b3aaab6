using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// What is known of a constant text: how many parameters it has and, as soon as a value has shown it, of which type each is. PostgreSQL prepares a text
/// for fixed types, and a null has none.
/// </summary>
internal sealed partial class PostgresStatement
{
    /// <summary>More distinct statements than this in a shard mean that somebody builds SQL from values.</summary>
    public const int MaxStatements = 512;

    private readonly string _sql;
    private readonly NpgsqlDbType?[] _types;

    private PostgresStatement(string sql)
    {
        _sql = sql;
        IsReadOnly = sql.AsSpan().TrimStart().StartsWith("SELECT", StringComparison.OrdinalIgnoreCase);
        _types = new NpgsqlDbType?[Parameters().Matches(sql).Select(parameter => int.Parse(parameter.ValueSpan[1..])).DefaultIfEmpty(0).Max()];
    }

    /// <summary>False for whatever is not plainly a query.</summary>
    public bool IsReadOnly { get; }

    public static PostgresStatement Of(ConcurrentDictionary<string, PostgresStatement> known, string sql)
    {
        if (known.TryGetValue(sql, out var statement))
            return statement;
        if (known.Count >= MaxStatements)
            throw new InvalidOperationException($"More than {MaxStatements} statements: SQL is a constant, values are parameters.");
        return known.GetOrAdd(sql, static text => new PostgresStatement(text));
    }

    public NpgsqlCommand CommandOn(NpgsqlConnection connection, ReadOnlySpan<SqlValue> values)
    {
        var command = new NpgsqlCommand(_sql, connection);
        Bind(values, command.Parameters);
        return command;
    }

    public NpgsqlBatchCommand BatchCommandOf(ReadOnlySpan<SqlValue> values)
    {
        var command = new NpgsqlBatchCommand(_sql);
        Bind(values, command.Parameters);
        return command;
    }

    private void Bind(ReadOnlySpan<SqlValue> values, NpgsqlParameterCollection parameters)
    {
        if (values.Length != _types.Length)
            throw new InvalidOperationException($"{values.Length} values for {_types.Length} parameters: {_sql}");
        for (var i = 0; i < values.Length; i++)
            parameters.Add(ParameterOf(in values[i], ref _types[i]));
    }

    private static NpgsqlParameter ParameterOf(ref readonly SqlValue value, ref NpgsqlDbType? type)
    {
        if (value.Kind == SqlValue.Kinds.Null)
            return type is { } known ? new NpgsqlParameter { NpgsqlDbType = known, Value = DBNull.Value } : new NpgsqlParameter { Value = DBNull.Value };
        type ??= TypeOf(value.Kind);
        return value.Kind switch
        {
            SqlValue.Kinds.Integer => new NpgsqlParameter<long> { NpgsqlDbType = NpgsqlDbType.Bigint, TypedValue = value.Integer },
            SqlValue.Kinds.Real => new NpgsqlParameter<double> { NpgsqlDbType = NpgsqlDbType.Double, TypedValue = value.Real },
            SqlValue.Kinds.Text => new NpgsqlParameter<string> { NpgsqlDbType = NpgsqlDbType.Text, TypedValue = value.Text },
            SqlValue.Kinds.Utf8 => new NpgsqlParameter<ReadOnlyMemory<byte>> { NpgsqlDbType = NpgsqlDbType.Text, TypedValue = value.Bytes },
            _ => new NpgsqlParameter<ReadOnlyMemory<byte>> { NpgsqlDbType = NpgsqlDbType.Bytea, TypedValue = value.Bytes },
        };
    }

    private static NpgsqlDbType TypeOf(SqlValue.Kinds kind) => kind switch
    {
        SqlValue.Kinds.Integer => NpgsqlDbType.Bigint,
        SqlValue.Kinds.Real => NpgsqlDbType.Double,
        SqlValue.Kinds.Blob => NpgsqlDbType.Bytea,
        _ => NpgsqlDbType.Text,
    };

    [GeneratedRegex(@"\$\d{1,3}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Parameters();
}

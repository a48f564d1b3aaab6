using System.Security.Cryptography;
using System.Text;

namespace Basin.Testing;

/// <summary>What keeps the data of a host under test.</summary>
public enum Backend
{
    Sqlite,
    Postgres,
}

/// <summary>Every test of a host runs on each backend: the environment variable <c>BASIN_TEST_BACKEND</c> names that of a run.</summary>
public static class TestBackend
{
    private const string Variable = "BASIN_TEST_BACKEND";

    /// <summary>The root key of the vault, for hosts that do not make one themselves.</summary>
    public const string VaultKeys = "tests:VGhlIHRlc3RzIGhhdmUgYSByb290IGtleSBvZiAzMkI=";

    /// <summary>Where a host finds it.</summary>
    public const string VaultKeysVariable = "BASIN_VAULT_KEYS";

    public static Backend OfRun { get; } = Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "sqlite" => Backend.Sqlite,
        "postgres" => Backend.Postgres,
        var other => throw new InvalidOperationException($"{Variable} is '{other}'; sqlite or postgres is expected."),
    };

    /// <summary>Begins the schemas of a host whose data would be in a directory: who starts again there finds them again.</summary>
    public static string SchemaPrefixOf(string directory) => $"h{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..16]}_";

    /// <summary>What sends a host to the backend, in schemas of its own.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> SettingsOf(Backend backend, string schemaPrefix) => backend == Backend.Sqlite
        ? []
        : [new("Basin:Postgres:ConnectionString", PostgresServer.ConnectionString), new("Basin:Postgres:SchemaPrefix", schemaPrefix)];
}

using System.Reflection;
using System.Runtime.InteropServices;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// Binds to the operating system's own SQLite, which its vendor patches, instead of a copy bundled with the program.
/// </summary>
internal static class SqliteLibrary
{
    /// <summary>RETURNING and STRICT tables need it.</summary>
    private const int MinimumVersion = 3_037_000;

    private static readonly Lazy<bool> Loaded = new(Load);

    public static void EnsureLoaded() => _ = Loaded.Value;

    private static bool Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SqliteLibrary).Assembly, Resolve);
        if (SqliteNative.VersionNumber() < MinimumVersion)
            throw new InvalidOperationException($"SQLite {SqliteNative.Version()} is too old; 3.37 or newer is needed.");
        // Counting its memory takes a lock of the whole process at every allocation, and nobody reads the count. Apple passes variadic arguments
        // in another way.
        if (!OperatingSystem.IsMacOS())
            _ = SqliteNative.Configure(SqliteNative.ConfigMemoryStatus, 0);
        SqliteLogBuffer.Register();
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != SqliteNative.Library)
            return 0;
        string[] candidates = OperatingSystem.IsWindows() ? ["winsqlite3"]
            : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"]
            : ["libsqlite3.so.0", "libsqlite3.so"];
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, out var handle))
                return handle;
        }
        throw new DllNotFoundException("The operating system has no SQLite library. On Debian: apt-get install libsqlite3-0");
    }
}

using System.Diagnostics;
using Npgsql;

namespace Basin.Testing;

/// <summary>
/// A PostgreSQL of this process alone, on a socket in a directory of its own. It ends with the process, however that ends. That of the tests is as fast as it
/// can be: it never waits for the disk.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    /// <summary>A tablespace of a few megabytes, for tests of a full disk.</summary>
    public const string SmallSpace = "small";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private const string WithoutDisk = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
    private const string WithDisk = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on";

    private static readonly Lazy<PostgresServer> Started = new(() => new PostgresServer(Directory.CreateTempSubdirectory("basin-pg-").FullName, WithoutDisk));

    private readonly string _directory;
    private readonly Process _process;
    private static int _prefixes;

    private PostgresServer(string directory, string durability)
    {
        _directory = directory;
        var start = new ProcessStartInfo("sh", ["-c", Script, _directory, durability]) { RedirectStandardInput = true, UseShellExecute = false };
        _process = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        WaitUntilReady();
        using var connection = new NpgsqlConnection(ConnectionText);
        connection.Open();
        using var command = new NpgsqlCommand($"CREATE TABLESPACE {SmallSpace} LOCATION '{SmallPath}'", connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Starts the server of the tests at the first call.</summary>
    public static string ConnectionString => Started.Value.ConnectionText;

    /// <summary>Starts one whose commits wait for the disk, for measurements.</summary>
    /// <param name="directory">Empty, on a disk; it is gone when the server has ended. Its path is that of a socket, so at most 80 characters.</param>
    public static PostgresServer StartDurable(string directory) => new(directory, WithDisk);

    /// <summary>Where <see cref="SmallSpace"/> is, to the server.</summary>
    public static string SmallDirectory => Started.Value.SmallPath;

    private string SmallPath => Path.Combine(_directory, "small");

    public string ConnectionText => $"Host={_directory};Username=basin;Database=postgres";

    /// <summary>Begins the names of schemas that nobody else uses.</summary>
    public static string NewPrefix() => $"t{Interlocked.Increment(ref _prefixes)}_";

    /// <summary>
    /// PostgreSQL refuses to run as root. The end of the standard input, which the operating system brings about when this process ends, ends the
    /// server.
    /// </summary>
    private const string Script = """
        set -eu
        bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
        mkdir "$0/small"
        if [ "$(id -u)" -eq 0 ]; then
            mount -t tmpfs -o size=48m basin "$0/small" 2>/dev/null || true
            chown -R postgres: "$0"
            as="setpriv --reuid=postgres --regid=postgres --clear-groups"
        else
            as=""
        fi
        $as "$bin/initdb" --pgdata "$0/data" --username basin --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync >/dev/null
        start() {
            $as "$bin/postgres" -D "$0/data" -k "$0" -c listen_addresses= $1 \
                -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off -c checkpoint_timeout=1h \
                -c max_connections=500 -c shared_buffers=128MB -c max_wal_size=4GB -c log_min_messages=panic -c log_min_error_statement=panic \
                </dev/null >>"$0/log" 2>&1 &
            server=$!
        }
        start "$1"
        while read -r order; do
            case $order in
                kill) kill -QUIT $server; wait $server || true ;;
                start) start "$1" ;;
            esac
        done
        # At once: a checkpoint of what is thrown away took seconds.
        kill -QUIT $server 2>/dev/null || true
        wait $server || true
        umount "$0/small" 2>/dev/null || true
        rm -rf "$0"
        """;

    private void WaitUntilReady()
    {
        using var pause = new ManualResetEventSlim();
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(50))
        {
            try
            {
                using var connection = new NpgsqlConnection(ConnectionText);
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (waited < StartPatience && !_process.HasExited)
            {
                pause.Wait(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    /// <summary>Ends it at once, as a crash does; what it has committed is on its disk.</summary>
    public void Kill() => Order("kill");

    /// <summary>Starts it after <see cref="Kill"/>, on the same data.</summary>
    public void StartAgain()
    {
        Order("start");
        WaitUntilReady();
    }

    private void Order(string order)
    {
        _process.StandardInput.WriteLine(order);
        _process.StandardInput.Flush();
    }

    /// <summary>What a slow machine has not cleaned up by then goes on being cleaned up.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(TimeSpan.FromSeconds(5));
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Basin.Testing;

/// <summary>A Redis of this process alone, on a free port of the loopback, which keeps nothing. It ends with the process, however that ends.</summary>
public sealed class RedisServer : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    /// <summary>The end of the standard input, which the operating system brings about when this process ends, ends the server.</summary>
    private const string Script = """
        redis-server --port "$0" --bind 127.0.0.1 --save "" --appendonly no --loglevel warning </dev/null >/dev/null 2>&1 &
        server=$!
        read -r _ || true
        kill -KILL $server
        wait $server 2>/dev/null || true
        """;

    private Process? _process;

    private RedisServer(int port) => Port = port;

    public int Port { get; }

    /// <summary>Whether it is installed here.</summary>
    public static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public static async Task<RedisServer> StartAsync()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var server = new RedisServer(port);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it empty, on its port.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", Script, $"{Port}"]) { RedirectStandardInput = true, UseShellExecute = false })!;
        await Eventually.TrueAsync(CanConnectAsync, StartPatience);
    }

    /// <summary>Ends it at once, with all that it knew.</summary>
    public void Kill()
    {
        if (_process is not { } process)
            return;
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        _process = null;
    }

    public void Dispose() => Kill();

    private async Task<bool> CanConnectAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

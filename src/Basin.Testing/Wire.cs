using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Basin.Testing;

/// <summary>A TCP connection's way from clients to a server on the loopback, which can be cut, slowed down, or fall silent.</summary>
public sealed class Wire : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024;

#pragma warning disable RS0030 // What goes over it is real, and so is how long that takes.
    private static readonly TimeProvider Real = TimeProvider.System;
#pragma warning restore RS0030

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<long, (Socket Client, Socket Server)> _open = new();
    private readonly Task _accepting;
    private long _connections;
    private volatile int _target;
    private volatile int _latencyMilliseconds;
    private volatile TaskCompletionSource? _silence;

    public Wire()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Port of the server on the loopback; connections from now on go there.</summary>
    public int Target
    {
        get => _target;
        set => _target = value;
    }

    /// <summary>Added to each piece of data, in both directions. Default none.</summary>
    public TimeSpan Latency
    {
        get => TimeSpan.FromMilliseconds(_latencyMilliseconds);
        set => _latencyMilliseconds = (int)value.TotalMilliseconds;
    }

    /// <summary>Ends every connection with a reset, whatever is on its way.</summary>
    /// <returns>How many there were.</returns>
    public int Reset()
    {
        var cut = 0;
        foreach (var connection in _open.Keys)
        {
            if (_open.TryRemove(connection, out var ends))
            {
                Cut(ends);
                cut++;
            }
        }
        return cut;
    }

    /// <summary>Connections stay open and carry nothing, as when a cable is pulled; what was sent arrives when it <see cref="Resume"/>s.</summary>
    public void Silence() => _silence ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc cref="Silence"/>
    public void Resume()
    {
        _silence?.TrySetResult();
        _silence = null;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Resume();
        _listener.Stop();
        Reset();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // It has ended.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        var connection = Interlocked.Increment(ref _connections);
        _open[connection] = (client, server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _end.Token);
            await Task.WhenAll(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of both ends is gone, so the other one learns it.
        }
        if (_open.TryRemove(connection, out var ends))
            Cut(ends);
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferBytes];
        while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
        {
            if (_latencyMilliseconds is > 0 and var wait)
                await Task.Delay(TimeSpan.FromMilliseconds(wait), Real, _end.Token);
            if (_silence is { } silence)
                await silence.Task;
            for (var sent = 0; sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent..count), _end.Token);
        }
        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>A socket that is closed without lingering resets its connection.</summary>
    private static void Cut((Socket Client, Socket Server) ends)
    {
        ends.Client.Close(0);
        ends.Server.Close(0);
    }
}

using System.Net;
using System.Net.Sockets;
using Basin.Testing;

namespace Basin.Drills.Tests;

/// <summary>The way between clients and a host carries everything, and fails as it is told.</summary>
public sealed class WireTests : IAsyncDisposable
{
    private readonly Wire _wire = new();
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public WireTests()
    {
        _server.Start();
        _wire.Target = ((IPEndPoint)_server.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task What_is_sent_arrives_on_the_other_side_in_both_directions()
    {
        using var client = await ConnectAsync();
        using var server = await _server.AcceptSocketAsync(TestContext.Current.CancellationToken);

        await client.SendAsync("ask"u8.ToArray());
        Assert.Equal("ask", await ReadAsync(server));
        await server.SendAsync("answer"u8.ToArray());
        Assert.Equal("answer", await ReadAsync(client));
    }

    [Fact]
    public async Task A_reset_ends_both_sides_and_the_next_connection_works()
    {
        using var client = await ConnectAsync();
        using var server = await _server.AcceptSocketAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, _wire.Reset());

        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(client));
        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(server));
        using var next = await ConnectAsync();
        using var nextServer = await _server.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await next.SendAsync("again"u8.ToArray());
        Assert.Equal("again", await ReadAsync(nextServer));
    }

    [Fact]
    public async Task A_silent_wire_keeps_what_was_sent_until_it_carries_again()
    {
        using var client = await ConnectAsync();
        using var server = await _server.AcceptSocketAsync(TestContext.Current.CancellationToken);
        _wire.Silence();

        await client.SendAsync("late"u8.ToArray());
        var reading = ReadAsync(server);
        Assert.False(reading.IsCompleted);
        _wire.Resume();

        Assert.Equal("late", await reading);
    }

    [Fact]
    public async Task Nobody_behind_the_wire_is_a_broken_connection()
    {
        _server.Stop();

        // The reset may be there before the connection is known to stand.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await ConnectAsync();
            await ReadAsync(client);
        });
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(_wire.Address.Host, _wire.Address.Port, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[100];
        var count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, count);
    }
}

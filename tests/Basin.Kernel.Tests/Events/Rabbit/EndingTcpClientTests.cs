using System.Net;
using System.Net.Sockets;
using Basin.Kernel.Events.Rabbit;

namespace Basin.Kernel.Tests.Events.Rabbit;

public sealed class EndingTcpClientTests
{
    [Fact]
    public async Task A_node_that_goes_in_the_middle_of_a_frame_ends_the_connection_with_an_error()
    {
        using var node = new TcpListener(IPAddress.Loopback, 0);
        node.Start();
        using var client = (EndingTcpClient)EndingTcpClient.Of(AddressFamily.InterNetwork);
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)node.LocalEndpoint).Port, TestContext.Current.CancellationToken);
        using (var accepted = await node.AcceptSocketAsync(TestContext.Current.CancellationToken))
            await accepted.SendAsync(new byte[] { 1, 0, 0 });

        var frame = new byte[8];
        await using var stream = client.GetStream();
        await stream.ReadExactlyAsync(frame.AsMemory(0, 3), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<EndOfStreamException>(async () => _ = await stream.ReadAsync(frame, TestContext.Current.CancellationToken));
    }
}

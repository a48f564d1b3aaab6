using System.Net.Sockets;
using RabbitMQ.Client;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>
/// A connection whose end is an error. The client's own, in version 7.1.2, reads on and on, and keeps a processor busy for good, when a node is killed
/// in the middle of a frame.
/// </summary>
internal sealed class EndingTcpClient(Socket socket) : TcpClientAdapter(socket)
{
    public static ITcpClient Of(AddressFamily family) => new EndingTcpClient(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    public override NetworkStream GetStream() => new EndingStream(Client);

    private sealed class EndingStream(Socket socket) : NetworkStream(socket)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            return count > 0 || buffer.IsEmpty ? count : throw new EndOfStreamException("The node has closed the connection.");
        }
    }
}

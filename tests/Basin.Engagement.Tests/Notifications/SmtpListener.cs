using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Basin.Engagement.Tests.Notifications;

/// <summary>As much of an SMTP server (RFC 5321) as a client needs to hand over a message, on the loopback interface.</summary>
internal sealed class SmtpListener : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private int _refusals;

    public SmtpListener()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many messages are refused for now before one is taken.</summary>
    public int Refusals
    {
        init => _refusals = value;
    }

    /// <summary>Whether it says of each mailbox that it does not exist.</summary>
    public bool KnowsNobody { get; init; }

    /// <summary>Whether it takes connections and says nothing.</summary>
    public bool IsSilent { get; init; }

    /// <summary>Connections that were made.</summary>
    public int Connections { get; private set; }

    /// <summary>What was taken: envelope and message.</summary>
    public ConcurrentQueue<string> Messages { get; } = [];

    public void Dispose()
    {
        _stopping.Cancel();
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        Connections++;
        if (IsSilent)
            await new TaskCompletionSource().Task.WaitAsync(_stopping.Token);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        var message = new StringBuilder();
        await writer.WriteLineAsync("220 test");
        while (await reader.ReadLineAsync(_stopping.Token) is { } command)
        {
            var verb = command.Split(' ', ':')[0].ToUpperInvariant();
            switch (verb)
            {
                case "EHLO" or "HELO":
                    await writer.WriteLineAsync("250 test");
                    break;
                case "MAIL" when Interlocked.Decrement(ref _refusals) >= 0:
                    await writer.WriteLineAsync("451 try again later");
                    break;
                case "RCPT" when KnowsNobody:
                    await writer.WriteLineAsync("550 no such mailbox");
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    for (var line = await reader.ReadLineAsync(_stopping.Token); line is not (null or "."); line = await reader.ReadLineAsync(_stopping.Token))
                        message.AppendLine(line);
                    Messages.Enqueue(message.ToString());
                    await writer.WriteLineAsync("250 taken");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    message.AppendLine(command);
                    await writer.WriteLineAsync("250 fine");
                    break;
            }
        }
    }
}

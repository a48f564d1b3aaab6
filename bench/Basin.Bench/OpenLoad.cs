using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Basin.Kernel.Hosting;

namespace Basin.Bench;

/// <summary>Requests of one kind.</summary>
/// <param name="Share">Part of all requests.</param>
/// <param name="Next">Makes the bytes of the next one.</param>
internal sealed record LoadKind(string Name, double Share, Func<byte[]> Next);

/// <summary>What became of the requests of one kind.</summary>
internal sealed class KindResult(int seconds)
{
    private readonly List<(int Second, double Ms)> _answers = [];

    public long Sent { get; private set; }

    /// <summary>Answered as asked, by the second in which they were due.</summary>
    public int[] Good { get; } = new int[seconds + 1];

    /// <summary>Refused with 503, by the second in which they were due.</summary>
    public int[] Refused { get; } = new int[seconds + 1];

    /// <summary>Neither: another status, no answer in time, or no connection.</summary>
    public int[] Lost { get; } = new int[seconds + 1];

    public double P50 => Quantile(_answers, 0.5);

    public double P99 => Quantile(_answers, 0.99);

    /// <summary>The same of those that were due in one second.</summary>
    public double P99In(int second) => Quantile(_answers.FindAll(answer => answer.Second == second), 0.99);

    /// <summary>Part of those due in one second that were not answered as asked.</summary>
    public double MissedIn(int second) => (double)(Refused[second] + Lost[second]) / Math.Max(1, Good[second] + Refused[second] + Lost[second]);

    public void Add(int second, int status, double ms)
    {
        lock (_answers)
        {
            Sent++;
            if (status is >= 200 and < 400)
            {
                Good[second]++;
                _answers.Add((second, ms));
            }
            else if (status == 503)
            {
                Refused[second]++;
            }
            else
            {
                Lost[second]++;
            }
        }
    }

    private static double Quantile(List<(int Second, double Ms)> answers, double share) =>
        answers.Count == 0 ? double.NaN : answers.Select(answer => answer.Ms).Order().ElementAt((int)(share * (answers.Count - 1)));
}

/// <summary>What one load saw.</summary>
/// <param name="LateMs">How late the generator itself was with one request of a hundred, its connection included.</param>
internal sealed record LoadResult(int Seconds, IReadOnlyDictionary<string, KindResult> Kinds, long MostResident, double LateMs)
{
    public long Sent => Kinds.Values.Sum(kind => kind.Sent);
}

/// <summary>
/// An open loop: requests are due at a rate, whatever has become of those before, as people who do not know of each other send them. Latency counts from
/// the moment when a request was due. HTTP/1.1 over plain sockets, so that the generator takes little of the machine.
/// </summary>
internal sealed class OpenLoad(Uri address, IReadOnlyList<LoadKind> kinds, Randomness chance, TimeProvider time)
{
    /// <summary>Clients of each kind at the same time; those beyond find no connection and are lost. Who orders does not wait for a connection of who looks.</summary>
    private const int MaxConnections = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);

    private readonly Dictionary<LoadKind, Clients> _clients = kinds.ToDictionary(kind => kind, _ => new Clients());
    private readonly List<double> _lateMs = [];

    /// <param name="look">Asked every second how much memory the host takes.</param>
    public async Task<LoadResult> RunAsync(double perSecond, int seconds, Func<long> look, CancellationToken cancellation)
    {
        var results = kinds.ToDictionary(kind => kind.Name, _ => new KindResult(seconds));
        var running = new List<Task>();
        _lateMs.Clear();
        var began = time.GetTimestamp();
        var (sent, resident, looked) = (0L, 0L, -1);
        using var timer = new PeriodicTimer(Step, time);
        while (time.GetElapsedTime(began).TotalSeconds < seconds && await timer.WaitForNextTickAsync(cancellation))
        {
            var now = Math.Min(seconds, time.GetElapsedTime(began).TotalSeconds);
            for (; sent < now * perSecond; sent++)
            {
                var kind = Pick();
                var due = began + (long)(sent / perSecond * time.TimestampFrequency);
                running.Add(SendAsync(kind, results[kind.Name], (int)(sent / perSecond), due));
            }
            if ((int)now != looked)
            {
                looked = (int)now;
                resident = Math.Max(resident, look());
                running.RemoveAll(task => task.IsCompleted);
            }
        }
        await Task.WhenAll(running);
        return new LoadResult(seconds, results, resident, _lateMs.Count == 0 ? 0 : _lateMs.Order().ElementAt((int)(0.99 * (_lateMs.Count - 1))));
    }

    /// <summary>Closes the connections that are open.</summary>
    public void Close()
    {
        foreach (var clients in _clients.Values)
        {
            while (clients.Idle.TryPop(out var socket))
                clients.Drop(socket);
        }
    }

    private LoadKind Pick()
    {
        var point = chance.NextDouble() * kinds.Sum(kind => kind.Share);
        foreach (var kind in kinds)
        {
            if ((point -= kind.Share) < 0)
                return kind;
        }
        return kinds[^1];
    }

    private async Task SendAsync(LoadKind kind, KindResult result, int second, long due)
    {
        var status = 0;
        var clients = _clients[kind];
        Socket? socket = null;
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            socket = await ConnectAsync(clients, patience.Token);
            if (socket is not null)
            {
                lock (_lateMs)
                    _lateMs.Add(time.GetElapsedTime(due).TotalMilliseconds);
                await socket.SendAsync(kind.Next(), SocketFlags.None, patience.Token);
                status = await HttpAnswer.ReadAsync(socket, patience.Token);
                clients.Idle.Push(socket);
            }
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or IOException)
        {
            if (socket is not null)
                clients.Drop(socket);
        }
        result.Add(second, status, time.GetElapsedTime(due).TotalMilliseconds);
    }

    private async ValueTask<Socket?> ConnectAsync(Clients clients, CancellationToken cancellation)
    {
        if (clients.Idle.TryPop(out var idle))
            return idle;
        if (clients.New() is not { } socket)
            return null;
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port), cancellation);
            return socket;
        }
        catch
        {
            clients.Drop(socket);
            throw;
        }
    }

    /// <summary>The connections of one kind.</summary>
    private sealed class Clients
    {
        private int _open;

        public ConcurrentStack<Socket> Idle { get; } = new();

        /// <summary>Null when there are as many as there may be.</summary>
        public Socket? New()
        {
            if (Interlocked.Increment(ref _open) <= MaxConnections)
                return new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            Interlocked.Decrement(ref _open);
            return null;
        }

        public void Drop(Socket socket)
        {
            Interlocked.Decrement(ref _open);
            socket.Dispose();
        }
    }
}

/// <summary>Reads just enough of an answer to know where it ends.</summary>
internal static class HttpAnswer
{
    private const int BufferBytes = 16 * 1024;
    private static readonly ConcurrentBag<byte[]> Buffers = [];

    /// <returns>The status.</returns>
    public static async Task<int> ReadAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = Buffers.TryTake(out var used) ? used : new byte[BufferBytes];
        try
        {
            var (length, head) = (0, -1);
            while (head < 0)
            {
                length += await ReceiveAsync(socket, buffer.AsMemory(length), cancellation);
                head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            }
            var status = int.Parse(buffer.AsSpan("HTTP/1.1 ".Length, 3));
            var body = head + 4;
            if (LengthOf(buffer.AsSpan(0, head)) is { } expected)
                await SkipAsync(socket, buffer, expected - (length - body), cancellation);
            else
                await SkipChunksAsync(socket, buffer, body, length, cancellation);
            return status;
        }
        finally
        {
            Buffers.Add(buffer);
        }
    }

    /// <summary>Null when the body comes in chunks.</summary>
    private static long? LengthOf(ReadOnlySpan<byte> head)
    {
        var text = Encoding.ASCII.GetString(head);
        if (text.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
            return null;
        const string Name = "\r\nContent-Length: ";
        var at = text.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return 0;
        var end = text.IndexOf('\r', at + Name.Length);
        return long.Parse(text.AsSpan(at + Name.Length, (end < 0 ? text.Length : end) - at - Name.Length));
    }

    private static async Task SkipAsync(Socket socket, byte[] buffer, long left, CancellationToken cancellation)
    {
        while (left > 0)
            left -= await ReceiveAsync(socket, buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
    }

    /// <summary>The last chunk ends with these bytes, which a page of HTML does not have.</summary>
    private static async Task SkipChunksAsync(Socket socket, byte[] buffer, int body, int length, CancellationToken cancellation)
    {
        const int EndBytes = 7;
        while (!buffer.AsSpan(Math.Max(0, body - 2), length - Math.Max(0, body - 2)).EndsWith("\r\n0\r\n\r\n"u8))
        {
            var kept = Math.Min(EndBytes, length);
            buffer.AsSpan(length - kept, kept).CopyTo(buffer);
            length = kept + await ReceiveAsync(socket, buffer.AsMemory(kept), cancellation);
            body = 0;
        }
    }

    private static async ValueTask<int> ReceiveAsync(Socket socket, Memory<byte> into, CancellationToken cancellation)
    {
        if (into.IsEmpty)
            throw new IOException("The head of the answer is too large.");
        var received = await socket.ReceiveAsync(into, SocketFlags.None, cancellation);
        return received > 0 ? received : throw new IOException("The host has closed the connection.");
    }
}

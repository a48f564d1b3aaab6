using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Basin.Resp;

/// <summary>
/// One connection that all callers share: commands are written as they come, many in one packet, and answers come back in their order. A connection that
/// breaks, or stays silent for too long, is made anew; until then callers are refused at once, so that nobody waits for a server that is gone.
/// </summary>
public sealed class RespClient : IAsyncDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);

    private readonly RespOptions _options;
    private readonly TimeProvider _time;
    private readonly Randomness _chance;
    private readonly Func<Greeter, CancellationToken, Task> _greet;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _running;
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Link? _link;
    private volatile Exception? _trouble;

    /// <summary>Asks a new connection something before anybody else does.</summary>
    public delegate Task<RespValue> Greeter(params ReadOnlySpan<string> command);

    /// <param name="greet">What each new connection is told first, such as scripts that are used later.</param>
    public RespClient(RespOptions options, TimeProvider time, Randomness chance, Func<Greeter, CancellationToken, Task>? greet = null)
    {
        (_options, _time, _chance) = (options, time, chance);
        _greet = greet ?? ((_, _) => Task.CompletedTask);
        _running = Task.Run(RunAsync);
    }

    public bool IsConnected => _link is not null;

    /// <summary>The server as a dependency, for those who look at what a process stands on.</summary>
    public WatchedDependency AsDependency(DependencyInfo info) => new(
        info,
        new DependencyRules(
            $"{DependencyRules.Text(_options.ConnectTimeout)} to connect, {DependencyRules.Text(_options.Timeout)} for an answer",
            $"none of a command; connects again by itself, at most {DependencyRules.Text(_options.LongestWait)} apart",
            "while it is not connected everybody is refused at once",
            $"one connection, on which {_options.MaxWaiting} commands wait"),
        () => IsConnected ? (DependencyState.Ok, null) : (DependencyState.Unreachable, _trouble?.Message ?? "It is not connected yet."),
        _time);

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="RespUnavailableException">There is no answer.</exception>
    /// <exception cref="RespErrorException">The server refuses it.</exception>
    public async Task<RespValue> AskAsync(ReadOnlyMemory<byte>[] command, CancellationToken cancellation)
    {
        var link = _link;
        if (link is null)
        {
            // Whoever comes first waits for the first try.
            await _tried.Task.WaitAsync(cancellation);
            link = _link ?? throw NotConnected(_trouble);
        }
        return await AskAsync(link, command, cancellation);
    }

    public Task<RespValue> AskAsync(CancellationToken cancellation, params ReadOnlySpan<string> command) => AskAsync(RespWriter.Parts(command), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        _closing.Dispose();
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(FirstWait, _options.LongestWait);
        var failures = 0;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await using var link = await ConnectAsync(_closing.Token);
                (_link, failures) = (link, 0);
                _tried.TrySetResult();
                await link.Ended.WaitAsync(_closing.Token);
            }
#pragma warning disable CA1031 // Whatever it is, callers are told by what they asked, and the next try may succeed.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _trouble = failure;
            }
            _link = null;
            _tried.TrySetResult();
            await _time.DelayQuietly(backoff.After(++failures, _chance), _closing.Token);
        }
        _tried.TrySetResult();
    }

    private async Task<Link> ConnectAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_options.Host!, _options.Port, patience.Token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var link = new Link(socket, _options, _time);
        try
        {
            await GreetAsync(link, patience.Token);
            return link;
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    private async Task GreetAsync(Link link, CancellationToken cancellation)
    {
        if (_options.Password is { } password)
            await AskAsync(link, _options.User is { } user ? RespWriter.Parts("AUTH", user, password) : RespWriter.Parts("AUTH", password), cancellation);
        if (_options.Database != 0)
            await AskAsync(link, RespWriter.Parts("SELECT", $"{_options.Database}"), cancellation);
        await _greet(command => AskAsync(link, RespWriter.Parts(command), cancellation), cancellation);
    }

    private static async Task<RespValue> AskAsync(Link link, ReadOnlyMemory<byte>[] command, CancellationToken cancellation)
    {
        var answer = await link.AskAsync(command, cancellation);
        return answer.IsError ? throw ErrorOf(answer) : answer;
    }

    private static RespErrorException ErrorOf(RespValue answer)
    {
        var text = answer.ToString();
        return new RespErrorException(text.Split(' ', 2)[0], text);
    }

    private static RespUnavailableException NotConnected(Exception? inner) => new("The server is not reached.", mayBeDone: false, inner);

    /// <summary>A connection. It ends once, and all that waits on it ends with it.</summary>
    private sealed class Link : IAsyncDisposable
    {
        private readonly Socket _socket;
        private readonly RespOptions _options;
        private readonly TimeProvider _time;
        private readonly PipeReader _reader;
        private readonly PipeWriter _writer;
        private readonly Channel<Waiting> _asked;
        private readonly Queue<Waiting> _sent = new();
        private readonly Lock _lock = new();
        private int _waiting;
        private readonly Task _reading;
        private readonly Task _writing;
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Link(Socket socket, RespOptions options, TimeProvider time)
        {
            (_socket, _options, _time) = (socket, options, time);
            var stream = new NetworkStream(socket, ownsSocket: true);
            (_reader, _writer) = (PipeReader.Create(stream), PipeWriter.Create(stream));
            _asked = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
            _reading = Task.Run(ReadAsync);
            _writing = Task.Run(WriteAsync);
        }

        /// <summary>Completes when the connection has broken.</summary>
        public Task Ended => _ended.Task;

        public async Task<RespValue> AskAsync(ReadOnlyMemory<byte>[] command, CancellationToken cancellation)
        {
            EndIfSilent();
            var waiting = new Waiting(command, _time.GetTimestamp());
            if (Interlocked.Increment(ref _waiting) > _options.MaxWaiting)
            {
                Interlocked.Decrement(ref _waiting);
                throw new RespUnavailableException("Too many commands wait for answers.", mayBeDone: false);
            }
            if (!_asked.Writer.TryWrite(waiting))
                throw NotConnected(null);
            try
            {
                return await waiting.Answer.Task.WaitAsync(_options.Timeout, _time, cancellation);
            }
            catch (TimeoutException)
            {
                End(null);
                throw new RespUnavailableException($"The server has not answered within {_options.Timeout.TotalMilliseconds:F0} ms.", mayBeDone: true);
            }
        }

        /// <summary>Callers may give up before the server has had its time; the next one finds that it said nothing.</summary>
        private void EndIfSilent()
        {
            Waiting? oldest;
            lock (_lock)
                _sent.TryPeek(out oldest);
            if (oldest is not null && _time.GetElapsedTime(oldest.AskedAt) > _options.Timeout)
                End(null);
        }

        private void Finish(Waiting waiting, RespValue value)
        {
            Interlocked.Decrement(ref _waiting);
            waiting.Answer.TrySetResult(value);
        }

        /// <summary>Writes what has come together, then sends it.</summary>
        private async Task WriteAsync()
        {
            try
            {
                while (await _asked.Reader.WaitToReadAsync())
                {
                    while (_asked.Reader.TryRead(out var waiting))
                    {
                        lock (_lock)
                            _sent.Enqueue(waiting);
                        RespWriter.Write(_writer, waiting.Command);
                    }
                    await _writer.FlushAsync();
                }
            }
            catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                End(failure);
            }
        }

        private async Task ReadAsync()
        {
            try
            {
                while (true)
                {
                    var read = await _reader.ReadAsync();
                    var buffer = read.Buffer;
                    while (RespReader.TryRead(ref buffer, out var value))
                        Answer(value);
                    _reader.AdvanceTo(buffer.Start, buffer.End);
                    if (read.IsCompleted)
                        break;
                }
                End(null);
            }
            catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or InvalidOperationException or RespProtocolException)
            {
                End(failure);
            }
        }

        private void Answer(RespValue value)
        {
            // What nobody has asked for.
            if (value.Kind == RespKind.Push)
                return;
            Waiting? waiting;
            lock (_lock)
                _sent.TryDequeue(out waiting);
            if (waiting is null)
                throw new RespProtocolException("The server answers what nobody has asked.");
            Finish(waiting, value);
        }

        private void End(Exception? why)
        {
            if (!_asked.Writer.TryComplete())
                return;
            _socket.Dispose();
            var broken = new RespUnavailableException("The connection to the server has broken.", mayBeDone: true, why);
            lock (_lock)
            {
                while (_sent.TryDequeue(out var waiting))
                    waiting.Answer.TrySetException(broken);
            }
            while (_asked.Reader.TryRead(out var unsent))
                unsent.Answer.TrySetException(NotConnected(why));
            _ended.TrySetResult();
        }

        public async ValueTask DisposeAsync()
        {
            End(null);
            await Task.WhenAll(_reading, _writing);
            // What was between the two queues when the connection ended.
            lock (_lock)
            {
                while (_sent.TryDequeue(out var waiting))
                    waiting.Answer.TrySetException(new RespUnavailableException("The connection to the server has broken.", mayBeDone: true));
            }
        }

        private sealed record Waiting(ReadOnlyMemory<byte>[] Command, long AskedAt)
        {
            public TaskCompletionSource<RespValue> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

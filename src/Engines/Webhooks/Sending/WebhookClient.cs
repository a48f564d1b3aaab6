using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Basin.Webhooks.Sending;

/// <summary>Finds the addresses of a host, such as <see cref="Dns.GetHostAddressesAsync(string, CancellationToken)"/>.</summary>
internal delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancellation);

/// <summary>What became of a request: a status, or why there is none.</summary>
/// <param name="Text">The beginning of the answer's body.</param>
/// <param name="RetryAfter">How long the endpoint asks to be left alone.</param>
internal sealed record WebhookReply(int? Status, string? Error, string? Text, TimeSpan? RetryAfter);

/// <summary>
/// Sends to whatever address a tenant has named, and trusts none: it connects only to addresses that it has looked up and judged itself, follows
/// no redirect, keeps no cookie, uses no proxy, and reads little of what comes back.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    private const int MaxReadBytes = 64 * 1024;
    private const int MaxHeadersKilobytes = 16;
    private const int MaxTextBytes = 1024;

    /// <summary>From the headers of an answer to the end of its body.</summary>
    internal static readonly TimeSpan LongestBody = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ConnectionIdle = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly TargetPolicy _targets;
    private readonly HostResolver _resolve;
    private readonly WebhooksOptions _options;
    private readonly TimeProvider _time;

    public WebhookClient(TargetPolicy targets, HostResolver resolve, WebhooksOptions options, TimeProvider time)
    {
        (_targets, _resolve, _options, _time) = (targets, resolve, options, time);
        var handler = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            ConnectCallback = ConnectAsync,
            ConnectTimeout = options.Timeout,
            MaxResponseDrainSize = 0,
            MaxResponseHeadersLength = MaxHeadersKilobytes,
            PooledConnectionIdleTimeout = ConnectionIdle,
            PooledConnectionLifetime = ConnectionLife,
            UseCookies = false,
            UseProxy = false,
        };
        // Whoever sends ends what takes too long.
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request, and reads the beginning of the answer. Whatever goes wrong there is part of the reply.</summary>
    public async Task<WebhookReply> SendAsync(Func<HttpRequestMessage> newRequest, CancellationToken cancellation)
    {
        try
        {
            using var request = newRequest();
            if (_targets.WhyRefused(request.RequestUri!) is { } sentence)
                return new WebhookReply(null, $"The URL may not be called: {sentence}", null, null);
            using var response = await _time.InTimeAsync(
                _options.Timeout, token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
            var status = (int)response.StatusCode;
            return new WebhookReply(status, ErrorOf(status), await ReadTextAsync(response, cancellation), RetryAfterOf(response));
        }
        catch (TimeoutException)
        {
            return new WebhookReply(null, $"There was no answer within {_options.Timeout.TotalSeconds} s.", null, null);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookReply(null, SentenceOf(failure), null, null);
        }
    }

    private static string? ErrorOf(int status) => status switch
    {
        >= 200 and <= 299 => null,
        >= 300 and <= 399 => "Redirects are not followed.",
        410 => "It says that nobody is there any more.",
        _ => "An answer with 2xx is expected.",
    };

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    /// <summary>The status counts, whatever becomes of the body.</summary>
    private async Task<string?> ReadTextAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(LongestBody, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxReadBytes);
        var length = 0;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            while (length < MaxReadBytes && await body.ReadAsync(buffer.AsMemory(length, MaxReadBytes - length), either.Token) is > 0 and var read)
                length += read;
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or OperationCanceledException)
        {
            // What has come is shown.
        }
        var text = length == 0 ? null : TextOf(buffer.AsSpan(0, Math.Min(length, MaxTextBytes)));
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Whatever the bytes are, people can look at it, and PostgreSQL can store it.</summary>
    private static string TextOf(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.UTF8.GetString(bytes).Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '\uFFFD' : c));

    /// <summary>Connects to an address that was looked at, so that a name that leads elsewhere a moment later changes nothing.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = await AddressesOfAsync(host, cancellation);
        if (!addresses.All(_targets.Allows))
            throw new TargetException("The host leads to an address that is not on the public internet.");
        // HTTP without TLS was taken for this machine only.
        if (context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttp && !_options.AllowHttp && !addresses.All(IPAddress.IsLoopback))
            throw new TargetException("The host leads to another machine, and the URL does not begin with https://.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal))
            return [literal];
        try
        {
            if (await _resolve(host, cancellation) is { Length: > 0 } addresses)
                return addresses;
        }
        catch (SocketException)
        {
            // Nobody knows it.
        }
        throw new TargetException("The name of the host leads nowhere.");
    }

    /// <summary>For the tenant: it says nothing about the network that this machine is in.</summary>
    private static string SentenceOf(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is TargetException)
                return inner.Message;
        }
        return failure is HttpRequestException { HttpRequestError: var error }
            ? error switch
            {
                HttpRequestError.ConnectionError => "There was no connection.",
                HttpRequestError.SecureConnectionError => "There was no secure connection: TLS, or the certificate, was refused.",
                HttpRequestError.ConfigurationLimitExceeded => "The headers of the answer are too large.",
                _ => "The answer was cut off, or is not HTTP.",
            }
            : "The connection was cut off.";
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Why an address is not connected to.</summary>
    private sealed class TargetException(string sentence) : IOException(sentence);
}

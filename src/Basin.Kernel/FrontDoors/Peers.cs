using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Basin.Kernel.FrontDoors;

/// <summary>
/// Asks systems that run in other processes. Each question has a limit of time, is asked again only where that does no harm, and is not asked at all for
/// a while when a system has failed again and again: whoever waits is told at once.
/// </summary>
public sealed partial class Peers : IDisposable
{
    private const long MaxAnswerBytes = 4 * 1024 * 1024;

    private static readonly HttpStatusCode[] OfTheWay =
    [
        HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed,
        HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.MisdirectedRequest,
    ];

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(50);

    /// <summary>An address of many processes leads to other ones after so long.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string System, bool MayRepeat), ResiliencePipeline<HttpResponseMessage>> _pipelines = new();

    /// <summary>Of each system one, whatever is asked of it.</summary>
    private readonly ConcurrentDictionary<string, ResiliencePipeline<HttpResponseMessage>> _circuits = new();
    private readonly HttpClient _http;
    private readonly Placement _placement;
    private readonly SystemsOptions _options;
    private readonly PeerSeal _seal;
    private readonly JsonSerializerOptions _json;
    private readonly Randomness _chance;
    private readonly TimeProvider _time;
    private readonly ILogger<Peers> _log;

    internal Peers(
        HttpMessageHandler handler, Placement placement, SystemsOptions options, PeerSeal seal, IOptions<JsonOptions> json, Randomness chance,
        TimeProvider time, ILogger<Peers> log)
    {
        (_placement, _options, _seal, _chance, _time, _log) = (placement, options, seal, chance, time, log);
        _json = CallJson.Of(json.Value);
        // The pipeline ends what takes too long.
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswerBytes };
    }

    internal static HttpMessageHandler NewHandler(SystemsOptions options) => new SocketsHttpHandler
    {
        PooledConnectionLifetime = ConnectionLife,
        ConnectTimeout = options.Timeout,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    };

    /// <summary>The answer of another process.</summary>
    /// <exception cref="ProblemException">What the system has refused, or <c>system_unavailable</c> when nobody has answered.</exception>
    public async ValueTask<TAnswer> AskAsync<TQuestion, TAnswer>(Call<TQuestion, TAnswer> call, TQuestion question, CancellationToken cancellation)
    {
        var pipeline = _pipelines.GetOrAdd((call.System, call.MayRepeat), NewPipeline);
        try
        {
            using var response = await pipeline.ExecuteAsync(async attempt => await SendAsync(call, question, attempt), cancellation);
            if (!response.IsSuccessStatusCode)
                throw (await RefusalAsync(call.System, response, cancellation)).Refusal();
            return (await response.Content.ReadFromJsonAsync<TAnswer>(_json, cancellation))!;
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutRejectedException or BrokenCircuitException or JsonException
            or CryptographicException)
        {
            Unanswered(_log, call.System, call.Name, failure.Message);
            throw KernelProblems.SystemUnavailable.With($"It is {call.System}.").Refusal();
        }
    }

    /// <summary>The answer, or what a page shows in its place when the system that knows it does not answer.</summary>
    public static async ValueTask<TAnswer> OrWithoutAsync<TAnswer>(ValueTask<TAnswer> asking, TAnswer without)
    {
        try
        {
            return await asking;
        }
        catch (Exception failure) when (failure is ProblemException { Problem.Status: >= 500 } or StoreUnavailableException)
        {
            return without;
        }
    }

    /// <inheritdoc cref="OrWithoutAsync{TAnswer}"/>
    public static async ValueTask OrWithoutAsync(ValueTask asking) => await OrWithoutAsync(NothingAsync(asking), 0);

    private static async ValueTask<int> NothingAsync(ValueTask asking)
    {
        await asking;
        return 0;
    }

    private async Task<HttpResponseMessage> SendAsync<TQuestion, TAnswer>(
        Call<TQuestion, TAnswer> call, TQuestion question, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_placement.AddressOf(call.System), call.Path))
        {
            Content = JsonContent.Create(question, options: _json),
            Headers = { Authorization = new AuthenticationHeaderValue(PeerAuthentication.Name, _seal.TokenFor(call.System)) },
        };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
    }

    /// <summary>
    /// A refusal crosses as it is; one of the way there, such as a wrong address or a question of another version, is not the caller's business.
    /// </summary>
    private async Task<Problem> RefusalAsync(string system, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (IsProblem(response) && !OfTheWay.Contains(response.StatusCode) && await response.Content.ReadFromJsonAsync(ProblemJson.Default.ProblemBody, cancellation) is { } body)
        {
            var problem = new Problem(body.Status, body.Code, body.Title) { Detail = body.Detail, RetryAfter = response.Headers.RetryAfter?.Delta };
            return body.Errors is null ? problem : problem with { Errors = body.Errors };
        }
        Misled(_log, system, _placement.AddressOf(system), (int)response.StatusCode);
        return KernelProblems.SystemUnavailable.With($"It is {system}.");
    }

    /// <summary>Whoever says what is wrong has answered: a system that refuses because of another is not the one to leave alone.</summary>
    private static PredicateBuilder<HttpResponseMessage> Failures => new PredicateBuilder<HttpResponseMessage>()
        .Handle<HttpRequestException>()
        .Handle<TimeoutRejectedException>()
        .HandleResult(response => (int)response.StatusCode >= 500 && !IsProblem(response));

    private static bool IsProblem(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == ProblemResult.ContentType;

    private ResiliencePipeline<HttpResponseMessage> NewPipeline((string System, bool MayRepeat) kind)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = _time };
        if (kind.MayRepeat && _options.Attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = Failures,
                MaxRetryAttempts = _options.Attempts - 1,
                Delay = FirstBackoff,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Randomizer = _chance.NextDouble,
            });
        }
        return builder
            .AddPipeline(_circuits.GetOrAdd(kind.System, NewCircuit))
            .AddTimeout(new TimeoutStrategyOptions { Timeout = _options.Timeout })
            .Build();
    }

    private ResiliencePipeline<HttpResponseMessage> NewCircuit(string system) => new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = _time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
        {
            ShouldHandle = Failures,
            FailureRatio = 0.5,
            MinimumThroughput = 6,
            SamplingDuration = TimeSpan.FromSeconds(10),
            BreakDuration = _options.Break,
            OnOpened = _ =>
            {
                Broken(_log, system, _options.Break.TotalSeconds);
                return default;
            },
            OnClosed = _ =>
            {
                Mended(_log, system);
                return default;
            },
        })
        .Build();

    public void Dispose() => _http.Dispose();

    [LoggerMessage(1301, LogLevel.Warning, "{System} has not answered {Call}: {Reason}")]
    private static partial void Unanswered(ILogger log, string system, string call, string reason);

    [LoggerMessage(1302, LogLevel.Error, "At {Address}, where {System} is said to be, questions are answered with {Status}")]
    private static partial void Misled(ILogger log, string system, Uri address, int status);

    [LoggerMessage(1303, LogLevel.Warning, "{System} is left alone for {Seconds} s")]
    private static partial void Broken(ILogger log, string system, double seconds);

    [LoggerMessage(1304, LogLevel.Information, "{System} answers again")]
    private static partial void Mended(ILogger log, string system);
}

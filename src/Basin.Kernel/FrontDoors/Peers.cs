using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

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

    private readonly HttpClient _http;

    /// <summary>Of each system elsewhere one, whatever is asked of it.</summary>
    private readonly FrozenDictionary<string, CalledDependency> _systems;
    private readonly Placement _placement;
    private readonly PeerSeal _seal;
    private readonly JsonSerializerOptions _json;
    private readonly ILogger<Peers> _log;

    internal Peers(
        HttpMessageHandler handler, Placement placement, SystemsOptions options, PeerSeal seal, IOptions<JsonOptions> json, Randomness chance,
        TimeProvider time, ILogger<Peers> log)
    {
        (_placement, _seal, _log) = (placement, seal, log);
        _json = CallJson.Of(json.Value);
        _systems = placement.Elsewhere.ToFrozenDictionary(system => system, system => new CalledDependency(InfoOf(system), LimitsOf(options), time, chance, log));
        // The dependency ends what takes too long.
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

    internal IEnumerable<Dependency> Dependencies => _systems.Values;

    private static DependencyInfo InfoOf(string system) => new(
        $"systems/{system}",
        $"Answers what this process asks of {system}, which runs in another one.",
        $"Pages show what they can without {system}; a request that needs it is refused with 503 system_unavailable. Events wait in the outbox.");

    private static CallLimits LimitsOf(SystemsOptions options) => new()
    {
        Timeout = options.Timeout,
        Concurrent = options.Concurrent,
        Waiting = options.Concurrent,
        Patience = options.Timeout,
        Breaker = new BreakerLimits { Pause = options.Break },
        Retry = new RetryLimits(options.Attempts, FirstBackoff),
    };

    /// <summary>The answer of another process.</summary>
    /// <exception cref="ProblemException">What the system has refused, or <c>system_unavailable</c> when nobody has answered.</exception>
    public async ValueTask<TAnswer> AskAsync<TQuestion, TAnswer>(Call<TQuestion, TAnswer> call, TQuestion question, CancellationToken cancellation)
    {
        try
        {
            using var response = await _systems[call.System].CallAsync(token => SendAsync(call, question, token), cancellation, call.MayRepeat);
            if (!response.IsSuccessStatusCode)
                throw (await RefusalAsync(call.System, response, cancellation)).Refusal();
            return (await response.Content.ReadFromJsonAsync<TAnswer>(_json, cancellation))!;
        }
        catch (Exception failure) when (failure is DependencyException or HttpRequestException or JsonException or CryptographicException)
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

    /// <exception cref="HttpRequestException">
    /// Nobody has answered. Whoever says what is wrong has: a system that refuses because of another is not the one to leave alone.
    /// </exception>
    private async Task<HttpResponseMessage> SendAsync<TQuestion, TAnswer>(
        Call<TQuestion, TAnswer> call, TQuestion question, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_placement.AddressOf(call.System), call.Path))
        {
            Content = JsonContent.Create(question, options: _json),
            Headers = { Authorization = new AuthenticationHeaderValue(PeerAuthentication.Name, _seal.TokenFor(call.System)) },
        };
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
        if ((int)response.StatusCode < 500 || IsProblem(response))
            return response;
        response.Dispose();
        throw new HttpRequestException(HttpRequestError.Unknown, $"It answers with {(int)response.StatusCode}.", statusCode: response.StatusCode);
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

    private static bool IsProblem(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == ProblemResult.ContentType;

    public void Dispose()
    {
        _http.Dispose();
        foreach (var system in _systems.Values)
            system.Dispose();
    }

    [LoggerMessage(1301, LogLevel.Warning, "{System} has not answered {Call}: {Reason}")]
    private static partial void Unanswered(ILogger log, string system, string call, string reason);

    [LoggerMessage(1302, LogLevel.Error, "At {Address}, where {System} is said to be, questions are answered with {Status}")]
    private static partial void Misled(ILogger log, string system, Uri address, int status);
}

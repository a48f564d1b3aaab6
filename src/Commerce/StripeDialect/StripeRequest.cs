using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Basin.StripeDialect;

/// <summary>A request below <c>/stripe</c>: who asks, what, and how it is answered once. A handler takes it as a parameter.</summary>
public sealed partial class StripeRequest
{
    /// <summary>What the pinned client speaks; the answer to a request that names no version.</summary>
    public const string DefaultVersion = "2026-10-28.endive";

    private const string FormType = "application/x-www-form-urlencoded";

    private readonly HttpContext _http;
    private readonly FormNode _asked;
    private readonly Once _once;
    private readonly StripeOnce _dialect;
    private readonly bool _hasKey;
    private readonly IReadOnlyList<string> _expand;
    private readonly Dictionary<string, string> _standIns = new(StringComparer.Ordinal);

    private StripeRequest(HttpContext http, Caller caller, FormNode asked)
    {
        (_http, _asked, Caller, Id) = (http, asked, caller, StripeFront.IdOf(http));
        var key = StripeOnce.ReadKey(http.Request);
        _hasKey = key is not null;
        _dialect = new StripeOnce(http);
        _once = http.RequestServices.GetRequiredService<OnceRegistry>().For(caller, key, $"{http.Request.Method} {http.Request.Path}", Id);
        Version = ReadVersion(http.Request);
        Form = new StripeForm(asked);
        _expand = http.RequestServices.GetRequiredService<Expansions>().Read(Form, http.GetEndpoint());
    }

    public Caller Caller { get; }

    public Id<Tenant> Tenant => Caller.Tenant;

    /// <summary><c>req_</c> and letters and digits: the answer's <c>Request-Id</c>, and in the scope of the log.</summary>
    public string Id { get; }

    /// <summary>A date, and for newer ones a name: <c>2026-10-28.endive</c>. It is echoed and changes nothing.</summary>
    public string Version { get; }

    /// <summary>What is asked, from the query and the body; <c>expand</c> is read already.</summary>
    public StripeForm Form { get; }

    /// <summary>The key as the caller sent it; null without one.</summary>
    public string? IdempotencyKey => _hasKey ? _http.Request.Headers[Once.Header].ToString() : null;

    /// <summary>Reads the request; called by the framework for a handler's parameter.</summary>
    public static async ValueTask<StripeRequest?> BindAsync(HttpContext http)
    {
        var caller = await Caller.BindAsync(http);
        var query = Encoding.UTF8.GetBytes(http.Request.QueryString.Value is ['?', .. var text] ? text : "");
        var request = new StripeRequest(http, caller, FormNode.Parse(query, await ReadBodyAsync(http)));
        http.Features.Set(request);
        return request;
    }

    /// <summary>Where something new begins, so that a repeat finds the kept answer: by the key, or anywhere without one.</summary>
    public ShardKey ShardFor(Store store) => _once.ShardFor(store);

    /// <summary>
    /// What stands for a secret parameter, such as <c>card[number]</c>, where repeats are told from other requests: their hash is kept, and the hash of a
    /// card's number can be guessed. Call it before the request is written.
    /// </summary>
    /// <param name="standIn">The same for the same secret, such as a fingerprint under a key; or nothing, when the secret makes no difference.</param>
    public void StandIn(string param, string standIn) => _standIns[param] = standIn;

    /// <summary>
    /// Runs the work in a transaction, once per key. The answer is kept with what the work has written, an error too when it is returned; what the work throws
    /// undoes that, and is kept as an answer. Refuse what is malformed before.
    /// </summary>
    public async Task<StripeAnswer> WriteAsync(
        Store store, ShardKey shard, Func<Transaction, ValueTask<StripeAnswer>> work, CancellationToken cancellation)
    {
        if (_expand.Count == 0)
            return Answered(await _once.WriteAsync(_dialect, store, shard, Asked(), work, cancellation));
        // Objects of other systems cannot be read in a transaction: the answer waits for them in the record.
        return await WriteAsync(
            store,
            shard,
            async tx => (await work(tx)).ToReference(),
            (reference, _) => Task.FromResult(StripeAnswer.FromReference(reference)),
            cancellation);
    }

    /// <summary>
    /// Runs <paramref name="begin"/> in a transaction, once per key, then <paramref name="finish"/> outside, which may wait for others and makes the answer
    /// that is kept. After a crash in between, a repeat goes on with <paramref name="finish"/>, which finds by the reference what was begun.
    /// </summary>
    /// <param name="begin">Returns the reference, such as an id; a refusal is thrown.</param>
    /// <param name="finish">May run more than once, in several processes at a time; what it throws is kept as an answer, unless it was cancelled.</param>
    public Task<StripeAnswer> WriteAsync(
        Store store,
        ShardKey shard,
        Func<Transaction, ValueTask<string>> begin,
        Func<string, CancellationToken, Task<StripeAnswer>> finish,
        CancellationToken cancellation) =>
        WriteAsync(store, shard, _ => ValueTask.FromResult(0), (tx, _) => begin(tx), finish, cancellation);

    /// <inheritdoc cref="WriteAsync(Store, ShardKey, Func{Transaction, ValueTask{string}}, Func{string, CancellationToken, Task{StripeAnswer}}, CancellationToken)"/>
    /// <param name="prepare">Looks up what a transaction cannot, such as what other systems know; not where a repeat is answered. What it refuses is not kept.</param>
    public async Task<StripeAnswer> WriteAsync<TPlan>(
        Store store,
        ShardKey shard,
        Func<CancellationToken, ValueTask<TPlan>> prepare,
        Func<Transaction, TPlan, ValueTask<string>> begin,
        Func<string, CancellationToken, Task<StripeAnswer>> finish,
        CancellationToken cancellation) => Answered(await _once.WriteAsync(
            _dialect,
            store,
            shard,
            Asked(),
            prepare,
            begin,
            async (reference, cancelled) => await ExpandAsync(await finish(reference, cancelled), cancelled),
            cancellation));

    internal Task<StripeAnswer> ExpandAsync(StripeAnswer answer, CancellationToken cancellation) => _expand.Count == 0
        ? Task.FromResult(answer)
        : _http.RequestServices.GetRequiredService<Expansions>().ApplyAsync(answer, _expand, _http.RequestServices, Tenant, cancellation);

    private ReadOnlyMemory<byte> Asked() => _hasKey ? Encoding.UTF8.GetBytes(_asked.Encode(_standIns)) : default;

    private StripeAnswer Answered(StripeAnswer answer)
    {
        if (answer.Failure is { } failure)
            Unforeseen(_http.RequestServices.GetRequiredService<ILogger<StripeRequest>>(), _http.Request.Method, _http.Request.Path, Id, failure);
        return _hasKey && !answer.IsRefused ? answer.For(Id) : answer;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext http)
    {
        var request = http.Request;
        if (HttpMethods.IsGet(request.Method) || request.ContentLength == 0)
            return default;
        if (request.ContentLength > FormNode.MaxBytes)
            throw KernelProblems.TooLarge.Refusal();
        var body = new byte[FormNode.MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length > FormNode.MaxBytes)
            throw KernelProblems.TooLarge.Refusal();
        if (length > 0 && !IsForm(request.ContentType))
        {
            throw KernelProblems.UnsupportedMediaType
                .With($"Invalid request (check that your {request.Method} content type is {FormType}).").Refusal();
        }
        return body.AsMemory(0, length);
    }

    private static bool IsForm(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static string ReadVersion(HttpRequest request)
    {
        var header = request.Headers["Stripe-Version"].ToString();
        if (header.Length == 0)
            return DefaultVersion;
        return VersionShape().IsMatch(header) && DateOnly.TryParseExact(header.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? header
            : throw StripeErrors.Invalid(null, $"Invalid Stripe API version: {StripeErrors.Echo(header)}").Refusal();
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[a-z]{1,30})?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex VersionShape();

    [LoggerMessage(1251, LogLevel.Error, "{Method} {Path} failed in {Request}")]
    private static partial void Unforeseen(ILogger logger, string method, string path, string request, Exception failure);
}

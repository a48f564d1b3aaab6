using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Http;

/// <summary>
/// Makes a write happen once per <c>Idempotency-Key</c>: the first answer is kept in the transaction of its effect and sent again to every
/// repeat; another request under the same key is refused with 422, a repeat while the first still runs with 409.
/// Source: draft-ietf-httpapi-idempotency-key-header; the raw form of Stripe's API is taken too.
/// </summary>
public sealed class Once
{
    public const string Header = "Idempotency-Key";
    private const int MaxKeyLength = 255;

    private readonly OnceRegistry _registry;
    private readonly Caller _caller;
    private readonly string? _key;
    private readonly string _scope;
    private readonly string? _request;

    internal Once(OnceRegistry registry, Caller caller, string? key, string scope, string? request = null) =>
        (_registry, _caller, _key, _scope, _request) = (registry, caller, key, scope, request);

    /// <summary>Reads the header; called by the framework for a handler's parameter.</summary>
    public static async ValueTask<Once?> BindAsync(HttpContext http)
    {
        var caller = await Caller.BindAsync(http);
        var registry = http.RequestServices.GetRequiredService<OnceRegistry>();
        return new Once(registry, caller, ReadKey(http.Request.Headers[Header]), $"{http.Request.Method} {http.Request.Path}");
    }

    /// <summary>Whether a repeat can be known.</summary>
    public bool HasKey => _key is not null;

    /// <summary>Where something new begins, so that a repeat finds the kept answer: by the key, or anywhere without one.</summary>
    public ShardKey ShardFor(Store store) =>
        store.Shards.Count == 1 ? ShardKey.First
        : _key is null ? ShardKey.ForShard(_registry.NextShard(store.Shards.Count))
        : ShardKey.Of(KeyOf(_caller, _key).ToString());

    /// <summary>Runs the work in a transaction, once. A refusal undoes what it wrote.</summary>
    /// <param name="request">What was asked; another request under the same key is refused.</param>
    public Task<Answer<T>> WriteAsync<TRequest, T>(
        Store store, ShardKey shard, TRequest request, Func<Transaction, ValueTask<Answer<T>>> work, CancellationToken cancellation) =>
        WriteAsync(
            new DraftDialect<T>(_registry),
            store,
            shard,
            _key is null ? default : JsonSerializer.SerializeToUtf8Bytes(request, _registry.Json),
            tx => RunAsync(tx, work),
            cancellation);

    /// <summary>The same in another dialect. What the work returns is kept with what it wrote, what it throws undoes that.</summary>
    /// <param name="request">What was asked, in bytes that are the same for the same request.</param>
    public async Task<TAnswer> WriteAsync<TAnswer>(
        OnceDialect<TAnswer> dialect,
        Store store,
        ShardKey shard,
        ReadOnlyMemory<byte> request,
        Func<Transaction, ValueTask<TAnswer>> work,
        CancellationToken cancellation)
        where TAnswer : class
    {
        if (_key is null)
            return await store.WriteAsync(shard, work, cancellation);
        using var running = _registry.Begin(KeyOf(_caller, _key));
        if (running is null)
            return dialect.Refuse(StillRunning);
        var fingerprint = FingerprintOf(request.Span);
        var begun = await store.WriteAsync(
            shard, tx => RunOnceAsync(tx, dialect, fingerprint, async () => new Begun<TAnswer>(await work(tx), null)), cancellation);
        return begun.Answer ?? throw new InvalidOperationException("What was begun under the key is not of this use case.");
    }

    /// <summary>
    /// Runs <paramref name="begin"/> in a transaction, once, then <paramref name="finish"/> outside, until it has answered: a repeat that comes after
    /// the process has died in between finishes what was begun. Where several processes run, two of them may finish at once; the first answer counts.
    /// </summary>
    /// <param name="prepare">Looks up what the transaction cannot, only where nothing is kept yet; what it refuses is not kept.</param>
    /// <param name="begin">Returns a reference by which the rest is found, such as an id.</param>
    /// <param name="finish">Gets the reference; may run more than once.</param>
    public async Task<TAnswer> WriteAsync<TPlan, TAnswer>(
        OnceDialect<TAnswer> dialect,
        Store store,
        ShardKey shard,
        ReadOnlyMemory<byte> request,
        Func<CancellationToken, ValueTask<TPlan>> prepare,
        Func<Transaction, TPlan, ValueTask<string>> begin,
        Func<string, CancellationToken, Task<TAnswer>> finish,
        CancellationToken cancellation)
        where TAnswer : class
    {
        if (_key is null)
        {
            var plan = await prepare(cancellation);
            var reference = await store.WriteAsync(shard, tx => begin(tx, plan), cancellation);
            using (_registry.RightOfWay.Wait())
                return await finish(reference, cancellation);
        }
        using var running = _registry.Begin(KeyOf(_caller, _key));
        if (running is null)
            return dialect.Refuse(StillRunning);
        var begun = await BeginAsync(dialect, store, shard, FingerprintOf(request.Span), prepare, begin, cancellation);
        if (begun.Answer is { } known)
            return known;
        TAnswer answer;
        using (_registry.RightOfWay.Wait())
            answer = await FinishAsync(dialect, begun.Reference!, finish, cancellation);
        // Nobody takes back what has been answered by now.
        return await store.WriteAsync(shard, tx => KeepFinishedAsync(tx, dialect, answer), CancellationToken.None);
    }

    private async Task<Begun<TAnswer>> BeginAsync<TPlan, TAnswer>(
        OnceDialect<TAnswer> dialect,
        Store store,
        ShardKey shard,
        byte[] fingerprint,
        Func<CancellationToken, ValueTask<TPlan>> prepare,
        Func<Transaction, TPlan, ValueTask<string>> begin,
        CancellationToken cancellation)
        where TAnswer : class
    {
        if (await store.ReadAsync(shard, FindKeptAsync, cancellation) is { } kept && !IsOver(kept, _registry.Now))
            return Repeat(dialect, kept, fingerprint);
        var plan = await prepare(cancellation);
        return await store.WriteAsync(
            shard, tx => RunOnceAsync(tx, dialect, fingerprint, async () => new Begun<TAnswer>(null, await begin(tx, plan))), cancellation);
    }

    private static async Task<TAnswer> FinishAsync<TAnswer>(
        OnceDialect<TAnswer> dialect, string reference, Func<string, CancellationToken, Task<TAnswer>> finish, CancellationToken cancellation)
        where TAnswer : class
    {
        try
        {
            return await finish(reference, cancellation);
        }
        catch (Exception failure)
        {
            if (dialect.AnswerTo(failure) is { } answer)
                return answer;
            throw;
        }
    }

    private static async ValueTask<Answer<T>> RunAsync<T>(Transaction tx, Func<Transaction, ValueTask<Answer<T>>> work)
    {
        var answer = await work(tx);
        return answer.Problem is { } problem ? throw problem.Refusal() : answer;
    }

    private async ValueTask<Begun<TAnswer>> RunOnceAsync<TAnswer>(
        Transaction tx, OnceDialect<TAnswer> dialect, byte[] fingerprint, Func<ValueTask<Begun<TAnswer>>> run)
        where TAnswer : class
    {
        if (await TakeKeptAsync(tx) is { } kept)
            return Repeat(dialect, kept, fingerprint);
        Begun<TAnswer> begun = default;
        if (await tx.TryAsync(async () => begun = await run()) is { } failure)
        {
            var answer = dialect.AnswerTo(failure);
            if (answer is null)
                ExceptionDispatchInfo.Throw(failure);
            begun = new Begun<TAnswer>(answer, null);
        }
        await KeepAsync(tx, fingerprint, begun.Answer is null ? null : dialect.Keep(begun.Answer), begun.Reference);
        return begun;
    }

    /// <summary>Answers a request that is not the first under its key, or finds what the first has begun.</summary>
    private static Begun<TAnswer> Repeat<TAnswer>(OnceDialect<TAnswer> dialect, Kept kept, byte[] fingerprint)
        where TAnswer : class =>
        !kept.Fingerprint.AsSpan().SequenceEqual(fingerprint) ? new Begun<TAnswer>(dialect.Refuse(KernelProblems.KeyReused), null)
        : kept.IsBegun ? new Begun<TAnswer>(null, kept.Reference)
        : new Begun<TAnswer>(dialect.Replay(kept.Answer), null);

    private ValueTask<Kept?> FindKeptAsync(Snapshot snapshot) => snapshot.FindAsync(
        """
        SELECT id, at, fingerprint, status, location, etag, body, reference, request
        FROM basin_idempotency WHERE tenant = $1 AND caller = $2 AND key = $3
        """,
        ReadKept, _caller.Tenant.Value, _caller.Subject, _key);

    private bool IsOver(Kept kept, DateTimeOffset now) => kept.At < now - _registry.KeepFor;

    /// <summary>What is older than its time is forgotten, also when the relay has not come to remove it.</summary>
    private async ValueTask<Kept?> TakeKeptAsync(Transaction tx)
    {
        var kept = await FindKeptAsync(tx);
        if (kept is null || !IsOver(kept, tx.Now))
            return kept;
        await tx.ExecuteAsync("DELETE FROM basin_idempotency WHERE id = $1", kept.Id);
        return null;
    }

    /// <param name="answer">Null while the request is only begun.</param>
    private ValueTask KeepAsync(Transaction tx, byte[] fingerprint, KeptAnswer? answer, string? reference) => tx.SendAsync(
        """
        INSERT INTO basin_idempotency (tenant, caller, key, fingerprint, status, location, etag, body, at, reference, request)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        _caller.Tenant.Value, _caller.Subject, _key, fingerprint, answer?.Status ?? Kept.BegunStatus, answer?.Location, answer?.ETag,
        answer is null ? default : SqlValue.Utf8(answer.Body), tx.Now, reference, _request);

    /// <summary>Whoever was faster has answered for both.</summary>
    private async ValueTask<TAnswer> KeepFinishedAsync<TAnswer>(Transaction tx, OnceDialect<TAnswer> dialect, TAnswer answer)
        where TAnswer : class
    {
        var kept = await TakeKeptAsync(tx);
        if (kept is { IsBegun: false })
            return dialect.Replay(kept.Answer);
        if (kept is null)
            return answer;
        var finished = dialect.Keep(answer);
        await tx.SendAsync(
            "UPDATE basin_idempotency SET status = $2, location = $3, etag = $4, body = $5 WHERE id = $1",
            kept.Id, finished.Status, finished.Location, finished.ETag, SqlValue.Utf8(finished.Body));
        return answer;
    }

    private byte[] FingerprintOf(ReadOnlySpan<byte> request) => SHA256.HashData([.. Encoding.UTF8.GetBytes(_scope), 0, .. request]);

    /// <summary>The key of the draft is a quoted string, Stripe's a raw one: the quotes are not part of it.</summary>
    private static string? ReadKey(string? header)
    {
        if (header is null)
            return null;
        var key = header is ['"', .., '"'] ? header[1..^1] : header;
        if (key.Length is 0 or > MaxKeyLength || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw KernelProblems.Invalid.At(Header, $"1 to {MaxKeyLength} printable ASCII characters are expected.").Refusal();
        return key;
    }

    private static OnceKey KeyOf(Caller caller, string key) => new(caller.Tenant.Value, caller.Subject, key);

    private static Problem StillRunning => KernelProblems.InFlight with { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <summary>An answer, or the reference of what will have one.</summary>
    private readonly record struct Begun<TAnswer>(TAnswer? Answer, string? Reference)
        where TAnswer : class;

    private sealed record Kept(long Id, DateTimeOffset At, byte[] Fingerprint, KeptAnswer Answer, string? Reference)
    {
        public const int BegunStatus = 0;

        public bool IsBegun => Answer.Status == BegunStatus;
    }

    private static Kept ReadKept(Row row) => new(
        row.Integer(0),
        row.Time(1),
        row.Bytes(2).ToArray(),
        new KeptAnswer(row.Int(3), row.IsNull(6) ? [] : row.Bytes(6).ToArray())
        {
            Location = row.TextOrNull(4),
            ETag = row.TextOrNull(5),
            Request = row.TextOrNull(8),
        },
        row.TextOrNull(7));
}

internal readonly record struct OnceKey(long Tenant, string Caller, string Key);

/// <summary>Which keys are running in this process, and what every <see cref="Once"/> shares.</summary>
public sealed class OnceRegistry(IOptions<JsonOptions> json, IOptions<IdempotencyOptions> options, RightOfWay rightOfWay, TimeProvider time)
{
    private readonly ConcurrentDictionary<OnceKey, Running> _running = new();
    private int _nextShard;

    internal RightOfWay RightOfWay => rightOfWay;

    internal DateTimeOffset Now => time.GetUtcNow();

    internal TimeSpan KeepFor { get; } = TimeSpan.FromHours(options.Value.KeepHours);

    internal JsonSerializerOptions Json => json.Value.SerializerOptions;

    /// <summary>Reads what <see cref="Json"/> has written, where members that are null are left out.</summary>
    internal JsonSerializerOptions KeptJson { get; } = new(json.Value.SerializerOptions) { RespectRequiredConstructorParameters = false };

    /// <summary>For callers inside the process, such as a form of the shop, and for other dialects.</summary>
    /// <param name="key">The key, or null when repeats cannot happen.</param>
    /// <param name="scope">Names the use case.</param>
    /// <param name="request">The id of the request, where requests have ids.</param>
    public Once For(Caller caller, string? key, string scope, string? request = null) => new(this, caller, key, scope, request);

    internal int NextShard(int count) => (int)((uint)Interlocked.Increment(ref _nextShard) % (uint)count);

    internal IDisposable? Begin(OnceKey key)
    {
        var running = new Running(this, key);
        return _running.TryAdd(key, running) ? running : null;
    }

    private sealed class Running(OnceRegistry registry, OnceKey key) : IDisposable
    {
        public void Dispose() => registry._running.TryRemove(key, out _);
    }
}

using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Basin.Kernel.Access;
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

    internal Once(OnceRegistry registry, Caller caller, string? key, string scope) =>
        (_registry, _caller, _key, _scope) = (registry, caller, key, scope);

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

    /// <summary>Runs the work in a transaction, once.</summary>
    /// <param name="request">What was asked; another request under the same key is refused.</param>
    public async Task<Answer<T>> WriteAsync<TRequest, T>(
        Store store, ShardKey shard, TRequest request, Func<Transaction, ValueTask<Answer<T>>> work, CancellationToken cancellation)
    {
        if (_key is null)
            return await store.WriteAsync(shard, tx => RunAsync(tx, work), cancellation);
        using var running = _registry.Begin(KeyOf(_caller, _key));
        if (running is null)
            return KernelProblems.InFlight with { RetryAfter = TimeSpan.FromSeconds(1) };
        var fingerprint = FingerprintOf(request);
        return await store.WriteAsync(shard, tx => RunOnceAsync(tx, fingerprint, work), cancellation);
    }

    private static async ValueTask<Answer<T>> RunAsync<T>(Transaction tx, Func<Transaction, ValueTask<Answer<T>>> work)
    {
        var answer = await work(tx);
        return answer.Problem is { } problem ? throw problem.Refusal() : answer;
    }

    private async ValueTask<Answer<T>> RunOnceAsync<T>(Transaction tx, byte[] fingerprint, Func<Transaction, ValueTask<Answer<T>>> work)
    {
        var kept = await FindKeptAsync(tx);
        if (kept is not null)
            return kept.Fingerprint.AsSpan().SequenceEqual(fingerprint) ? Replay<T>(kept) : KernelProblems.KeyReused;
        Answer<T>? answer = null;
        var failure = await tx.TryAsync(async () => answer = await RunAsync(tx, work));
        if (failure is ProblemException { Problem.Status: < 500 } refused)
            answer = refused.Problem;
        else if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        await KeepAsync(tx, fingerprint, answer!);
        return answer!;
    }

    /// <summary>What is older than its time is forgotten, also when the relay has not come to remove it.</summary>
    private async ValueTask<Kept?> FindKeptAsync(Transaction tx)
    {
        var kept = await tx.FindAsync(
            "SELECT id, at, fingerprint, status, location, etag, body FROM basin_idempotency WHERE tenant = $1 AND caller = $2 AND key = $3",
            ReadKept, _caller.Tenant.Value, _caller.Subject, _key);
        if (kept is null || kept.At >= tx.Now - _registry.KeepFor)
            return kept;
        await tx.ExecuteAsync("DELETE FROM basin_idempotency WHERE id = $1", kept.Id);
        return null;
    }

    private async ValueTask KeepAsync<T>(Transaction tx, byte[] fingerprint, Answer<T> answer)
    {
        var body = answer.Problem is { } problem
            ? JsonSerializer.SerializeToUtf8Bytes(problem, _registry.Json)
            : answer.Body = answer.Serialize(_registry.Json);
        await tx.SendAsync(
            """
            INSERT INTO basin_idempotency (tenant, caller, key, fingerprint, status, location, etag, body, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            _caller.Tenant.Value, _caller.Subject, _key, fingerprint, answer.Status, answer.Location, answer.ETag, SqlValue.Utf8(body), tx.Now);
    }

    private Answer<T> Replay<T>(Kept kept) => kept.Status >= 400
        ? new Answer<T>(kept.Status) { Problem = JsonSerializer.Deserialize<Problem>(kept.Body, _registry.KeptJson), Replayed = kept.Body }
        : new Answer<T>(kept.Status)
        {
            Value = kept.Status == StatusCodes.Status204NoContent ? default : JsonSerializer.Deserialize<T>(kept.Body, _registry.KeptJson),
            Location = kept.Location,
            ETag = kept.ETag,
            Replayed = kept.Body,
        };

    private byte[] FingerprintOf<TRequest>(TRequest request) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(_scope), 0, .. JsonSerializer.SerializeToUtf8Bytes(request, _registry.Json)]);

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

    private sealed record Kept(long Id, DateTimeOffset At, byte[] Fingerprint, int Status, string? Location, string? ETag, byte[] Body);

    private static Kept ReadKept(Row row) => new(
        row.Integer(0), row.Time(1), row.Bytes(2).ToArray(), row.Int(3), row.TextOrNull(4), row.TextOrNull(5), row.Bytes(6).ToArray());
}

internal readonly record struct OnceKey(long Tenant, string Caller, string Key);

/// <summary>Which keys are running in this process, and what every <see cref="Once"/> shares.</summary>
public sealed class OnceRegistry(IOptions<JsonOptions> json, IOptions<IdempotencyOptions> options)
{
    private readonly ConcurrentDictionary<OnceKey, Running> _running = new();
    private int _nextShard;

    internal TimeSpan KeepFor { get; } = TimeSpan.FromHours(options.Value.KeepHours);

    internal JsonSerializerOptions Json => json.Value.SerializerOptions;

    /// <summary>Reads what <see cref="Json"/> has written, where members that are null are left out.</summary>
    internal JsonSerializerOptions KeptJson { get; } = new(json.Value.SerializerOptions) { RespectRequiredConstructorParameters = false };

    /// <summary>For callers inside the process, such as a form of the shop.</summary>
    /// <param name="key">The key, or null when repeats cannot happen.</param>
    /// <param name="scope">Names the use case.</param>
    public Once For(Caller caller, string? key, string scope) => new(this, caller, key, scope);

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

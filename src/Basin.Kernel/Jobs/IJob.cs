using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Jobs;

/// <summary>
/// Work that a transaction leaves behind because it happens later (an expiry) or outside (a call to a provider). It is durable and runs at least
/// once, so what it calls must tolerate a repeat.
/// </summary>
public interface IJob<TSelf>
    where TSelf : class, IJob<TSelf>
{
    static abstract JobType<TSelf> Type { get; }

    /// <summary>The id of the entity it is about.</summary>
    long Key { get; }
}

/// <param name="Name">Stored, such as <c>payments.authorize.v1</c>.</param>
/// <param name="KeyPrefix">The prefix of the key's entity.</param>
public sealed record JobType<T>(string Name, string KeyPrefix, JsonTypeInfo<T> Json);

/// <summary>A job as it is stored.</summary>
internal sealed record JobRecord(
    long Id, string Type, long Key, Id<Tenant> Tenant, DateTimeOffset DueAt, int Attempts, string? TraceParent, ReadOnlyMemory<byte> Data)
{
    /// <summary>What <see cref="Data"/> was written from, while the process that scheduled it still runs.</summary>
    public object? Work { get; init; }
}

/// <summary>
/// Runs a job. It ends by <see cref="JobRun.CompleteAsync"/>, or <see cref="JobRun.AgainAtAsync"/>; an exception means another try with back-off.
/// </summary>
public delegate Task JobHandler<in T>(T job, JobRun run, CancellationToken cancellation);

/// <summary>A handler with its job's type erased.</summary>
internal sealed record JobBinding(string Type, string KeyPrefix, Func<JobRun, CancellationToken, Task> Run)
{
    public static JobBinding Of<T>(JobHandler<T> handler)
        where T : class, IJob<T> => new(
            T.Type.Name, T.Type.KeyPrefix, (run, cancellation) => handler(run.Record.Work as T ?? Read<T>(run.Record), run, cancellation));

    private static T Read<T>(JobRecord record)
        where T : class, IJob<T> =>
        JsonSerializer.Deserialize(record.Data.Span, T.Type.Json) ?? throw new JsonException("The data of the job is null.");
}

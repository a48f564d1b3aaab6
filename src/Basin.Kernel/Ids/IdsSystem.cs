using System.Globalization;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Ids;

/// <summary>Ids for programs outside, from shards of their own.</summary>
public static class IdsSystem
{
    private const string Name = "ids";
    private const int MaxCount = 10_000;

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddIds()
        {
            builder.AddSystem(Name, typeof(IdsSystem).Assembly, "Ids").Sharded();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapIds()
        {
            routes.MapPost("/v1/ids", MakeIds).WithTags("Ids").RequireScope("ids:write");
            return routes;
        }
    }

    /// <summary>Makes ids.</summary>
    /// <remarks>64-bit Snowflakes: 41 bits of milliseconds since 2025-01-01, 10 bits of shard, 12 bits of sequence; unique and growing per shard.</remarks>
    /// <param name="count">1 to 10000; 1 by default.</param>
    private static async Task<Answer<IdBatch>> MakeIds(
        int? count, Once once, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        if (count is < 1 or > MaxCount)
            return KernelProblems.Invalid.At("count", $"A number from 1 to {MaxCount} is expected.");
        var shard = once.ShardFor(store);
        var wanted = count ?? 1;
        return once.HasKey
            ? await once.WriteAsync(store, shard, wanted, _ => ValueTask.FromResult(Answer.Ok(Take(store, shard, wanted))), cancellation)
            : Take(store, shard, wanted);
    }

    private static IdBatch Take(Store store, ShardKey shard, int count)
    {
        var generator = store.ShardOf(shard).Ids;
        var ids = new string[count];
        for (var i = 0; i < count; i++)
            ids[i] = generator.Next().ToString(CultureInfo.InvariantCulture);
        return new IdBatch(ids);
    }
}

/// <param name="Ids">Decimal numbers as strings, because a JSON number of 64 bits does not survive every reader.</param>
public sealed record IdBatch(IReadOnlyList<string> Ids);

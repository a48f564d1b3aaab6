using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Kernel.Tests.Sample;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Crash;

/// <summary>Writes numbered rows and their events as fast as it can and prints each number once it is acknowledged, until somebody kills it.</summary>
internal static class KilledWriter
{
    public const string Argument = "killed-writer";
    private const int Writers = 16;

    public static async Task<int> RunAsync(string directory)
    {
        var shard = Open(directory);
        var next = await shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT MAX(number) FROM effect"), CancellationToken.None) ?? 0;
        var output = Console.OpenStandardOutput();
        var turn = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                var id = shard.Ids.Next();
                await WriteAsync(shard, number, id);
                var line = System.Text.Encoding.ASCII.GetBytes($"{number} {id} kept\n");
                lock (turn)
                    output.Write(line);
            }
        })));
        return 0;
    }

    public static SqliteShard Open(string directory) => SqliteShard.Open(
        new ShardPlace("crash", 0, 1),
        [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. Migration.In(typeof(Walker).Assembly, "crash")],
        new StoreOptions { Directory = directory },
#pragma warning disable RS0030 // A process of its own, with the system's clock.
        TimeProvider.System,
#pragma warning restore RS0030
        NullLogger.Instance);

    private static Task<int> WriteAsync(SqliteShard shard, long number, long id) => shard.WriteAsync(
        async tx =>
        {
            await tx.ExecuteAsync("INSERT INTO effect (number, key, value, note) VALUES ($1, $2, 1, 'row')", number, id);
            await tx.PublishAsync(Walker.Tenant, new Stepped(new Id<Thing>(id), (int)number));
            await tx.ExecuteAsync("INSERT INTO effect (number, key, value, note) VALUES ($1, $2, 2, 'twin')", -number, id);
            return 0;
        },
        WritePriority.Request,
        CancellationToken.None);
}

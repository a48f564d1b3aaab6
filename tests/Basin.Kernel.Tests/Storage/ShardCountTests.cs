using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Storage;

public sealed class ShardCountTests
{
    private const string Shards = "Basin:Store:Shards:walker";

    [Fact]
    public async Task A_first_start_that_ended_after_one_of_three_shards_is_finished_by_the_next()
    {
        await using var host = await StartAsync(1);

        host.Settings[Shards] = "3";
        await host.RestartAsync();

        Assert.Equal(3, host.StoreOf("walker").Shards.Count);
        await UseAsync(host);
    }

    [Fact]
    public async Task A_first_start_that_ended_within_a_file_is_finished_by_the_next()
    {
        await using var host = await StartAsync(2, Backend.Sqlite);
        await host.StopAsync();
        var folder = Path.Combine(host.DataDirectory, "data", "walker");
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, "000.db"), []);

        await host.StartAgainAsync();

        Assert.Equal(2, host.StoreOf("walker").Shards.Count);
        await UseAsync(host);
    }

    [Theory]
    [InlineData(true, "3")]
    [InlineData(false, "3")]
    [InlineData(false, "1")]
    public async Task The_number_of_shards_is_fixed_once_there_is_data(bool onlyAnId, string count)
    {
        await using var host = await StartAsync(2);
        if (onlyAnId)
            host.Get<Walker>().NewThing();
        else
            await UseAsync(host);

        host.Settings[Shards] = count;
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(host.RestartAsync);

        Assert.Contains($"holds 2 shards but {Shards} is {count}", refusal.Message);
    }

    private static async Task UseAsync(TestHost host)
    {
        var walker = host.Get<Walker>();
        foreach (var shard in walker.Store.Shards)
            await walker.StepAsync(walker.NewThing(shard.Number), 1);
    }

    private static Task<TestHost> StartAsync(int shards, Backend? backend = null) => TestHost.StartAsync(
        builder => builder.AddWalker(),
        options: new TestHostOptions { Settings = { [Shards] = $"{shards}" }, Backend = backend ?? TestBackend.OfRun });
}

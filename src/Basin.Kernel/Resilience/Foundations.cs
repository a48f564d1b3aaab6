using System.Globalization;
using Basin.Kernel.Events;
using Basin.Kernel.Events.Rabbit;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;

namespace Basin.Kernel.Resilience;

/// <summary>What all systems stand on: the database, and the broker where there is one. Both limit and mend their connections themselves.</summary>
internal sealed class Foundations(
    Stores stores, EventCarrier carrier, StoreOptions store, PostgresOptions postgres, RabbitOptions rabbit, TimeProvider time)
{
    private const string NoBreaker = "none: writes are refused at once while a shard cannot commit";

    public IEnumerable<Dependency> All => rabbit.IsUsed ? [Database, Broker] : [Database];

    private WatchedDependency Database => postgres.IsUsed
        ? new WatchedDependency(
            new DependencyInfo(
                "kernel/postgres",
                "Keeps the data of all systems.",
                "Requests wait for a standby to take over, then get 503 until the database is back. Nothing that was acknowledged is lost; events and jobs go on by themselves."),
            new DependencyRules(
                $"3 s to connect, unless the connection string says otherwise; {Text(postgres.StatementTimeout)} for a statement, {Text(postgres.LockTimeout)} for a lock",
                $"for {Text(postgres.FailoverPatience)}, every {Text(Reachability.Pause)}; a commit is looked up before it is made again",
                NoBreaker,
                PlacesOf(postgres.ReadersPerShard)),
            LookAtShards,
            time)
        : new WatchedDependency(
            new DependencyInfo(
                "kernel/files",
                "Keeps the data of all systems, in SQLite files.",
                "Requests that write get 503 while the disk is full or broken; pages go on to show what is there."),
            new DependencyRules("none: a disk is not asked over a network", "by whoever asks", NoBreaker, PlacesOf(store.ReadersPerShard)),
            LookAtShards,
            time);

    private WatchedDependency Broker => new(
        new DependencyInfo(
            "kernel/rabbitmq",
            "Brings the events of one process to the others.",
            "Nothing but some milliseconds: processes look into the database for events until it is back."),
        new DependencyRules(
            $"3 s to connect; {Text(rabbit.ConfirmTimeout)} for a confirmation; a connection is lost after {Text(rabbit.Heartbeat)} of silence",
            $"connects again by itself, at most {Text(rabbit.LongestBackoff)} apart",
            "none: while it is not connected nobody waits for it",
            "two connections"),
        () => carrier.IsUp ? (DependencyState.Ok, null) : (DependencyState.Unreachable, "It is not connected."),
        time);

    private string PlacesOf(int readers) => string.Create(
        CultureInfo.InvariantCulture,
        $"of each shard one writer, for which {store.MaxQueuedWrites} wait up to {store.MaxQueueSeconds:0.#} s, and {readers} readers, for which {store.MaxQueuedReads} wait");

    private (DependencyState State, string? Detail) LookAtShards()
    {
        var shards = stores.All.SelectMany(each => each.Shards.Select(shard => (Name: $"{each.System}/{shard.Number}", shard.Trouble))).ToList();
        var troubled = shards.Where(shard => shard.Trouble is not null).ToList();
        if (troubled.Count == 0)
            return (DependencyState.Ok, null);
        var detail = string.Create(
            CultureInfo.InvariantCulture, $"{troubled.Count} of {shards.Count} shards take no writes; {troubled[0].Name}: {troubled[0].Trouble!.Message}");
        return (troubled.Count == shards.Count ? DependencyState.Unreachable : DependencyState.Struggling, detail);
    }

    private static string Text(TimeSpan time) => DependencyRules.Text(time);
}

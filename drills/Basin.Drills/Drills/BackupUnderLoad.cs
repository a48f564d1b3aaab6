using Basin.Drills.Running;
using Basin.Testing;

namespace Basin.Drills.Drills;

internal static class BackupUnderLoad
{
    public static Drill Drill { get; } = new("backup-under-load", "A backup is made while customers order and pay")
    {
        Area = "host",
        Hypothesis = "What is restored is one moment of the whole shop: all that was acknowledged before it is there, and its books agree.",
        Load = new Load(9, new Traffic(Kind.Browse, 5), new Traffic(Kind.Checkout, 20), new Traffic(Kind.Payment, 5)),
        Faults = [Fault.Moment("backup", at: 3, BackUpAsync)],
        Afterwards = RestoreAsync,
        Grades =
        [
            .. Grade.Always, Grade.Unserved, Grade.Errors(Kind.Checkout, atMost: 0), Grade.NotedAtLeast(Before, atLeast: 20), Grade.Noted(Missing, atMost: 0),
            Grade.Noted(Wrong, atMost: 0),
        ],
        Why = "All files are locked against writers for some milliseconds, a snapshot of each is fixed, and the copying goes on beside the writers.",
        Code = ["src/Basin.Kernel/Storage/Sqlite/SqliteCut.cs", "src/Basin.Kernel/Storage/Backups/Backup.cs", "docs/backup.md"],
        TakenAway = new(
            "One cut through all shards",
            "Each file was locked and fixed by itself, 200 ms after the one before.",
            "Books that disagree in what is restored: 4 (at most 0)"),
    };

    private const string Before = "Acknowledged before the backup";
    private const string Missing = "Of those, missing in what is restored";
    private const string Wrong = "Books that disagree in what is restored";

    private static Task BackUpAsync(Stage stage) => stage.Host.RunAsync("backup", "--data", stage.Host.Data, "--to", stage.Place.File("backup"));

    private static async Task RestoreAsync(Stage stage)
    {
        var backup = stage.Faults.Single().From;
        bool IsBefore(Visit visit) => visit.Id is not null && visit.Arrival.At + (visit.Milliseconds / 1000) < backup;
        var restored = stage.Place.File("restored");
        await stage.Host.RunAsync("restore", "--from", stage.Place.File("backup"), "--data", restored);
        await using var host = await HostProcess.StartAsync(stage.Host.Surroundings with { Data = restored }, [.. PrivateHost.Usual]);
        // Who came later may be in it or not, and is not asked for.
        List<Visit> visits = [.. stage.Visits.Select(visit => IsBefore(visit) ? visit : visit with { IsServed = false, Id = null, Answers = [] })];
        var findings = Audit.Of(visits, await new BookReader(host.ClientOf(), visits, stage.Time).ReadAsync(), stage.Drill.Stock);
        stage.Notes[Before] = visits.Count(visit => visit.Id is not null);
        stage.Notes[Missing] = findings.Lost.Count;
        stage.Notes[Wrong] = findings.Doubled.Count + findings.Wrong.Count + findings.Changed.Count;
    }
}

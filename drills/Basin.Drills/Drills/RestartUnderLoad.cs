namespace Basin.Drills.Drills;

internal static class RestartUnderLoad
{
    public static Drill Drill { get; } = new("restart-under-load", "The host is asked to end and started again while customers order")
    {
        Area = "host",
        Hypothesis = "A restart cuts nobody off who is being served. Who comes meanwhile comes again.",
        Host = new("--Basin:Sandbox:Latency=00:00:00.300"),
        Load = new Load(9, new Traffic(Kind.Checkout, 15), new Traffic(Kind.Payment, 15)),
        Faults = [Fault.Restart(at: 3)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.UnderWay(atLeast: 3), Grade.CutOff, Grade.Recovers(within: 30)],
        Why = "The host stops listening, answers what it has begun, lets background work end, and only then closes its stores.",
        Code = ["src/Basin.Host/WebServer.cs", "src/Basin.Kernel/Hosting/Relay.cs", "docs/systems/kernel.md"],
        TakenAway = new(
            "The drain at the end of a host",
            "The time that running requests have to end was set to 1 ms.",
            "Requests cut off: 10 (at most 0)"),
    };
}

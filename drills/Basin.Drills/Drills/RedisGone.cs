using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Drills.Running;

namespace Basin.Drills.Drills;

internal static class RedisGone
{
    private const string Policy = "--Basin:Limits:Policies:api";
    private const int PerSecond = 100;
    private const int AtOnce = 100;
    private const double FloodSeconds = 6;
    private const string Missed = "Redis that the host misses";

    /// <summary>What is counted anew, where Redis has gone and where it has come back.</summary>
    private const int Anew = 2 * AtOnce;

    /// <summary>What is sent in the last moment is counted a little later.</summary>
    private const int OnTheirWay = 25;

    public static Drill Drill { get; } = new("redis-gone", "Redis, in which the limits are counted, ends in the middle of a flood")
    {
        Area = "limits",
        Hypothesis = "Nobody is refused because Redis is gone, and a flood is held back all the same: each process counts by itself until Redis is there again.",
        Host = new($"{Policy}:Shared=true", $"{Policy}:Limits:0:Per:0=Caller", $"{Policy}:Limits:0:Per:1=Route", $"{Policy}:Limits:0:Permits={PerSecond}", $"{Policy}:Limits:0:Burst={AtOnce}")
        {
            HasRedis = true,
        },
        Load = new Load(
            12, new Traffic(Kind.Browse, 10), new Traffic(Kind.Checkout, 10), new Traffic(Kind.Browse, 4 * PerSecond) { From = 3, Until = 3 + FloodSeconds })
        {
            // Whoever is sent away goes: a storm of repeats is another drill.
            Manners = new() { GivesUpAfter = TimeSpan.Zero, Patience = TimeSpan.FromSeconds(15) },
        },
        Faults = [Fault.RedisGone(at: 5, during: 2) with { MendAsync = LookAndMendAsync }],
        Afterwards = stage => Shop.LiftLimitAsync(stage.Host.Client),
        Grades =
        [
            .. Grade.Always, Grade.NotedAtLeast(Missed, atLeast: 1), Grade.Felt(tries: 500),
            Grade.LetIn(Kind.Browse, from: 3, until: 3 + FloodSeconds, atMost: (PerSecond * FloodSeconds) + AtOnce + Anew + OnTheirWay),
            Grade.Refusals(Kind.Checkout, atMost: 0), Grade.Errors(Kind.Checkout, atMost: 0),
        ],
        Why = "A decision that Redis does not answer is made here, by the same rule; a policy that would rather refuse says so.",
        Code = ["src/Engines/Limits/Shared/SharedLimiter.cs", "src/Engines/Resp/RespClient.cs", "docs/systems/limits.md"],
        TakenAway = new("Counting here while Redis is gone", "Basin:Limits:Policies:api:WhenUnreachable was Refuse.", "Refusal share of checkout: 11.45% (at most 0%)"),
    };

    private static async Task LookAndMendAsync(Stage stage)
    {
        var seen = await stage.Host.Client.GetFromJsonAsync<JsonNode>("/v1/dependencies");
        stage.Notes[Missed] = seen!["data"]!.AsArray().Count(each => each!.Text("name") == "limits/redis" && each!.Text("state") != "ok");
        await stage.Host.Redis.StartAgainAsync();
    }
}

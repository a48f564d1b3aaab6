using System.Text.Json;

namespace Basin.Bench;

/// <summary>What an order costs, as it was measured: <c>bench/cost-sheet.json</c>, made by <c>pipeline</c> and <c>grow</c>.</summary>
/// <param name="Stages">In files, in one process, by stage.</param>
/// <param name="ClusterMicroseconds">CPU by program, with PostgreSQL, RabbitMQ and three processes.</param>
internal sealed record CostSheet(Dictionary<string, StageCost> Stages, Dictionary<string, double> ClusterMicroseconds)
{
    private static readonly string Committed = Path.Combine(Workplace.Root, "bench", "cost-sheet.json");
    private static readonly string Measured = Path.Combine(Workplace.Results, "cost-sheet.json");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static CostSheet Read() => JsonSerializer.Deserialize<CostSheet>(File.ReadAllBytes(Committed), Json)!;

    /// <summary>Writes what was just measured beside the reports; to be copied over the committed one by whoever believes it.</summary>
    public static void Write(Func<CostSheet, CostSheet> change)
    {
        var sheet = change(File.Exists(Measured) ? JsonSerializer.Deserialize<CostSheet>(File.ReadAllBytes(Measured), Json)! : new CostSheet([], []));
        File.WriteAllText(Measured, JsonSerializer.Serialize(sheet, Json) + "\n");
    }

    public StageCost Order => Stages.Values.Aggregate((one, other) => one + other);
}

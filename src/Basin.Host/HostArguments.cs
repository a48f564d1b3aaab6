namespace Basin.Host;

/// <summary>The options of the command line. What is not known refuses the start, so that a misspelt option is never ignored.</summary>
/// <param name="Settings">What the configuration reads.</param>
/// <param name="Refusal">Why the host cannot start, or null.</param>
internal sealed record HostArguments(string[] Settings, bool Help, string? Refusal)
{
    public const string Usage = """
        Usage: basin [options]                       Starts Basin.
               basin backup --data DIR --to DIR      Copies all that is kept, whether Basin runs or not.
               basin restore --from DIR --data DIR   Makes a new data directory of a backup.
               basin move --data DIR [options]       Copies all that is kept into PostgreSQL, and compares; --verify-only compares.

          --urls URL               Where to listen. Default http://localhost:5000; port 0 takes a free one.
          --data DIR               Where everything is kept. Default: data, below the working directory.
          --demo                   Begin with products, a customer and demo traffic.
          --Basin:Section:Name V   Any setting; also as environment variable Basin__Section__Name or in appsettings.json.
          --help                   Show this.
        """;

    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--urls"] = "urls",
        ["--data"] = "Basin:Store:Directory",
        ["--environment"] = "environment",
    };

    public static HostArguments Parse(IReadOnlyList<string> args)
    {
        var settings = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = Split(args[i]);
            if (name is "--help" or "-h")
                return new HostArguments([], Help: true, null);
            if (name == "--demo" && value is null)
            {
                settings.Add("--Basin:Demo:Enabled=true");
                continue;
            }
            if (KeyOf(name) is not { } key)
                return Refuse($"Unknown option '{name}'. Try --help.");
            value ??= i + 1 < args.Count ? args[++i] : null;
            if (string.IsNullOrWhiteSpace(value) || value.StartsWith("--", StringComparison.Ordinal))
                return Refuse($"Option '{name}' needs a value.");
            settings.Add($"--{key}={value}");
        }
        return new HostArguments([.. settings], Help: false, null);
    }

    public static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static string? KeyOf(string name) =>
        Names.TryGetValue(name, out var key) ? key
        : name.StartsWith("--Basin:", StringComparison.OrdinalIgnoreCase) ? name[2..]
        : null;

    private static HostArguments Refuse(string sentence) => new([], Help: false, sentence);
}

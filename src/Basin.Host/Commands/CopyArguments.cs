namespace Basin.Host.Commands;

/// <summary>The command line of <c>basin backup</c> and <c>basin restore</c>. Both directories are named: none is taken for another.</summary>
/// <param name="Data">The data directory.</param>
/// <param name="Backup">The directory of the backup.</param>
/// <param name="Refusal">Why nothing is done, or null.</param>
internal sealed record CopyArguments(CopyVerb Verb, string Data, string Backup, bool Help, string? Refusal)
{
    /// <returns>Null when the line does not begin with one of the verbs.</returns>
    public static CopyArguments? Parse(string[] args) => args switch
    {
        ["backup", .. var options] => Parse(CopyVerb.Backup, "--to", options),
        ["restore", .. var options] => Parse(CopyVerb.Restore, "--from", options),
        _ => null,
    };

    private static CopyArguments Parse(CopyVerb verb, string backup, string[] options)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < options.Length; i++)
        {
            var (name, value) = HostArguments.Split(options[i]);
            if (name is "--help" or "-h")
                return new CopyArguments(verb, "", "", Help: true, null);
            if (name != "--data" && name != backup)
                return Refuse($"Unknown option '{name}'. Try --help.");
            value ??= i + 1 < options.Length ? options[++i] : null;
            if (string.IsNullOrWhiteSpace(value) || value.StartsWith("--", StringComparison.Ordinal))
                return Refuse($"Option '{name}' needs a value.");
            if (!values.TryAdd(name, value))
                return Refuse($"Option '{name}' is there twice.");
        }
        return Array.Find(["--data", backup], name => !values.ContainsKey(name)) is { } missing
            ? Refuse($"Option '{missing}' is missing.")
            : new CopyArguments(verb, values["--data"], values[backup], Help: false, null);

        CopyArguments Refuse(string sentence) => new(verb, "", "", Help: false, sentence);
    }
}

internal enum CopyVerb
{
    Backup,
    Restore,
}

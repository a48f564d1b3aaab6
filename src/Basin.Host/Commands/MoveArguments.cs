namespace Basin.Host.Commands;

/// <summary>The command line of <c>basin move</c>: the settings are those that a host has on both sides.</summary>
/// <param name="Settings">What the configuration reads.</param>
/// <param name="VerifyOnly">Only compares what was moved.</param>
/// <param name="Refusal">Why nothing is done, or null.</param>
internal sealed record MoveArguments(string[] Settings, bool VerifyOnly, bool Help, string? Refusal)
{
    private const string VerifyOption = "--verify-only";

    /// <returns>Null when the line does not begin with the verb.</returns>
    public static MoveArguments? Parse(string[] args) => args is ["move", .. var options] ? ParseOptions(options) : null;

    private static MoveArguments ParseOptions(string[] options)
    {
        var host = HostArguments.Parse([.. options.Where(option => option != VerifyOption)]);
        // None is taken for another: without a name it would be the one below the working directory.
        var refusal = host.Refusal ?? (host.Help || Array.Exists(options, IsData) ? null : "Option '--data' is missing.");
        return new MoveArguments(host.Settings, options.Contains(VerifyOption), host.Help, refusal);
    }

    private static bool IsData(string option) => HostArguments.Split(option).Name.Equals("--data", StringComparison.OrdinalIgnoreCase);
}

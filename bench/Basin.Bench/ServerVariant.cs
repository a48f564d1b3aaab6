namespace Basin.Bench;

/// <summary>One of the servers that are compared: a web project, with what it needs besides <c>--urls</c> and <c>--data</c>.</summary>
/// <param name="Name">Its column in tables and its value for <c>--only</c>.</param>
/// <param name="Project">The folder of its project, from the root of the repository.</param>
/// <param name="Arguments">Further arguments of its command line.</param>
/// <param name="Environment">Further environment variables.</param>
internal sealed record ServerVariant(
    string Name, string Project, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>The processor that it runs on alone; null for all.</summary>
    public int? Processor { get; init; }

    private string ProjectName => Path.GetFileName(Project);

    /// <summary>Where the Release build lies.</summary>
    public string Assembly => Path.Combine(Workplace.Root, "artifacts", "bin", ProjectName, "release", ProjectName + ".dll");

    public async Task BuildAsync(CancellationToken cancellation)
    {
        // Whether the code is well-formed is for the tests to say.
        string[] arguments =
            ["build", Path.Combine(Workplace.Root, Project), "-c", "Release", "-v", "quiet", "--nologo", "-p:RunAnalyzers=false"];
        using var build = ChildProcess.Start("dotnet", arguments);
        if (await build.WaitAsync(cancellation) != 0)
            throw new BenchmarkException($"{Project} does not build:\n{build.Output}");
    }
}

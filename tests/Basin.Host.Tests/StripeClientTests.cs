using System.Diagnostics;
using System.Text.RegularExpressions;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>Stripe's own client for Node, unmodified, against the real program: all scenarios of <c>tests/stripe</c>.</summary>
public sealed partial class StripeClientTests(ITestOutputHelper output)
{
    /// <summary>These need no Basin, or routes that it does not have: the tests of the dialect run them.</summary>
    private static readonly string[] Elsewhere = ["sample.test.mjs", "shapes.test.mjs"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string Folder = Path.Combine(Repository(), "tests", "stripe");

    [Fact]
    public async Task The_client_from_npm_is_content_with_every_scenario()
    {
        Assert.SkipUnless(IsThere("npm"), "npm is not installed here, so that Stripe's client cannot be.");
        await InstallAsync();
        await using var host = await HostProcess.StartAsync("--Basin:Notifications:Email=false", "--Basin:Payments:FirstWait=00:00:00.1");

        // One file after the other: some look at lists of everything.
        var files = Directory.GetFiles(Folder, "*.test.mjs").Select(file => Path.GetFileName(file)).Except(Elsewhere).Order();
        var (code, printed) = await RunAsync(
            "node",
            ["--test", "--test-concurrency=1", "--test-reporter=tap", .. files],
            new() { ["BASIN_PORT"] = $"{host.Client.BaseAddress!.Port}", ["BASIN_KEY"] = HostProcess.OperatorKey });

        var scenarios = Scenario().Matches(printed);
        var failed = scenarios.Where(line => line.Groups["not"].Success || line.Groups["skip"].Success).ToList();
        output.WriteLine($"{scenarios.Count - failed.Count} of {scenarios.Count} scenarios");
        foreach (var scenario in scenarios.Except(failed))
            output.WriteLine(scenario.Groups["name"].Value);
        Assert.True(failed.Count == 0, $"{string.Join('\n', failed.Select(line => $"FAILED {line.Groups["name"]}"))}\n{printed}");
        Assert.True(code == 0 && scenarios.Count > 0, printed);
    }

    private static bool IsThere(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Only where something is missing: others may be using what is there.</summary>
    private static async Task InstallAsync()
    {
        // npm writes this one itself, so it vanishes together with what it vouches for.
        var (wanted, installed) = (Path.Combine(Folder, "package-lock.json"), Path.Combine(Folder, "node_modules", ".package-lock.json"));
        if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(wanted))
            return;
        var (code, printed) = await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], []);
        Assert.True(code == 0, printed);
    }

    private static async Task<(int Code, string Printed)> RunAsync(
        string program, IEnumerable<string> arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Patience);
        try
        {
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            var printed = await process.StandardOutput.ReadToEndAsync(timeout.Token) + await error;
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, printed);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }

    /// <summary>A line of TAP, of a test that is in no other.</summary>
    [GeneratedRegex(@"^(?<not>not )?ok \d+ - (?<name>.*?)(?<skip> # SKIP.*)?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scenario();
}

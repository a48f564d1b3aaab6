using System.Diagnostics;

namespace Basin.Commerce.Tests.StripeDialect;

/// <summary>Stripe's own client for Node, unmodified, against the sample routes.</summary>
public sealed class NpmClientTests
{
    private const string Key = "key-of-the-operator-for-tests";

    [Theory]
    [InlineData("wire.test.mjs")]
    [InlineData("sample.test.mjs")]
    [InlineData("shapes.test.mjs")]
    public async Task The_client_from_npm_is_content(string file)
    {
        var folder = Path.Combine(Repository(), "tests", "stripe");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules")), "npm ci was not run in tests/stripe.");
        await using var host = await PetShop.OpenAsync(new() { ["BASIN_OPERATOR_KEY"] = Key });
        using var node = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList = { "--test", file },
            WorkingDirectory = folder,
            Environment =
            {
                ["BASIN_HOST"] = host.Address.Host,
                ["BASIN_PORT"] = $"{host.Address.Port}",
                ["BASIN_KEY"] = Key,
                ["BASIN_SAMPLE"] = "1",
            },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        try
        {
            var output = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
            await node.WaitForExitAsync();
            Assert.True(node.ExitCode == 0, output);
            Assert.DoesNotContain("# SKIP", output);
        }
        finally
        {
            node.Kill(entireProcessTree: true);
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}

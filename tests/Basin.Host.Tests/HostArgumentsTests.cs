namespace Basin.Host.Tests;

public sealed class HostArgumentsTests
{
    [Theory]
    [InlineData("--urls http://localhost:1", "--urls=http://localhost:1")]
    [InlineData("--urls=http://localhost:1", "--urls=http://localhost:1")]
    [InlineData("--data /var/basin", "--Basin:Store:Directory=/var/basin")]
    [InlineData("--demo", "--Basin:Demo:Enabled=true")]
    [InlineData("--demo --data d", "--Basin:Demo:Enabled=true --Basin:Store:Directory=d")]
    [InlineData("--Basin:Events:MaxBatch 7", "--Basin:Events:MaxBatch=7")]
    [InlineData("--basin:events:maxbatch=7", "--basin:events:maxbatch=7")]
    [InlineData("", "")]
    public void Options_become_settings(string line, string settings)
    {
        var arguments = Parse(line);

        Assert.Null(arguments.Refusal);
        Assert.Equal(settings, string.Join(' ', arguments.Settings));
    }

    [Theory]
    [InlineData("--dta x", "--dta")]
    [InlineData("data", "data")]
    [InlineData("--demo=yes", "--demo")]
    [InlineData("--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Default")]
    [InlineData("--data", "--data")]
    [InlineData("--data --demo", "--data")]
    [InlineData("--urls=", "--urls")]
    public void What_is_not_known_or_has_no_value_is_named(string line, string name) => Assert.Contains($"'{name}'", Parse(line).Refusal);

    [Fact]
    public void Help_wins_over_everything() => Assert.True(Parse("--data x --help --nonsense").Help);

    private static HostArguments Parse(string line) => HostArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

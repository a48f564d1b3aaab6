using Basin.Host.Commands;

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

    [Theory]
    [InlineData("backup --data d --to t", CopyVerb.Backup, "d", "t")]
    [InlineData("backup --to=t --data=d", CopyVerb.Backup, "d", "t")]
    [InlineData("restore --from f --data d", CopyVerb.Restore, "d", "f")]
    public void A_verb_comes_first_and_names_two_directories(string line, object verb, string data, string backup) =>
        Assert.Equal(new CopyArguments((CopyVerb)verb, data, backup, Help: false, Refusal: null), ParseCopy(line));

    [Theory]
    [InlineData("backup --data d", "--to")]
    [InlineData("backup --to t", "--data")]
    [InlineData("restore --data d", "--from")]
    [InlineData("backup --data d --from t", "--from")]
    [InlineData("backup --data d --to t --demo", "--demo")]
    [InlineData("backup d --to t", "d")]
    [InlineData("backup --data --to t", "--data")]
    [InlineData("backup --data d --data e --to t", "--data")]
    public void What_a_verb_does_not_know_or_misses_is_named(string line, string name) => Assert.Contains($"'{name}'", ParseCopy(line)!.Refusal);

    [Theory]
    [InlineData("")]
    [InlineData("--data backup")]
    [InlineData("Backup")]
    public void Without_a_verb_the_host_starts(string line) => Assert.Null(ParseCopy(line));

    [Fact]
    public void A_verb_has_help_too() => Assert.True(ParseCopy("restore --help --nonsense")!.Help);

    private static CopyArguments? ParseCopy(string line) => CopyArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static HostArguments Parse(string line) => HostArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

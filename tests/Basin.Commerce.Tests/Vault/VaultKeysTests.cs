using System.Security.Cryptography;
using Basin.Testing;

namespace Basin.Commerce.Tests.Vault;

/// <summary>Root keys: where they are found, what happens without them, and how they are changed.</summary>
public sealed class VaultKeysTests : IDisposable
{
    private const string Variable = TestBackend.VaultKeysVariable;

    private static readonly string Old = Line("2025");
    private static readonly string New = Line("2026");

    private readonly TemporaryDirectory _place = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_first_start_makes_a_key_that_only_its_user_reads_and_says_once_where_it_is()
    {
        await using var vault = await InFilesAsync();
        var file = Path.Combine(vault.Host.DataDirectory, "data", "vault-keys", "vault.key");
        var text = await File.ReadAllTextAsync(file, Cancelled);
        var card = await vault.KeepAsync();

        await vault.Host.RestartAsync();

        Assert.Equal(VaultHost.Visa, await vault.NumberOfAsync(card.Id));
        Assert.Matches("^[0-9-]{10}:[A-Za-z0-9+/]{43}=\n$", text);
        Assert.Equal(text, await File.ReadAllTextAsync(file, Cancelled));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
        }
        Assert.Contains(file, Assert.Single(vault.Host.Log.Lines, line => line.EventId == 2901).Text);
        var secret = text.Trim().Split(':')[1];
        Assert.DoesNotContain(vault.Host.Log.Lines, line => line.ToString().Contains(secret, StringComparison.Ordinal));
        Assert.Equal(["vault-keys"], await vault.Host.StoringAsync(secret));
    }

    [Fact]
    public async Task Without_the_key_of_its_cards_a_host_refuses_to_start_and_says_which_is_missing_and_where()
    {
        await using var vault = await InFilesAsync();
        var card = await vault.KeepAsync();
        var folder = Path.Combine(vault.Host.DataDirectory, "data", "vault-keys");
        var id = (await File.ReadAllTextAsync(Path.Combine(folder, "vault.key"), Cancelled)).Split(':')[0];
        await vault.Host.StopAsync();
        Directory.Move(folder, _place.File("kept"));

        var refused = await RefusedAsync(vault);
        Assert.Contains($"root key '{id}'", refused);
        Assert.Contains(folder, refused);
        Assert.Contains(Variable, refused);
        Assert.False(Directory.Exists(folder));

        Directory.Move(_place.File("kept"), folder);
        await vault.Host.StartAgainAsync();
        Assert.Equal(VaultHost.Visa, await vault.NumberOfAsync(card.Id));
    }

    [Fact]
    public async Task An_empty_vault_takes_any_key()
    {
        await using var vault = await StartAsync(Old);

        vault.Host.Settings[Variable] = New;
        await vault.Host.RestartAsync();

        Assert.Equal(VaultHost.Visa, await vault.NumberOfAsync((await vault.KeepAsync()).Id));
    }

    [Fact]
    public async Task Another_key_under_the_name_of_the_right_one_is_refused()
    {
        await using var vault = await StartAsync(Old);
        await vault.KeepAsync();
        await vault.Host.StopAsync();

        vault.Host.Settings[Variable] = Line("2025");

        Assert.Contains("root key '2025' in the environment variable BASIN_VAULT_KEYS is not the one", await RefusedAsync(vault));
    }

    [Fact]
    public async Task A_new_root_key_put_first_takes_over_and_the_old_one_may_go()
    {
        await using var vault = await StartAsync(Old);
        var before = await vault.KeepAsync();

        vault.Host.Settings[Variable] = $"{New}\n{Old}";
        await vault.Host.RestartAsync();
        var after = await vault.KeepAsync("5555555555554444");
        Assert.Contains(vault.Host.Log.Lines, line => line.EventId == 2902);

        vault.Host.Settings[Variable] = New;
        await vault.Host.RestartAsync();

        Assert.Equal((VaultHost.Visa, "5555555555554444"), (await vault.NumberOfAsync(before.Id), await vault.NumberOfAsync(after.Id)));
        Assert.Equal(before.Fingerprint, (await vault.TokenizeAsync()).Card.Fingerprint);
        Assert.Equal(before, await vault.Door.FindCardAsync(VaultHost.Tenant, before.Id, Cancelled));
        await vault.Host.StopAsync();
        vault.Host.Settings[Variable] = Old;
        Assert.Contains("root key '2026'", await RefusedAsync(vault));
    }

    [Fact]
    public async Task A_key_that_another_process_knows_and_this_one_does_not_is_a_refusal_and_not_a_failure()
    {
        var prefix = PostgresServer.NewPrefix();
        await using var old = await InPostgresAsync(prefix, Old);
        var card = await old.KeepAsync();
        await using var updated = await InPostgresAsync(prefix, $"{New},{Old}");

        var refused = await Assert.ThrowsAsync<Basin.Kernel.Http.ProblemException>(() => old.NumberOfAsync(card.Id));

        Assert.Equal((503, "vault_key_unavailable"), (refused.Problem.Status, refused.Problem.Code));
        Assert.Equal(VaultHost.Visa, await updated.NumberOfAsync(card.Id));
    }

    [Fact]
    public async Task Where_machines_share_a_database_nobody_makes_a_key_of_their_own()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => InPostgresAsync(PostgresServer.NewPrefix(), keys: null));

        Assert.Contains("set Basin:Vault:KeyFile or BASIN_VAULT_KEYS", refused.Message);
    }

    [Fact]
    public async Task A_file_of_keys_may_be_anywhere_but_where_backups_are_made_of()
    {
        var file = _place.File("my.key");
        await File.WriteAllTextAsync(file, $"# since March\r\n{New}\r\n\r\n{Old}\r\n", Cancelled);
        await using var vault = await StartAsync(null, file);
        var card = await vault.KeepAsync();
        Assert.Equal(VaultHost.Visa, await vault.NumberOfAsync(card.Id));
        await vault.Host.StopAsync();

        var inData = Path.Combine(vault.Host.DataDirectory, "data", "my.key");
        Directory.CreateDirectory(Path.GetDirectoryName(inData)!);
        File.Move(file, inData);
        Assert.Contains($"no file '{file}'", await RefusedAsync(vault));
        vault.Host.Settings["Basin:Vault:KeyFile"] = inData;
        Assert.Contains("whose backups would hold it", await RefusedAsync(vault));
        vault.Host.Settings[Variable] = New;
        Assert.Contains("are both set", await RefusedAsync(vault));
    }

    [Theory]
    [InlineData("secret", "Line 1 of")]
    [InlineData("a:c2VjcmV0", "Line 1 of")]
    [InlineData("a b:{key}", "Line 1 of")]
    [InlineData(":{key}", "Line 1 of")]
    [InlineData("a:{key}\nb:{key}=", "Line 2 of")]
    [InlineData("a:{key}\n\na:{key}", "'a' of the vault is twice")]
    [InlineData("# nothing", "There is no root key")]
    public async Task What_is_no_key_is_refused_without_being_repeated(string text, string named)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(text.Replace("{key}", key, StringComparison.Ordinal)));

        Assert.Contains(named, refused.Message);
        Assert.DoesNotContain(key, refused.ToString());
        Assert.DoesNotContain("c2VjcmV0", refused.ToString());
    }

    private static string Line(string id) => $"{id}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    private static Task<VaultHost> StartAsync(string? keys, string? file = null) =>
        VaultHost.StartAsync(new() { [Variable] = keys, ["Basin:Vault:KeyFile"] = file });

    private static Task<VaultHost> InFilesAsync() => VaultHost.StartAsync(options: new TestHostOptions { Backend = Backend.Sqlite });

    private static Task<VaultHost> InPostgresAsync(string prefix, string? keys) => VaultHost.StartAsync(options: new TestHostOptions
    {
        Backend = Backend.Postgres,
        Settings = { ["Basin:Postgres:SchemaPrefix"] = prefix, [Variable] = keys },
    });

    private static async Task<string> RefusedAsync(VaultHost vault) =>
        (await Assert.ThrowsAsync<InvalidOperationException>(vault.Host.StartAgainAsync)).Message;
}

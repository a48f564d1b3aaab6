using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>The program with a key that it has made itself, and what becomes of it in a backup.</summary>
public sealed class VaultKeyTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    private Surroundings Alone => new()
    {
        Data = _place.File("data"),
        Backend = Backend.Sqlite,
        Environment = new Dictionary<string, string> { [TestBackend.VaultKeysVariable] = "" },
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task One_command_is_enough_and_a_backup_opens_no_card_without_the_key_that_is_kept_apart()
    {
        string card;
        await using (var host = await HostProcess.StartAsync(Alone))
        {
            using var made = await host.ClientOf().PostAsJsonAsync("/v1/vault/test-tokens", new { card = "visa" }, Cancelled);
            card = (await made.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["card"]!["id"]!.GetValue<string>();
            Assert.Single(host.Printed, line => line.Contains(_place.File("data/vault-keys/vault.key"), StringComparison.Ordinal));
            await DoAsync("backup", "--data", _place.File("data"), "--to", _place.File("backup"));
            Assert.Equal(0, await host.TerminateAsync());
        }
        Assert.True(File.Exists(_place.File("backup/vault/000.db")));
        Assert.False(Directory.Exists(_place.File("backup/vault-keys")));
        await DoAsync("restore", "--from", _place.File("backup"), "--data", _place.File("restored"));

        var restored = Alone with { Data = _place.File("restored") };
        var (code, output, error) = await HostProcess.RunAsync(restored, "--urls=http://127.0.0.1:0", "--data", restored.Data);
        Assert.Equal(1, code);
        Assert.Matches(
            @"^Basin cannot start: The vault's root key '.*', without which no card opens, was looked for in '.*' and BASIN_VAULT_KEYS and is not there\.\s+$",
            error);
        Assert.DoesNotContain("Exception", output);

        var key = await File.ReadAllTextAsync(_place.File("data/vault-keys/vault.key"), Cancelled);
        await using var again = await HostProcess.StartAsync(
            restored with { Environment = new Dictionary<string, string> { [TestBackend.VaultKeysVariable] = key } });
        Assert.Equal("4242", (await again.ClientOf().GetFromJsonAsync<JsonNode>($"/v1/vault/cards/{card}", Cancelled))!["last4"]!.GetValue<string>());
    }

    private async Task DoAsync(params string[] arguments)
    {
        var (code, _, error) = await HostProcess.RunAsync(Alone, arguments);
        Assert.True(code == 0, error);
    }
}

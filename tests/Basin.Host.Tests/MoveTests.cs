using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Basin.Kernel.Hosting;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>The command as people type it, on what a host that was killed has left, and a host that goes on from there in PostgreSQL.</summary>
public sealed partial class MoveTests(ITestOutputHelper output) : IDisposable
{
    private const int Customers = 6;
    private const int Orders = 250;
    private const int Quantity = 2;
    private const long OnHand = 1_000_000;
    private const string ToNowhere = "--Basin:Postgres:ConnectionString=Host=nowhere";

    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Payments:FirstWait=00:00:00.1",
        "--Basin:Store:Shards:orders=2", "--Basin:Store:Shards:payments=2",
    ];

    private static readonly string[] NoMail = [.. Settings, "--Basin:Notifications:Email=false"];

    /// <summary>Every mail becomes a dead letter.</summary>
    private static readonly string[] LostMail =
        [.. Settings, "--Basin:Notifications:SmtpHost=127.0.0.1", "--Basin:Notifications:SmtpPort=1", "--Basin:Events:MaxAttempts=1", "--Basin:Events:LongestOutage=00:00:00"];

    private static readonly string[] Tokens = ["tok_visa", "tok_visa", "tok_visa", "tok_unknown", "tok_timeout", "tok_chargeDeclined"];
    private static readonly string[] PostalCodes = ["10115", "10115", "10115", "00000"];

    private readonly TemporaryDirectory _place = new();
    private readonly ConcurrentDictionary<int, string> _acknowledged = new();
    private readonly ConcurrentQueue<int> _unanswered = new();
    private readonly SemaphoreSlim _acknowledgement = new(0);
    private readonly CookieContainer _cookies = new();
    private int _asked;

    private string Data => _place.File("data");

    private Surroundings InFiles => new() { Data = Data, Backend = Backend.Sqlite };

    private Surroundings InPostgres => new() { Data = Data, Backend = Backend.Postgres };

    public void Dispose()
    {
        _acknowledgement.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task What_a_killed_host_has_left_goes_on_in_PostgreSQL()
    {
        var before = await OpenAsync();
        await CrowdAsync();
        var files = HashesOf(Data);

        var (code, printed, error) = await MoveAsync();

        output.WriteLine(printed);
        Assert.True(code == 0, error);
        Assert.Contains(" equal.", printed);
        Assert.Equal(files, HashesOf(Data));
        await using var host = await HostProcess.StartAsync(InPostgres, NoMail);
        await AssertKeptAsync(host, before);
        await AssertGoesOnAsync(host.ClientOf());
    }

    [Fact]
    public async Task What_is_killed_again_and_again_goes_on_and_ends_equal()
    {
        var before = await OpenAsync();
        await CrowdAsync();
        var chance = new Randomness(seed: 20_261_121);
        var kills = 0;
        while (!await RunAndKillAsync(1 + chance.Next(15)))
        {
            kills++;
            Assert.True(kills < 50, "It never gets to its end.");
        }

        output.WriteLine($"{kills} kills");
        Assert.NotEqual(0, kills);
        var (code, printed, error) = await MoveAsync("--verify-only");
        Assert.True(code == 0, error);
        Assert.Contains(" equal.", printed);
        await using var host = await HostProcess.StartAsync(InPostgres, NoMail);
        await AssertKeptAsync(host, before);
        await AssertGoesOnAsync(host.ClientOf());
    }

    [Fact]
    public async Task No_host_starts_on_half_of_an_installation_and_none_on_its_files_beside_a_move()
    {
        await OpenAsync();
        await RunAndKillAsync(lines: 3);

        var (code, _, error) = await HostProcess.RunAsync(new Surroundings(), ["--urls", "http://127.0.0.1:0", .. Line()]);

        Assert.Equal(1, code);
        Assert.StartsWith("Basin cannot start: A move into this database has not come to its end.", error);
        await using var host = await HostProcess.StartAsync(InFiles, NoMail);
        var refused = await MoveAsync();
        Assert.Equal(1, refused.Code);
        Assert.Matches("^Basin cannot move: '.*/000.db' is in use. End the Basin that runs on it first", refused.Error);
    }

    [Theory]
    [InlineData(2, "Option '--data' is missing.", "move")]
    [InlineData(2, "Unknown option '--to'", "move", "--data=x", "--to=y")]
    [InlineData(1, "Basin cannot move: Basin:Postgres:ConnectionString says where to, and it is not set.", "move", "--data=x")]
    [InlineData(1, "Basin cannot move: There is no directory '/nowhere/data'.", "move", "--data=/nowhere/data", ToNowhere)]
    [InlineData(1, "Basin cannot compare: There is no directory '/nowhere'.", "move", "--verify-only", "--data=/nowhere", ToNowhere)]
    public async Task A_mistake_is_one_line(int code, string sentence, params string[] line)
    {
        var (ended, printed, error) = await HostProcess.RunAsync(line);

        Assert.Equal(code, ended);
        Assert.StartsWith(sentence, error);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(printed);
    }

    /// <summary>What was there before the move, and is to be there behind it.</summary>
    private sealed record Kept(string Key, string Cart, List<string> DeadLetters, string Delivered);

    /// <summary>A shop with an operator, a program with a key, a cart, a product with accents, and mails that could not be sent.</summary>
    private async Task<Kept> OpenAsync()
    {
        await using var host = await HostProcess.StartAsync(InFiles, LostMail);
        var client = host.ClientOf();
        await client.StockAsync(OnHand);
        await PostAsync(client, "/v1/products", new
        {
            title = "Crème brûlée Förmchen",
            currency = "EUR",
            variants = new[] { new { sku = "BRULEE-1", priceMinor = 950, option = "" } },
            categories = new[] { "Kitchen" },
        });
        var key = (await PostAsync(client, "/v1/keys", new { name = "till", scopes = new[] { "*" } })).Text("key");
        var cart = (await PostAsync(client, "/v1/carts", new { })).Text("id");
        using var item = new HttpRequestMessage(HttpMethod.Put, $"/v1/carts/{cart}/items/{Shopping.Sku}");
        item.Content = JsonContent.Create(new { quantity = 3 });
        item.Headers.Add("If-Match", "*");
        using var added = await client.SendAsync(item);
        Assert.True(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync());
        await BecomeOperatorAsync(host.SetupLink!);
        var order = await PlaceAsync(client, Interlocked.Increment(ref _asked));
        await client.AllFinalAsync();
        await Eventually.TrueAsync(async () => (await DeadLettersAsync(client)).Count == 3);
        var kept = new Kept(key, cart, await DeadLettersAsync(client), order);
        Assert.Equal(0, await host.TerminateAsync());
        return kept;
    }

    /// <summary>Customers order until the host is killed, with most of the orders on their way.</summary>
    private async Task CrowdAsync()
    {
        await using var victim = await HostProcess.StartAsync(InFiles, NoMail);
        var client = victim.ClientOf();
        var customers = Enumerable.Range(0, Customers).Select(_ => ShopAsync(client)).ToList();
        for (var i = 0; i < Orders; i++)
            Assert.True(await _acknowledgement.WaitAsync(TimeSpan.FromSeconds(60)), "The host answers.");
        await victim.KillAsync();
        await Task.WhenAll(customers);
    }

    private async Task ShopAsync(HttpClient client)
    {
        while (true)
        {
            var number = Interlocked.Increment(ref _asked);
            try
            {
                await PlaceAsync(client, number);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
            {
                _unanswered.Enqueue(number);
                return;
            }
        }
    }

    private async Task<string> PlaceAsync(HttpClient client, int number)
    {
        var (token, postalCode) = (Tokens[(number - 1) % Tokens.Length], PostalCodes[(number - 1) % PostalCodes.Length]);
        using var answer = await client.OrderAsync(number, Quantity, token, postalCode);
        var body = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.True((int)answer.StatusCode == 201, body.ToJsonString());
        var id = body.Text("id");
        Assert.Equal(_acknowledged.GetOrAdd(number, id), id);
        _acknowledgement.Release();
        return id;
    }

    private async Task AssertKeptAsync(HostProcess host, Kept before)
    {
        using var till = host.ClientOf(before.Key);
        foreach (var words in (string[])["creme", "brulee form", "CRÈME", "forMchen"])
        {
            var found = await till.ListAsync($"/v1/products?limit=10&q={Uri.EscapeDataString(words)}");
            Assert.Equal("Crème brûlée Förmchen", Assert.Single(found).Text("title"));
        }
        var cart = (await till.GetFromJsonAsync<JsonNode>($"/v1/carts/{before.Cart}"))!;
        Assert.Equal(3, cart["lines"]![0]!.Number("quantity"));
        Assert.Equal(before.DeadLetters, await DeadLettersAsync(till));
        Assert.Contains("delivered", await till.GetStringAsync($"/v1/orders/{before.Delivered}/events"));
        Assert.Contains("Tea", await host.Client.GetStringAsync("/"));
        using var person = Person(host.Client.BaseAddress!);
        using var console = await person.GetAsync("/console/keys");
        Assert.Equal((HttpStatusCode.OK, "/console/keys"), (console.StatusCode, console.RequestMessage!.RequestUri!.AbsolutePath));
    }

    /// <summary>Repeats get the kept answers, new orders get new ids, all come to their end, and the books agree.</summary>
    private async Task AssertGoesOnAsync(HttpClient client)
    {
        await Parallel.ForEachAsync(_acknowledged, async (asked, _) => Assert.Equal(asked.Value, await PlaceAsync(client, asked.Key)));
        while (_unanswered.TryDequeue(out var number))
            await PlaceAsync(client, number);
        for (var i = 0; i < 20; i++)
            await PlaceAsync(client, Interlocked.Increment(ref _asked));
        var orders = await client.AllFinalAsync();
        output.WriteLine($"{orders.Count} orders: {string.Join(", ", orders.CountBy(order => order.Text("state")))}");
        Assert.Equal(_acknowledged.Values.Order(), orders.Select(order => order.Text("id")).Order());
        await Books.AssertAgreeAsync(client, orders, OnHand, Quantity);
    }

    private static async Task<List<string>> DeadLettersAsync(HttpClient client) =>
        (await client.ListAsync("/v1/dead-letters?limit=200")).ConvertAll(letter => letter.Text("id"));

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    /// <summary>As a browser does it, with what is hidden in the form.</summary>
    private async Task BecomeOperatorAsync(string link)
    {
        using var person = Person(new Uri(link));
        var page = await person.GetStringAsync(link);
        var fields = Hidden().Matches(page).Select(field => KeyValuePair.Create(field.Groups["name"].Value, field.Groups["value"].Value));
        using var form = new FormUrlEncodedContent(
            [.. fields, new("email", "ada@example.com"), new("password", "correct horse battery staple")]);
        using var answer = await person.PostAsync(link, form);
        Assert.Equal("/console", answer.RequestMessage!.RequestUri!.AbsolutePath);
    }

    private HttpClient Person(Uri address) => new(new HttpClientHandler { CookieContainer = _cookies }) { BaseAddress = address };

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();

    private string[] Line(params string[] more) =>
    [
        "--data", Data, .. NoMail, .. more,
        .. TestBackend.SettingsOf(Backend.Postgres, TestBackend.SchemaPrefixOf(Data)).Select(setting => $"--{setting.Key}={setting.Value}"),
    ];

    private Task<(int Code, string Output, string Error)> MoveAsync(params string[] more) => HostProcess.RunAsync(["move", .. Line(more)]);

    /// <summary>SIGKILL, once so many lines are printed.</summary>
    /// <returns>Whether it was at its end before.</returns>
    private async Task<bool> RunAndKillAsync(int lines)
    {
        using var process = HostProcess.Spawn(["move", .. Line()]);
        for (var i = 0; i < lines; i++)
        {
            if (await process.StandardOutput.ReadLineAsync() is null)
                break;
        }
        process.Kill();
        await process.WaitForExitAsync();
        // It may have been killed at its end, when it only had to print the result.
        return process.ExitCode == 0 || (await process.StandardError.ReadToEndAsync()).Contains("has tables already", StringComparison.Ordinal);
    }

    /// <summary>But for the index of a log, which whoever comes first makes anew.</summary>
    private static SortedDictionary<string, string> HashesOf(string directory) => new(
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("-shm", StringComparison.Ordinal))
            .ToDictionary(path => path, path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))),
        StringComparer.Ordinal);
}

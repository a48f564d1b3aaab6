using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;
using Basin.Vault;
using Basin.Webhooks;

namespace Basin.Host.Tests;

/// <summary>
/// The real program, killed again and again while merchants take payments through Stripe's API and customers order in the shop, at two providers of
/// which the first loses calls and answers. Afterwards everything that was answered is true, and all books agree to the cent.
/// </summary>
public sealed class MoneyCrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 20;
    private const int Merchants = 6;
    private const int Shoppers = 1;
    private const int StepsBetweenKills = 15;
    private const int OrdersBetweenKills = 30;
    private const int Quantity = 2;
    private const long OnHand = 1_000_000;

    private static readonly Dictionary<string, string?> Shards = new()
    {
        ["Basin:Store:Shards:payments"] = "2",
        ["Basin:Store:Shards:sandbox"] = "2",
    };

    private static readonly string[] ToldOnce =
        ["payment_intent.created", "payment_intent.succeeded", "payment_intent.canceled", "payment_intent.payment_failed", "refund.created"];

    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false",
        "--Basin:Payments:FirstWait=00:00:00.1", "--Basin:Payments:LongestWait=00:00:01", "--Basin:Sandbox:ErrorRate=0.1",
        // A merchant who does not wait for the provider would have to ask what became of it.
        "--Basin:Payments:AnswerPatience=00:01:00",
        "--Basin:Payments:Routes:0:Currency=usd", "--Basin:Payments:Routes:0:Providers:0=reserve",
        .. Shards.Select(setting => $"--{setting.Key}={setting.Value}"),
    ];

    private static readonly string[] Tokens = ["tok_visa", "tok_visa", "tok_unknown", "tok_timeout", "tok_chargeDeclined"];
    private static readonly string[] PostalCodes = ["10115", "10115", "10115", "00000"];

    private readonly ConcurrentDictionary<int, PayingCustomer> _payers = new();
    private readonly ConcurrentQueue<PayingCustomer> _waiting = new();
    private readonly ConcurrentDictionary<int, string> _orders = new();
    private readonly ConcurrentQueue<int> _unanswered = new();
    private readonly SemaphoreSlim _steps = new(0);
    private int _asked;
    private int _made;

    public void Dispose() => _steps.Dispose();

    [Fact]
    public async Task Whatever_is_killed_every_answer_is_true_and_all_books_agree_to_the_cent()
    {
        using var data = new TemporaryDirectory();
        var surroundings = new Surroundings { Data = data.Path };
        await using (var first = await HostProcess.StartAsync(surroundings, Settings))
            await first.ClientOf().StockAsync(OnHand);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var victim = await HostProcess.StartAsync(surroundings, Settings);
            var client = victim.ClientOf();
            var merchants = Enumerable.Range(0, Merchants).Select(_ => SellAsync(client));
            var crowd = merchants.Concat(Enumerable.Range(0, Shoppers).Select(_ => ShopAsync(client))).ToList();
            for (var i = 0; i < StepsBetweenKills; i++)
                Assert.True(await _steps.WaitAsync(TimeSpan.FromSeconds(90)), "The host answers.");
            await victim.KillAsync();
            await Task.WhenAll(crowd);
        }
        await using var survivor = await HostProcess.StartAsync(surroundings, Settings);
        var program = survivor.ClientOf();
        while (_waiting.TryDequeue(out var payer))
            await EndAsync(program, payer);
        while (_unanswered.TryDequeue(out var number))
            await PlaceAsync(program, number);

        output.WriteLine($"{Kills} kills, {_payers.Count} payments, {_orders.Count} orders");
        var orders = await program.AllFinalAsync();
        Assert.Equal(_orders.Values.Order(), orders.Select(order => order.Text("id")).Order());
        await Books.AssertAgreeAsync(program, orders, OnHand, Quantity, _payers.Count);
        await AssertAnswersAreTrueAsync(program);
        await AssertToldOnceAsync(program);
        var lines = await program.ListStripeAsync("balance_transactions");
        await AssertLedgerAgreesAsync(program, lines, orders);
        var tenant = Id<Tenant>.Parse((await program.GetFromJsonAsync<JsonNode>("/v1/tenants"))!["items"]![0]!.Text("id"), null);
        Assert.Equal(0, await survivor.TerminateAsync());
        await AssertProvidersAgreeAsync(data.Path, tenant, lines);
    }

    /// <summary>Takes payments until the host is gone; what is not at its end goes on in the next life.</summary>
    private async Task SellAsync(HttpClient client)
    {
        while (true)
        {
            var payer = _waiting.TryDequeue(out var waiting) ? waiting : Make();
            try
            {
                while (!payer.HasEnded)
                {
                    await payer.StepAsync(client);
                    _steps.Release();
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
            {
                _waiting.Enqueue(payer);
                return;
            }
        }
    }

    private PayingCustomer Make()
    {
        var number = Interlocked.Increment(ref _made);
        return _payers[number] = new PayingCustomer(number);
    }

    private static async Task EndAsync(HttpClient client, PayingCustomer payer)
    {
        while (!payer.HasEnded)
            await payer.StepAsync(client);
    }

    /// <summary>Orders until the host is gone, or as many as are enough.</summary>
    private async Task ShopAsync(HttpClient client)
    {
        for (var i = 0; i < OrdersBetweenKills; i++)
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

    private async Task PlaceAsync(HttpClient client, int number)
    {
        using var answer = await client.OrderAsync(number, Quantity, Tokens[number % Tokens.Length], PostalCodes[number % PostalCodes.Length]);
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True((int)answer.StatusCode == 201, body!.ToJsonString());
        _orders[number] = body.Text("id");
    }

    /// <summary>There is one intent for each payer and no other; money was taken and given back as the answers said.</summary>
    private async Task AssertAnswersAreTrueAsync(HttpClient client)
    {
        var intents = (await client.ListStripeAsync("payment_intents?expand[]=data.latest_charge")).ToDictionary(intent => intent.Text("id"));
        Assert.Equal(_payers.Values.Select(payer => payer.Intent).Order(), intents.Keys.Order());
        var refunds = (await client.ListStripeAsync("refunds")).Where(refund => refund["payment_intent"] is not null).ToList();
        Assert.Equal(_payers.Values.SelectMany(payer => payer.Refunds).Order(), refunds.Select(refund => refund.Text("id")).Order());
        Assert.All(refunds, refund => Assert.Equal("succeeded", refund.Text("status")));
        foreach (var payer in _payers.Values)
        {
            var (intent, charge) = (intents[payer.Intent], intents[payer.Intent]["latest_charge"]!);
            Assert.Equal((payer.Name, payer.Currency), (intent["metadata"]!.Text("number"), intent.Text("currency")));
            Assert.Equal((payer.Captured, payer.Refunded), (intent.Number("amount_received"), charge.Number("amount_refunded")));
            Assert.Equal(payer.Captured, charge.Number("amount_captured"));
            await payer.AssertToldTheSameAsync(client);
        }
    }

    /// <summary>Each intent and each refund was told of once.</summary>
    private static async Task AssertToldOnceAsync(HttpClient client)
    {
        foreach (var type in ToldOnce)
        {
            var about = (await client.ListStripeAsync($"events?type={type}")).ConvertAll(happened => happened["data"]!["object"]!.Text("id"));
            Assert.NotEmpty(about);
            Assert.Equal(about.Distinct(), about);
        }
    }

    /// <summary>The lines of the balance are the ledger's, and what was sold is what merchants and the shop have kept.</summary>
    private async Task AssertLedgerAgreesAsync(HttpClient client, List<JsonNode> lines, List<JsonNode> orders)
    {
        foreach (var (currency, provider) in new[] { ("eur", "sandbox"), ("usd", "reserve") })
        {
            var ours = lines.Where(line => line.Text("currency") == currency).ToList();
            var (net, fees) = (ours.Sum(line => line.Number("net")), ours.Sum(line => line.Number("fee")));
            var kept = _payers.Values.Where(payer => payer.Currency == currency).Sum(payer => payer.Captured - payer.Refunded)
                + (currency == "eur" ? orders.Where(order => order.Text("state") == "delivered").Sum(order => order.Number("totalMinor")) : 0);
            Assert.Equal(kept, net + fees);
            await AssertBalanceAsync(client, $"provider.{provider}.{currency}", net);
            await AssertBalanceAsync(client, $"sales.{currency}", -kept);
            await AssertBalanceAsync(client, $"fees.{currency}", fees);
        }
        var sums = (await client.GetFromJsonAsync<JsonNode>("/v1/ledger/trial-balance"))!.AsArray();
        Assert.Equal(2, sums.Count);
        Assert.All(sums, sum => Assert.True(JsonNode.DeepEquals(sum!["debits"], sum["credits"]), sum.ToJsonString()));
    }

    /// <summary>Once the ledger has heard of everything, nothing is promised, and so much has moved.</summary>
    private static async Task AssertBalanceAsync(HttpClient client, string account, long posted)
    {
        var balance = (Posted: 0L, Pending: 0L);
        try
        {
            await Eventually.TrueAsync(async () => (balance = await BalanceAsync(client, account)) == (posted, 0), TimeSpan.FromMinutes(1));
        }
        catch (TimeoutException)
        {
            // What follows says more.
        }
        Assert.Equal((account, posted, 0), (account, balance.Posted, balance.Pending));
    }

    /// <summary>What has moved, and what is promised, on the side of the debits.</summary>
    private static async Task<(long Posted, long Pending)> BalanceAsync(HttpClient client, string account)
    {
        var found = (await client.GetFromJsonAsync<JsonNode>($"/v1/ledger/accounts/{account}"))!;
        var (debits, credits) = (found["debits"]!, found["credits"]!);
        return (debits.Number("posted") - credits.Number("posted"), debits.Number("pending") - credits.Number("pending"));
    }

    /// <summary>The providers' own books, opened without the rest of the program.</summary>
    private static async Task AssertProvidersAgreeAsync(string data, Id<Tenant> tenant, List<JsonNode> lines)
    {
        var settings = new Dictionary<string, string?>(Shards)
        {
            ["Basin:Store:Directory"] = data,
            ["Basin:Postgres:SchemaPrefix"] = TestBackend.SchemaPrefixOf(data),
            [TestBackend.VaultKeysVariable] = TestBackend.VaultKeys,
        };
        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddWebhooks();
                builder.AddLedger();
                builder.AddVault();
                builder.AddPayments();
            },
            options: new TestHostOptions { Settings = settings });
        var audit = await host.Get<PaymentsApi>().AuditAsync(tenant, CancellationToken.None);
        Assert.Empty(audit.Differences);
        Assert.Equal(0, audit.Unsettled);
        foreach (var (currency, provider) in new[] { ("eur", "sandbox"), ("usd", "reserve") })
        {
            var charges = await host.Get<ProviderDesk>().Of(provider).ListChargesAsync(
                tenant, default, new Id<Payment>(long.MaxValue), CancellationToken.None);
            Assert.All(charges, charge => Assert.Equal(currency.ToUpperInvariant(), charge.Currency));
            Assert.Equal(
                lines.Where(line => line.Text("currency") == currency).Sum(line => line.Number("net")),
                charges.Sum(charge => charge.CapturedMinor - charge.RefundedMinor - charge.FeeMinor));
            Assert.All(charges, charge => Assert.True(charge.Voided || charge.CapturedMinor > 0, $"{charge} is still held."));
        }
    }
}

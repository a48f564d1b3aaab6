using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Ledger;
using Basin.Payments;
using Basin.Testing;
using Basin.Vault;
using Basin.Webhooks;

namespace Basin.Host.Tests;

/// <summary>
/// Card numbers are sent to the real program in every way, right and wrong, while it logs all that it can. Then everything that it has stored, logged
/// or answered is searched for them, byte by byte.
/// </summary>
public sealed class CardSearchTests(ITestOutputHelper output)
{
    private const string Expiry = "card[exp_month]=12&card[exp_year]=2040";

    /// <summary>No card's number: whatever finds this finds the others too.</summary>
    private const string Harmless = "4731952084999999";

    private static readonly string[] Settings = ["--Basin:Notifications:Email=false", "--Basin:Payments:FirstWait=00:00:00.1"];

    /// <summary>The host is content with less from some of them; an operator may ask for all.</summary>
    private static readonly string[] Categories =
        ["Default", "Basin", "Microsoft.AspNetCore", "Microsoft.Extensions", "Microsoft.Hosting", "System.Net"];

    private static readonly string[] Grouping = ["+", "-", "%20"];

    private static readonly string[] Known = ["4000056655665556", "5105105105105100", "378282246310005", "6011000990139424", "4000000000009995"];

    private static readonly string[] ContentTypes =
        ["application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", "nonsense"];

    private static readonly SecretSearch Search = new([new SecretDigits("4242424242424242", "test")]);

    private readonly List<SecretDigits> _secrets = [];
    private readonly ConcurrentQueue<(string Place, byte[] Bytes)> _seen = new();
    private int _keys;

    [Theory]
    [InlineData("4242 4242 4242 4242", "groups with spaces")]
    [InlineData("x4242-4242-4242-4242", "groups with dashes")]
    [InlineData("a=4242424242424242&b", "digits")]
    [InlineData("2424242424242424", "backwards")]
    [InlineData("{\"data\":\"NDI0MjQyNDI0MjQyNDI0Mg==\"}", "base64")]
    [InlineData("eDQyNDI0MjQyNDI0MjQyNDI=", "base64")]
    [InlineData("eHg0MjQyNDI0MjQyNDI0MjQy", "base64")]
    [InlineData("34323432343234323432343234323432", "hexadecimal")]
    public void The_search_knows_a_number_in_texts(string text, string form) =>
        Assert.Contains($"4242424242424242 (test): {form}", Search.FindIn(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("4242424242424242", "packed decimal")]
    [InlineData("074242424242424242", "packed decimal")]
    [InlineData("1424242424242424242F", "packed decimal, moved by a digit")]
    [InlineData("FF0F12765DF4C9B2", "a number")]
    [InlineData("FFB2C9F45D76120F", "a number, little endian")]
    [InlineData("34003200340032003400320034003200340032003400320034003200340032", "")]
    [InlineData("3400320034003200340032003400320034003200340032003400320034003200", "UTF-16")]
    public void The_search_knows_a_number_in_bytes(string bytes, string form) =>
        Assert.Equal(form.Length == 0 ? [] : [$"4242424242424242 (test): {form}"], Search.FindIn(Convert.FromHexString(bytes)));

    [Fact]
    public void The_search_tells_one_number_from_another()
    {
        SecretDigits[] secrets = [.. Enumerable.Range(0, 300).Select(i => SecretDigits.CardOf(i, "one of many"))];
        var search = new SecretSearch(secrets);

        Assert.All(secrets, secret => Assert.All(
            secret.Forms, form => Assert.Contains($"{secret}: {form.Name}", search.FindIn([0, .. form.Bytes, .. form.Bytes, 0]))));
        Assert.Empty(search.FindIn(Encoding.ASCII.GetBytes(Harmless)));
    }

    [Fact]
    public async Task No_number_and_no_code_is_anywhere_in_what_is_stored_logged_or_answered()
    {
        using var place = new TemporaryDirectory();
        var (data, log) = (place.File("data"), place.File("log"));
        var surroundings = new Surroundings
        {
            Data = data,
            Environment = Categories.ToDictionary(category => $"Logging__LogLevel__{category}", _ => "Trace"),
            Launcher = _ => ["bash", "-c", $"exec \"$@\" > >(tee -a '{log}') 2>&1", "bash"],
        };
        await using (var host = await HostProcess.StartAsync(surroundings, Settings))
        {
            await UseAsync(host.ClientOf(), host.Client);
            await LookAroundAsync(host.ClientOf());
            // The logs of the databases are folded in at the end.
            foreach (var file in Directory.GetFiles(place.Path, "*-wal", SearchOption.AllDirectories))
                _seen.Enqueue((Path.GetRelativePath(place.Path, file), File.ReadAllBytes(file)));
            Assert.Equal(0, await host.TerminateAsync());
        }
        await Eventually.TrueAsync(async () => (await File.ReadAllTextAsync(log)).Contains("is shutting down", StringComparison.Ordinal));
        if (TestBackend.OfRun == Backend.Sqlite)
            Assert.Equal(0, (await HostProcess.RunAsync("backup", "--data", data, "--to", place.File("backup"))).Code);
        else
            await DumpAsync(TestBackend.SchemaPrefixOf(data), place.File("dump"));

        var places = Directory.GetFiles(place.Path, "*", SearchOption.AllDirectories)
            .Select(file => (Path.GetRelativePath(place.Path, file), File.ReadAllBytes(file))).Concat(_seen).ToList();
        var size = places.Sum(searched => searched.Item2.Length) / 1024;
        output.WriteLine($"{_secrets.Count} numbers and codes; {places.Count} files and answers, {size} KiB");
        AssertSearched(places);
        var search = new SecretSearch(_secrets);
        var found = places.AsParallel().SelectMany(searched => search.FindIn(searched.Item2).Select(found => $"{found} in {searched.Item1}"))
            .Order().ToList();
        Assert.True(found.Count == 0, $"{found.Count} are found:\n{string.Join('\n', found.Take(50))}");
    }

    [Fact]
    public async Task No_number_and_no_code_is_in_a_trace()
    {
        var traces = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            // What is exported where somebody asks for traces.
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore" || source.Name.StartsWith("Basin.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => traces.Enqueue(Describe(activity)),
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddWebhooks();
                builder.AddLedger();
                builder.AddVault();
                builder.AddPayments();
            },
            app =>
            {
                app.MapVault();
                app.MapPayments();
            });
        var nobody = host.ClientOf(null);

        await UseCardsAsync(host.Client);
        await UseWrongCardsAsync(host.Client);
        await UseWrongMembersAsync(host.Client);
        await UseWrongAddressesAsync(host.Client, nobody);
        await UseWrongHeadersAsync(host.Client, nobody);
        await host.SettleAsync();

        Assert.Contains(traces, trace => trace.Contains("HttpRequestIn", StringComparison.Ordinal));
        Assert.Contains(traces, trace => trace.Contains("run payments.provider-call.v1", StringComparison.Ordinal));
        var search = new SecretSearch(_secrets);
        Assert.Empty(traces.SelectMany(trace => search.FindIn(Encoding.UTF8.GetBytes(trace)).Select(found => $"{found} in {trace}")));
    }

    private static string Describe(Activity activity) => string.Join(
        '\n',
        [
            activity.DisplayName, activity.StatusDescription, activity.TraceStateString,
            .. activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
            .. activity.Events.SelectMany(happened => happened.Tags.Select(tag => $"{happened.Name} {tag.Key}={tag.Value}")),
            .. activity.Baggage.Select(item => $"{item}"),
        ]);

    /// <summary>What may be found is found, in the data, in its backup or dump and in an answer; and the log is as talkative as it can be.</summary>
    private static void AssertSearched(List<(string Place, byte[] Bytes)> places)
    {
        var search = new SecretSearch([new SecretDigits(Harmless, "a shop's text")]);
        var holding = places.Where(searched => search.FindIn(searched.Bytes).Any()).Select(searched => searched.Place).ToList();
        string[] files = TestBackend.OfRun == Backend.Sqlite ? ["data/catalog/000.db", "data/catalog/000.db-wal", "backup/catalog/000.db"] : ["dump"];
        string[] expected = [.. files, "POST /v1/products: 201"];
        Assert.All(expected, each => Assert.Contains(each, holding));
        var log = Encoding.UTF8.GetString(places.Single(searched => searched.Place == "log").Bytes);
        Assert.All(["trce: Microsoft.AspNetCore", "dbug: Microsoft.AspNetCore", "info: Basin."], each => Assert.Contains(each, log));
        Assert.Contains(places, searched => searched.Place == (TestBackend.OfRun == Backend.Sqlite ? "data/vault/000.db" : "dump"));
    }

    /// <param name="nobody">Somebody without a key.</param>
    private async Task UseAsync(HttpClient client, HttpClient nobody)
    {
        await PostJsonAsync(client, "/v1/products", new
        {
            title = $"Tea {Harmless}",
            currency = "EUR",
            variants = new[] { new { sku = Shopping.Sku, priceMinor = 450, option = "" } },
            categories = new[] { "Kitchen" },
        });
        await SendAsync(client, HttpMethod.Get, $"/v1/products/{Harmless}");
        await UseCardsAsync(client);
        await UseWrongCardsAsync(client);
        await UseWrongMembersAsync(client);
        await UseWrongAddressesAsync(client, nobody);
        await UseWrongBodiesAsync(client);
        await UseWrongHeadersAsync(client, nobody);
        await UseOtherRoutesAsync(client);
    }

    /// <summary>As it should be: a token, a method, a payment, with repeats.</summary>
    private async Task UseCardsAsync(HttpClient client)
    {
        var number = Card("used well");
        var form = $"card[number]={number}&{Expiry}&card[cvc]=917&card[name]=Ada";
        var key = NextKey();
        var token = await TokenAsync(client, form, key);
        Assert.Equal(token, await TokenAsync(client, form, key));
        await PostAsync(client, "tokens", $"card[number]={Card("another under the same key")}&{Expiry}", key);
        await PayAsync(client, token);
        await PayAsync(client, token);
        foreach (var separator in Grouping)
        {
            var digits = string.Join(separator, Card($"in groups with {separator}").Chunk(4).Select(group => new string(group)));
            await TokenAsync(client, $"card[number]={digits}&{Expiry}&card[cvc]=918");
        }
        // Test cards are paid with, and their numbers are nowhere either.
        foreach (var known in Known)
        {
            _secrets.Add(new SecretDigits(known, "a test card"));
            var paid = await TokenAsync(client, $"card[number]={known}&{Expiry}&card[cvc]={(known.Length == 15 ? "9137" : "913")}");
            var answer = await PayAsync(client, paid);
            await PostAsync(client, "refunds", $"payment_intent={answer["id"]}&amount=100");
        }
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(client, "tokens", $"card[number]={number}&{Expiry}", key)));
    }

    private Task<JsonNode> PayAsync(HttpClient client, string token) => PostAsync(
        client,
        "payment_intents",
        $"amount=1000&currency=eur&confirm=true&payment_method_data[type]=card&payment_method_data[card][token]={token}");

    private async Task UseWrongCardsAsync(HttpClient client)
    {
        var wrong = Card("with a wrong check digit");
        var otherDigit = $"{wrong[..^1]}{(wrong[^1] - '0' + 1) % 10}";
        _secrets.Add(new SecretDigits(otherDigit, "a wrong check digit"));
        string[] forms =
        [
            $"card[number]={otherDigit}&{Expiry}",
            $"card[number]={Card("with letters around it")}x&{Expiry}",
            $"card[number]={Card("expired")}&card[exp_month]=12&card[exp_year]=2001",
            $"card[number]={Card("with a wrong month")}&card[exp_month]=13&card[exp_year]=2040",
            $"card[number]={Card("with a wrong code")}&{Expiry}&card[cvc]={Code("a code that is too long")}",
            $"card[number]=4242424242424242&card[exp_month]={Card("as a month")}&card[exp_year]=2040",
            $"card[number]=4242424242424242&card[exp_month]=12&card[exp_year]={Card("as a year")}",
            $"card[number]=4242424242424242&{Expiry}&card[cvc]={Card("as a code")}",
            $"card[number]=4242424242424242&{Expiry}&card[name]={Card("as a name")}",
            $"card[number]=4242424242424242&{Expiry}&card[address_line1]={Card("as an address")}",
            $"card[number]=4242424242424242&{Expiry}&card[address_zip]={Card("as a postal code")}",
        ];
        foreach (var form in forms)
            Refused(await PostAsync(client, "tokens", form, NextKey()), form);
    }

    /// <summary>In members that are for something else, free texts among them.</summary>
    private async Task UseWrongMembersAsync(HttpClient client)
    {
        string[] members =
        [
            "number", "card", "card[pan]", "card[number][a]", "card[number][]", "card[metadata][a]", "pan", "cvc", "expand[]", "metadata[a]",
            "customer", "type",
        ];
        foreach (var member in members)
        {
            await PostAsync(client, "tokens", $"{member}={Card($"tokens, {member}")}&card[number]=4242424242424242&{Expiry}", NextKey());
            await PostAsync(client, "tokens", $"{member}={Card($"tokens, {member} alone")}");
            await PostAsync(client, "tokens", $"{Card($"as a name beside {member}")}={member}");
        }
        string[] ofIntents =
        [
            "amount", "currency", "customer", "payment_method", "payment_method_types[]", "capture_method", "confirm",
            "payment_method_data[card][number]", "payment_method_data[type]", "payment_method_data[card][token]", "payment_method_data[card][cvc]",
            "setup_future_usage", "expand[]", "off_session", "unknown", "card", "card[number]", "source",
            "shipping[address]", "metadata", "cancellation_reason", "amount_to_capture", "description", "metadata[note]", "statement_descriptor",
            "statement_descriptor_suffix", "receipt_email", "return_url", "transfer_group", "shipping[name]", "shipping[address][line1]",
        ];
        foreach (var member in ofIntents)
        {
            var number = Card($"payment_intents, {member}");
            await PostAsync(
                client, "payment_intents", $"{member}={number}&amount=1000&currency=eur&confirm=true&payment_method=pm_card_visa", NextKey());
            await PostAsync(client, "payment_intents", $"{member}={number}&confirm=true", NextKey());
            var made = await PostAsync(client, "payment_intents", "amount=1000&currency=eur");
            await PostAsync(client, $"payment_intents/{made["id"]}", $"{member}={number}", NextKey());
            await PostAsync(client, $"payment_intents/{made["id"]}/confirm", $"{member}={number}", NextKey());
            await PostAsync(client, $"payment_intents/{made["id"]}/capture", $"{member}={number}", NextKey());
            await PostAsync(client, $"payment_intents/{made["id"]}/cancel", $"{member}={number}", NextKey());
        }
        foreach (var (path, names) in new[]
        {
            ("customers", "source card[number] payment_method address metadata expand[] name email phone description address[line1] metadata[a]"),
            ("payment_methods", "type card[number] card[token] card[cvc] customer billing_details billing_details[name] metadata[a]"),
            ("setup_intents", "payment_method customer payment_method_data[card][number] usage description metadata[a] return_url"),
            ("refunds", "charge payment_intent amount reason card[number] metadata[a]"),
            ("payouts", "amount currency destination method description statement_descriptor metadata[a]"),
            ("webhook_endpoints", "url card[number] unknown description api_version enabled_events[] metadata[a]"),
            ("charges", "source card[number] amount"),
        })
        {
            foreach (var member in names.Split(' '))
                Refused(await PostAsync(client, path, $"{member}={Card($"{path}, {member}")}&{RestOf(path)}", NextKey()), member);
            await PostAsync(client, path, $"metadata[{Card($"{path}, as a key of metadata")}]=a&{RestOf(path)}", NextKey());
        }
        await PostAsync(client, "payment_methods", $"type=card&card[number]={Card("a method of a number")}&{Expiry}&card[cvc]=919");
        await PostAsync(client, "payment_intents", $"amount=1000&currency=eur&confirm=true&payment_method=pm_{Card("as the name of a method")}");
        await PostAsync(client, "payment_intents", $"amount=1000&currency=eur&confirm=true&payment_method=tok_{Card("as a token")}");
    }

    private static string RestOf(string path) => path switch
    {
        "payouts" => "amount=100&currency=eur",
        "webhook_endpoints" => "url=https://example.com/hook&enabled_events[]=*",
        "payment_methods" => "type=card&card[token]=tok_visa",
        _ => "",
    };

    private async Task UseWrongAddressesAsync(HttpClient client, HttpClient nobody)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete })
        {
            foreach (var path in new[]
            {
                "/stripe/v1/tokens?card[number]={0}", "/stripe/v1/tokens/{0}", "/stripe/v1/{0}", "/stripe/v1/cards/{0}?number={0}",
                "/stripe/v1/customers/{0}", "/stripe/v1/payment_intents/{0}", "/stripe/v1/payment_intents/pi_{0}/confirm",
                "/stripe/v1/payment_methods/{0}", "/stripe/v1/charges/ch_{0}",
                "/stripe/v1/payment_intents?limit={0}", "/stripe/v1/payment_intents?starting_after={0}", "/stripe/v1/events?type={0}",
                "/stripe/v1/refunds?charge={0}", "/stripe/v1/balance_transactions?source={0}", "/stripe/{0}", "/v1/{0}", "/v1/payments/{0}",
                "/v1/vault/cards/{0}",
                "/v1/vault/cards/card_{0}", "/v1/payments?cursor={0}", "/v1/orders/{0}", "/v1/stock/{0}", "/{0}", "/products/{0}", "/console/{0}",
                "/console/vault?{0}", "/console/payments/{0}", "/sandbox/3d-secure/sandbox/{0}", "/payments/notices/{0}", "/health/{0}", "/%3F{0}",
            })
            {
                await SendAsync(client, method, string.Format(null, path, Card($"{method} {path}")), new StringContent(""));
            }
        }
        await SendAsync(nobody, HttpMethod.Get, $"/console?x={Card("of nobody")}");
    }

    private async Task UseWrongBodiesAsync(HttpClient client)
    {
        foreach (var path in new[] { "tokens", "payment_intents", "customers", "payment_methods", "nothing" })
        {
            var number = Card($"a bad body of {path}");
            byte[][] bodies =
            [
                Encoding.UTF8.GetBytes($$$"""{"card":{"number":"{{{number}}}","exp_month":12,"exp_year":2040,"cvc":"917"}}"""),
                Encoding.UTF8.GetBytes($"card[number]={number}&card[number]={number}"),
                Encoding.UTF8.GetBytes($"card[number={number}"),
                Encoding.UTF8.GetBytes($"card[number]={number}%"),
                Encoding.UTF8.GetBytes($"card[number]={number}%00"),
                [.. Encoding.UTF8.GetBytes($"card[number]={number}"), 0xFF, 0xFE],
                Encoding.UTF8.GetBytes($"card[number]={number}&{string.Join('&', Enumerable.Range(0, 2000).Select(i => $"a{i}=1"))}"),
                Encoding.UTF8.GetBytes($"card[a][b][c][d][e][f][g][h][i][j]={number}"),
                Encoding.UTF8.GetBytes($"card[number]={number}{new string('x', 70_000)}"),
                Encoding.UTF8.GetBytes($"card[number]={number}{new string('1', 6000)}"),
                Encoding.Unicode.GetBytes($"card[number]={number}"),
            ];
            foreach (var body in bodies)
            {
                foreach (var type in ContentTypes)
                {
                    var content = new ByteArrayContent(body);
                    content.Headers.TryAddWithoutValidation("Content-Type", type);
                    await SendAsync(client, HttpMethod.Post, $"/stripe/v1/{path}", content, NextKey());
                }
            }
        }
    }

    private async Task UseWrongHeadersAsync(HttpClient client, HttpClient nobody)
    {
        foreach (var header in new[]
        {
            "Authorization", "Idempotency-Key", "Stripe-Version", "Stripe-Account", "User-Agent", "Referer", "Cookie", "X-Request-Id", "traceparent",
            "Accept", "Accept-Language", "If-Match", "Basin-Signature", "Host", "Origin", "X-Stripe-Client-User-Agent",
        })
        {
            foreach (var format in new[] { "{0}", "Bearer {0}", "sk_test_{0}" })
            {
                foreach (var path in new[] { "/stripe/v1/tokens", "/v1/orders", "/" })
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, path)
                    {
                        Content = new StringContent($"card[number]=4242424242424242&{Expiry}", Encoding.UTF8, "application/x-www-form-urlencoded"),
                    };
                    request.Headers.TryAddWithoutValidation(header, string.Format(null, format, Card($"the header {header} of {path}")));
                    await SendAsync(header == "Authorization" ? nobody : client, request);
                }
            }
        }
        using var basic = new HttpRequestMessage(HttpMethod.Get, "/stripe/v1/balance");
        var names = Encoding.ASCII.GetBytes($"{Card("as a user")}:{Card("as a password")}");
        basic.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(names));
        await SendAsync(nobody, basic);
    }

    private async Task UseOtherRoutesAsync(HttpClient client)
    {
        await PostJsonAsync(client, "/v1/vault/test-tokens", new { card = Card("as the name of a test card") });
        await PostJsonAsync(client, "/v1/vault/test-tokens", new { card = "visa", number = Card("beside the name of a test card") });
        await PostJsonAsync(client, "/v1/payments/pay_0000000000000/refunds", new { reason = Card("as a reason") });
        foreach (var payment in new object[]
        {
            new { token = Card("as an order's token") },
            new { token = $"tok_{Card("in an order's token")}" },
            new { token = "tok_visa", card = Card("beside an order's token") },
            new { card = new { number = Card("an order's card"), cvc = "917" } },
        })
        {
            await PostJsonAsync(client, "/v1/orders", new
            {
                email = "ada@example.com",
                shipTo = new { name = "Ada", line1 = "1 Street", city = "Berlin", postalCode = "10115", country = "DE" },
                lines = new[] { new { sku = Shopping.Sku, quantity = 1 } },
                payment,
            });
        }
    }

    /// <summary>What merchants and operators see afterwards.</summary>
    private async Task LookAroundAsync(HttpClient client)
    {
        foreach (var path in new[]
        {
            "/stripe/v1/events?limit=100", "/stripe/v1/payment_intents?limit=100&expand[]=data.latest_charge", "/stripe/v1/charges?limit=100",
            "/stripe/v1/customers?limit=100", "/stripe/v1/payment_methods?limit=100", "/stripe/v1/balance_transactions?limit=100",
            "/v1/payments?limit=200",
            "/v1/vault/rotations", "/v1/dead-letters", "/metrics", "/health/ready", "/openapi/v1.json", "/v1/orders",
        })
        {
            await SendAsync(client, HttpMethod.Get, path);
        }
    }

    private string Card(string use)
    {
        _secrets.Add(SecretDigits.CardOf(_secrets.Count, use));
        return _secrets[^1].Digits;
    }

    /// <summary>Digits that are no card's number.</summary>
    private string Code(string use)
    {
        _secrets.Add(new SecretDigits($"913726450{_secrets.Count:00000}", use));
        return _secrets[^1].Digits;
    }

    private string NextKey() => $"key-{_keys++}";

    private async Task<string> TokenAsync(HttpClient client, string form, string? key = null)
    {
        var answer = await PostAsync(client, "tokens", form, key);
        Assert.True(answer["id"] is not null, answer.ToJsonString());
        return answer.Text("id");
    }

    private static void Refused(JsonNode answer, string form) => Assert.True(answer["error"] is not null, $"{form}: {answer.ToJsonString()}");

    private async Task<JsonNode> PostAsync(HttpClient client, string path, string form, string? key = null) => JsonNode.Parse(await SendAsync(
        client, HttpMethod.Post, $"/stripe/v1/{path}", new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"), key))!;

    private async Task PostJsonAsync(HttpClient client, string path, object body) =>
        await SendAsync(client, HttpMethod.Post, path, JsonContent.Create(body), NextKey());

    private async Task<string> SendAsync(HttpClient client, HttpMethod method, string path, HttpContent? content = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Get ? null : content };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await SendAsync(client, request);
    }

    private async Task<string> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        var place = $"{request.Method} {request.RequestUri!.PathAndQuery}: {(int)answer.StatusCode}";
        _seen.Enqueue((place, [.. Encoding.UTF8.GetBytes($"{answer.Headers}{answer.Content.Headers}"), .. body]));
        Assert.True((int)answer.StatusCode is < 500 or 501, $"{place} {Encoding.UTF8.GetString(body)}");
        return Encoding.UTF8.GetString(body);
    }

    private static async Task DumpAsync(string prefix, string file)
    {
        var server = PostgresServer.ConnectionString.Split(';').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        string[] database = ["--host", server["Host"], "--username", server["Username"], "--dbname", server["Database"]];
        using var dump = Process.Start(new ProcessStartInfo("pg_dump", [.. database, "--schema", $"{prefix}*", "--file", file]))!;
        await dump.WaitForExitAsync();
        Assert.Equal(0, dump.ExitCode);
    }
}

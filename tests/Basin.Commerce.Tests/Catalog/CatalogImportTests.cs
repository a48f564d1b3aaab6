using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Catalog;
using Basin.Testing;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>Many products at once.</summary>
public sealed class CatalogImportTests
{
    [Fact]
    public async Task Every_row_gets_its_own_verdict_and_the_last_line_sums_up()
    {
        await using var host = await CatalogHost.StartAsync();
        await host.Client.CreateAsync(CatalogHost.Mug("OTHER"));
        string[] lines =
        [
            "\uFEFF" + Row("A"),
            "{ broken",
            Row("A"),
            Row("A", price: 2),
            "",
            Row("B", title: ""),
            Row("C", title: "Чашка 🍵 茶杯"),
            "{\"title\":\"" + new string('x', 70_000) + "\"}",
            "null",
            """{"title":"Two","currency":"EUR","variants":[{"sku":"A","priceMinor":1,"option":"a"},{"sku":"OTHER","priceMinor":1,"option":"b"}],"categories":["x"]}""",
            Row("D").Replace("\"title\"", "\"titel\""),
            Row("E"),
        ];

        var answer = await host.Client.ImportAsync(string.Join("\r\n", lines));

        Assert.Equal(
            [
                "1 created", "2 refused", "3 unchanged", "4 updated", "6 refused title", "7 created", "8 refused", "9 refused",
                "10 refused variants[1].sku", "11 refused titel", "12 created",
            ],
            answer[..^1].Select(InShort));
        Assert.Equal("A line has at most 65536 bytes.", (string)answer[6]["detail"]!);
        Assert.Equal(
            """{"complete":true,"rows":11,"created":3,"updated":1,"unchanged":1,"refused":6}""", answer[^1].ToJsonString());
        Assert.Equal(["Blue Mug", "Чашка 🍵 茶杯", "Blue Mug", "Blue Mug"], await host.Client.TitlesAsync(""));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Rows_are_the_same_however_their_bytes_arrive(int chunk)
    {
        await using var host = await CatalogHost.StartAsync(new() { ["Basin:Catalog:ImportBatchRows"] = "3", ["Basin:Catalog:MaxImportRowBytes"] = "1024" });
        var rows = Enumerable.Range(0, 10).Select(i => i % 4 == 3 ? new string('x', 3000) : Row($"SKU-{i}"));
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', rows));
        using var content = new PushContent(async body =>
        {
            foreach (var part in bytes.Chunk(chunk))
            {
                await body.WriteAsync(part);
                await body.FlushAsync();
            }
        });

        var answer = await host.Client.PostAsync("/v1/products/import", content);

        var verdicts = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => $"{i + 1} {(i % 4 == 3 ? "refused" : "created")}"), verdicts.SkipLast(1).Select(InShort));
    }

    [Fact]
    public async Task A_verdict_comes_while_the_sender_still_sends()
    {
        await using var host = await CatalogHost.StartAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        // The client of .NET does not read before it has sent everything; a socket does.
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Address.Host, host.Address.Port, timeout.Token);
        await using var wire = socket.GetStream();
        var headers = host.Client.DefaultRequestHeaders.Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
        await SendAsync(string.Join("\r\n", [
            "POST /v1/products/import HTTP/1.1", "Host: basin", "Connection: close", "Content-Type: application/jsonl",
            "Transfer-Encoding: chunked", .. headers, "\r\n",
        ]));

        await SendChunkAsync(Row("A") + "\n");
        var early = await ReadUntilAsync("\"row\":1");
        await SendChunkAsync(Row("B"));
        await SendAsync("0\r\n\r\n");
        var late = await ReadUntilAsync("\"complete\":true");

        Assert.Contains("created", early);
        Assert.Contains("\"row\":2", late);

        async Task SendAsync(string text) => await wire.WriteAsync(Encoding.UTF8.GetBytes(text), timeout.Token);

        Task SendChunkAsync(string text) => SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

        async Task<string> ReadUntilAsync(string end)
        {
            var (text, bytes) = (new StringBuilder(), new byte[4096]);
            while (!text.ToString().Contains(end))
            {
                var count = await wire.ReadAsync(bytes, timeout.Token);
                Assert.True(count > 0, $"The answer ended: {text}");
                text.Append(Encoding.UTF8.GetString(bytes, 0, count));
            }
            return text.ToString();
        }
    }

    [Fact]
    public async Task A_hundred_thousand_rows_are_imported_in_bounded_memory_by_a_client_that_reads_last()
    {
        await using var host = await CatalogHost.StartAsync();
        const int rows = 100_000;
        var highest = 0L;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var content = new PushContent(async body =>
        {
            for (var i = 0; i < rows; i++)
            {
                await body.WriteAsync(Encoding.UTF8.GetBytes(Row($"SKU-{i}", description: $"Number {i}, {new string('d', 300)}") + "\n"));
                if (i % 10_000 == 9_999)
                    highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        });
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/products/import") { Content = content };
        using var patient = new HttpClient { BaseAddress = host.Address, Timeout = TimeSpan.FromMinutes(5) };
        foreach (var (name, values) in host.Client.DefaultRequestHeaders)
            patient.DefaultRequestHeaders.Add(name, values);

        using var answer = await patient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var (count, last) = (0, "");
        while (await reader.ReadLineAsync() is { } line)
            (count, last) = (count + 1, line);

        Assert.Equal(rows + 1, count);
        Assert.Equal($$"""{"complete":true,"rows":{{rows}},"created":{{rows}},"updated":0,"unchanged":0,"refused":0}""", last);
        // The rows are 45 MB and their verdicts 8 MB; what stays in memory does not grow with them.
        Assert.InRange(highest, long.MinValue, 24_000_000);
    }

    [Fact]
    public async Task An_export_is_taken_back_unchanged_and_copies_to_another_tenant()
    {
        await using var host = await CatalogHost.StartAsync();
        var odd = CatalogHost.Mug("Z") with
        {
            Title = "Чашка \"🍵\" \\ 茶杯",
            Description = "Two\nlines",
            Active = false,
            Currency = "JPY",
            Pictures = ["/a.svg"],
            Variants = [new Variant("Z", 3, "größer"), new Variant("Y", 4, "kleiner")],
            Categories = ["Küche", "Tea & Co"],
        };
        await host.Get<CatalogApi>().ImportAsync(
            TestHost.DefaultCaller.Tenant, Enumerable.Range(0, 450).Select(i => CatalogHost.Mug($"SKU-{i}", title: $"Mug {i}")).Append(odd), CancellationToken.None);

        var export = await host.Client.GetStringAsync("/v1/products/export");
        var again = await host.Client.ImportAsync(export, "application/jsonl");
        var stranger = host.ClientOf(CatalogHost.Stranger);
        var copy = await stranger.ImportAsync(export, "application/jsonl");

        Assert.Equal((451, 451), ((int)again[^1]["rows"]!, (int)again[^1]["unchanged"]!));
        Assert.Equal((451, 451), ((int)copy[^1]["rows"]!, (int)copy[^1]["created"]!));
        Assert.Equal(export, await stranger.GetStringAsync("/v1/products/export"));
    }

    [Fact]
    public async Task What_was_withdrawn_comes_back_by_an_import()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug());
        await host.Client.DeleteAsync($"/v1/products/{made.Id}");

        await host.Client.ImportAsync(Row("MUG-1"));

        Assert.Equal(["Blue Mug"], await host.Client.TitlesAsync("q=mug"));
    }

    private static string Row(string sku, int price = 1, string title = "Blue Mug", string description = "") =>
        $$"""{"title":"{{title}}","currency":"EUR","variants":[{"sku":"{{sku}}","priceMinor":{{price}}}],"categories":["Mugs"],"description":"{{description}}"}""";

    private static string InShort(JsonNode verdict)
    {
        var errors = verdict["errors"] is JsonObject named ? $" {string.Join(' ', named.Select(error => error.Key))}" : "";
        return $"{verdict["row"]} {verdict["verdict"]}{errors}";
    }

    /// <summary>A body that the test writes as it likes.</summary>
    private sealed class PushContent : HttpContent
    {
        private readonly Func<Stream, Task> _write;

        public PushContent(Func<Stream, Task> write)
        {
            _write = write;
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Basin.Testing;

namespace Basin.Host.Tests;

public sealed class HostTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_host_on_the_same_data_is_refused_and_the_first_goes_on()
    {
        using var data = new TemporaryDirectory();
        await using var first = await HostProcess.StartAsync(new Surroundings { Data = data.Path, Backend = Backend.Sqlite });

        var (code, _, error) = await HostProcess.RunAsync("--urls", "http://127.0.0.1:0", "--data", data.Path);

        Assert.Equal(1, code);
        Assert.StartsWith($"Basin cannot start: '{data.Path}' is in use by another Basin.", error);
        Assert.Empty(await first.ClientOf().ListAsync("/v1/orders?limit=10"));
        await first.KillAsync();
        await using var next = await HostProcess.StartAsync(new Surroundings { Data = data.Path, Backend = Backend.Sqlite });
        Assert.Empty(await next.ClientOf().ListAsync("/v1/orders?limit=10"));
    }

    [Fact]
    public async Task The_program_serves_people_programs_and_machines()
    {
        await using var host = await HostProcess.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, "/health/ready"));
        Assert.Equal("text/html", (await GetAsync(host, "/problems/busy", "text/html")).Content.Headers.ContentType?.MediaType);
        Assert.Equal("text/css", (await GetAsync(host, "/css/tokens.css", "*/*")).Content.Headers.ContentType?.MediaType);

        var person = await GetAsync(host, "/nothing", "text/html");
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (person.StatusCode, person.Content.Headers.ContentType?.MediaType));
        var program = await GetAsync(host, "/v1/nothing", "*/*");
        // Nobody without a key learns what is there and what is not.
        Assert.Equal((HttpStatusCode.Unauthorized, "application/problem+json"), (program.StatusCode, program.Content.Headers.ContentType?.MediaType));
        Assert.False(program.Headers.Contains("Server"));
        Assert.Contains("script-src 'self'", string.Join(' ', person.Headers.GetValues("Content-Security-Policy")));

        Assert.Equal(0, await host.TerminateAsync());
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/v1/events")]
    [InlineData("/v1/dead-letters")]
    public async Task What_operators_read_is_closed_to_others(string path)
    {
        await using var host = await HostProcess.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync(host, path));
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.OperatorKey);
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, path));
    }

    [Fact]
    public async Task Who_asks_too_often_is_refused_with_and_without_a_key_by_the_address_that_a_proxy_names()
    {
        await using var host = await HostProcess.StartAsync(
            "--Basin:Limits:Policies:api:Limits:0:Per:0=Address", "--Basin:Limits:Policies:api:Limits:0:Permits=2", "--Basin:Limits:Policies:api:Limits:0:Period=01:00:00");

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFromAsync("192.0.2.1"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFromAsync("192.0.2.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusFromAsync("192.0.2.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusFromAsync("198.51.100.7, 192.0.2.1"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFromAsync("192.0.2.2"));
        // Whoever watches the host asks as often as it likes.
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, "/health/ready"));

        async Task<HttpStatusCode> StatusFromAsync(string address)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/orders") { Headers = { { "X-Forwarded-For", address } } };
            using var answer = await host.Client.SendAsync(request, Cancelled);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("/console", HttpStatusCode.OK)]
    [InlineData("/console/events", HttpStatusCode.OK)]
    [InlineData("/console/operators", HttpStatusCode.OK)]
    [InlineData("/console/live", HttpStatusCode.Unauthorized)]
    public async Task The_console_asks_people_to_sign_in(string path, HttpStatusCode status)
    {
        await using var host = await HostProcess.StartAsync();

        var response = await GetAsync(host, path, status == HttpStatusCode.OK ? "text/html" : "text/event-stream");

        Assert.Equal(status, response.StatusCode);
        if (status == HttpStatusCode.OK)
            Assert.Equal("/console/sign-in", response.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [Fact]
    public async Task The_description_of_the_API_has_the_words_of_the_code()
    {
        await using var host = await HostProcess.StartAsync();
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.OperatorKey);

        using var document = JsonDocument.Parse(await host.Client.GetStringAsync("/openapi/v1.json", Cancelled));

        var ids = document.RootElement.GetProperty("paths").GetProperty("/v1/ids").GetProperty("post");
        Assert.Equal("Makes ids.", ids.GetProperty("summary").GetString());
        Assert.Equal("1 to 10000; 1 by default.", ids.GetProperty("parameters")[0].GetProperty("description").GetString());
    }

    [Theory]
    [InlineData(2, "Unknown option '--dta'", "--dta=x")]
    [InlineData(1, "Basin:Sotre", "--Basin:Sotre:Directory=x")]
    [InlineData(1, "'10.0.0.0/99' is not a network", "--Basin:Http:TrustedProxies:0=10.0.0.0/99")]
    [InlineData(1, "MaxBatch", "--Basin:Events:MaxBatch=0")]
    [InlineData(1, "Direktory", "--Basin:Store:Direktory=x")]
    public async Task A_mistake_refuses_the_start_with_one_line(int code, string named, string argument)
    {
        var (ended, _, error) = await HostProcess.RunAsync("--urls=http://127.0.0.1:0", argument);

        Assert.Equal(code, ended);
        Assert.Contains(named, error);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_port_that_is_taken_refuses_the_start_with_one_line()
    {
        await using var first = await HostProcess.StartAsync();
        using var data = new TemporaryDirectory();

        var (ended, output, error) = await HostProcess.RunAsync("--urls", first.Client.BaseAddress!.ToString(), "--data", data.Path);

        Assert.Equal(1, ended);
        Assert.Matches(@"^Basin cannot start: .*127\.0\.0\.1:\d+: address already in use\.\s+$", error);
        Assert.DoesNotContain("Exception", output);
    }

    [Fact]
    public async Task A_damaged_file_refuses_the_start_with_its_name()
    {
        using var data = new TemporaryDirectory();
        Directory.CreateDirectory(data.File("orders"));
        await File.WriteAllTextAsync(data.File("orders/000.db"), new string('x', 10_000), Cancelled);

        var (ended, output, error) = await HostProcess.RunAsync("--urls=http://127.0.0.1:0", "--data", data.Path);

        Assert.Equal(1, ended);
        Assert.Matches(@"^Basin cannot start: '.*000\.db' is damaged: .*\s+$", error);
        Assert.DoesNotContain("Exception", output);
    }

    [Theory]
    [InlineData("Failed to connect to 127.0.0.1:1", "--Basin:Postgres:ConnectionString=Host=127.0.0.1;Port=1;Username=basin;Password=hunter2", "--Basin:Postgres:StartPatience=00:00:00")]
    [InlineData("is no connection string of Npgsql", "--Basin:Postgres:ConnectionString=Hostess=db;Password=hunter2")]
    [InlineData("set Basin:Postgres:ConnectionString too", "--Basin:RabbitMQ:ConnectionString=amqp://basin:hunter2@127.0.0.1/basin")]
    [InlineData("needs Basin:Postgres:ConnectionString", "--Basin:Systems:Here=orders", "--Basin:Systems:Address=http://127.0.0.1:1")]
    [InlineData("names 'ordres'. Systems are: cart, catalog, ids, inventory, ledger, notifications, orders, payments, shipping, vault, webhooks.", "--Basin:Systems:Here=ordres")]
    public async Task What_cannot_grow_refuses_the_start_with_one_line(string named, params string[] arguments)
    {
        using var data = new TemporaryDirectory();

        var (ended, output, error) = await HostProcess.RunAsync(["--urls=http://127.0.0.1:0", "--data", data.Path, .. arguments]);

        Assert.Equal(1, ended);
        Assert.StartsWith("Basin cannot start: ", error, StringComparison.Ordinal);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("hunter2", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_link_for_the_first_operator_is_printed_once()
    {
        await using var host = await HostProcess.StartAsync();

        Assert.Single(host.Printed, line => line.Contains("/console/setup?token=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_demo_makes_a_customer_and_tells_the_password_once()
    {
        await using var host = await HostProcess.StartAsync("--demo");

        await Eventually.TrueAsync(() => host.Printed.Any(line => line.StartsWith("Demo customer: demo@example.com, password ", StringComparison.Ordinal)));
        Assert.Single(host.Printed, line => line.Contains("password", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<HttpStatusCode> StatusOfAsync(HostProcess host, string path) => (await GetAsync(host, path, "*/*")).StatusCode;

    private static async Task<HttpResponseMessage> GetAsync(HostProcess host, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        return await host.Client.SendAsync(request, Cancelled);
    }
}

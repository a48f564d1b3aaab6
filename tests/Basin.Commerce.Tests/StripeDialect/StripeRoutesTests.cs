using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.StripeDialect;
using Basin.Testing;

namespace Basin.Commerce.Tests.StripeDialect;

public sealed class StripeRoutesTests : IAsyncLifetime
{
    private const string OperatorKey = "key-of-the-operator-for-tests";

    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await PetShop.OpenAsync(new()
    {
        ["Basin:Store:Shards:pets"] = "2",
        ["BASIN_OPERATOR_KEY"] = OperatorKey,
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Objects_are_answered_with_nulls_and_seconds_and_the_request_has_an_id()
    {
        using var answer = await PostAsync("/pets", "name=cat&metadata[colour]=red");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Matches("^req_[0-9A-Za-z]{14}$", Assert.Single(answer.Headers.GetValues("Request-Id")));
        Assert.Equal(StripeRequest.DefaultVersion, Assert.Single(answer.Headers.GetValues("Stripe-Version")));
        var pet = await JsonOf(answer);
        Assert.Equal(["id", "object", "created", "name", "owner", "vet", "metadata"], pet.AsObject().Select(member => member.Key));
        Assert.Null(pet["vet"]);
        Assert.Equal("red", (string?)pet["metadata"]!["colour"]);
        Assert.Equal(_host.Time.GetUtcNow().ToUnixTimeSeconds(), (long)pet["created"]!);
    }

    [Theory]
    [InlineData("GET", "/nothing", 404, "invalid_request_error", null, "Unrecognized request URL (GET: /v1/nothing).")]
    [InlineData("GET", "/pets/pet_1", 404, "invalid_request_error", "resource_missing", "No such pet: 'pet_1'")]
    [InlineData("PUT", "/pets", 405, "invalid_request_error", null, "Unrecognized request URL (PUT: /v1/pets).")]
    [InlineData("GET", "/pets?limit=0", 400, "invalid_request_error", "parameter_invalid_integer", "greater than or equal to 1")]
    [InlineData("GET", "/pets?foo=1", 400, "invalid_request_error", "parameter_unknown", "Received unknown parameter: foo")]
    [InlineData("GET", "/pets?foo=%00", 400, "invalid_request_error", null, "NUL")]
    [InlineData("GET", "/pets?starting_after=pet_1", 400, "invalid_request_error", "resource_missing", "No such pet: 'pet_1'")]
    [InlineData("GET", "/pets?starting_after=pet_0000000000001", 400, "invalid_request_error", "resource_missing", "No such pet")]
    [InlineData("GET", "/pets?starting_after=a&ending_before=b", 400, "invalid_request_error", null, "only one")]
    [InlineData("GET", "/pets?created[gt]=x", 400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer: x")]
    [InlineData("GET", "/pets?created[foo]=1", 400, "invalid_request_error", "parameter_unknown", "created[foo]")]
    [InlineData("GET", "/broken", 500, "api_error", null, "Something went wrong")]
    [InlineData("GET", "/away", 503, "api_error", null, "does not answer")]
    public async Task Every_refusal_is_Stripe_s_error_object(string method, string path, int status, string type, string? code, string message)
    {
        using var answer = await _host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/stripe/v1{path}"));
        await AssertErrorAsync(answer, status, type, code, message);
        Assert.True(answer.Headers.Contains("Request-Id"));
        if (status == 503)
            Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("application/json", """{"name":"cat"}""", 415)]
    [InlineData("text/plain", "name=cat", 415)]
    [InlineData("application/x-www-form-urlencoded; charset=latin1", "name=cat", 415)]
    [InlineData("application/x-www-form-urlencoded; charset=UTF-8", "name=cat", 200)]
    [InlineData(null, "name=cat", 415)]
    [InlineData(null, "", 400)]
    [InlineData("application/x-www-form-urlencoded", "name=%00", 400)]
    [InlineData("application/x-www-form-urlencoded", "name[a]=1", 400)]
    public async Task Only_forms_are_read(string? type, string body, int status)
    {
        using var content = new StringContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var answer = await _host.Client.PostAsync("/stripe/v1/pets", content);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status >= 400)
            await AssertErrorAsync(answer, status, "invalid_request_error", null, null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_refused(bool announced)
    {
        using var content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes($"name={new string('x', FormNode.MaxBytes)}")));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded");
        if (!announced)
            content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stripe/v1/pets") { Content = content };
        request.Headers.TransferEncodingChunked = !announced;
        using var answer = await _host.Client.SendAsync(request);
        await AssertErrorAsync(answer, 413, "invalid_request_error", null, "too large");
    }

    [Theory]
    [InlineData("2026-10-28.endive", 200)]
    [InlineData("2020-08-27", 200)]
    [InlineData("2020-13-27", 400)]
    [InlineData("latest", 400)]
    [InlineData("2026-10-28.", 400)]
    public async Task A_version_is_a_date_and_is_echoed(string version, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/stripe/v1/pets");
        request.Headers.Add("Stripe-Version", version);
        using var answer = await _host.Client.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 200)
            Assert.Equal(version, Assert.Single(answer.Headers.GetValues("Stripe-Version")));
        else
            await AssertErrorAsync(answer, 400, "invalid_request_error", null, "Invalid Stripe API version");
    }

    [Fact]
    public async Task A_key_comes_as_a_token_or_as_a_user_name_without_a_password()
    {
        var client = _host.ClientOf(null);
        (AuthenticationHeaderValue? Header, int Status)[] cases =
        [
            (null, 401),
            (new("Bearer", OperatorKey), 200),
            (new("Bearer", "wrong"), 401),
            (Basic($"{OperatorKey}:"), 200),
            (Basic($"{OperatorKey}:password"), 401),
            (Basic(OperatorKey), 401),
            (Basic("wrong:"), 401),
            (new("Basic", "%%%"), 401),
        ];
        foreach (var (header, status) in cases)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/stripe/v1/pets");
            request.Headers.Authorization = header;
            using var answer = await client.SendAsync(request);
            Assert.Equal(status, (int)answer.StatusCode);
            if (status == 401)
                await AssertErrorAsync(answer, 401, "invalid_request_error", null, null);
        }
        using var native = new HttpRequestMessage(HttpMethod.Post, "/v1/pets");
        native.Headers.Authorization = Basic($"{OperatorKey}:");
        using var refused = await client.SendAsync(native);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_key_needs_the_scope_of_the_route()
    {
        var reader = _host.ClientOf(new Caller(new Id<Tenant>(1), "reader", new HashSet<string> { "pets:read" }));
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/stripe/v1/pets")).StatusCode);
        using var answer = await reader.PostAsync("/stripe/v1/pets", Form("name=cat"));
        await AssertErrorAsync(answer, 403, "invalid_request_error", null, "pets:write");
    }

    [Fact]
    public async Task A_host_that_begins_with_stripe_stands_for_the_path()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/pets") { Headers = { Host = "stripe.localhost" } };
        using var list = await _host.Client.SendAsync(request);
        Assert.Equal("list", (string?)(await JsonOf(list))["object"]);
        using var unknown = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { Host = "STRIPE.example.org:8080" } };
        await AssertErrorAsync(await _host.Client.SendAsync(unknown), 404, "invalid_request_error", null, "(GET: /health)");
        using var other = new HttpRequestMessage(HttpMethod.Get, "/v1/pets") { Headers = { Host = "api.stripe.localhost" } };
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _host.Client.SendAsync(other)).StatusCode);
    }

    [Fact]
    public async Task Other_paths_keep_their_problem_details()
    {
        using var answer = await _host.Client.GetAsync("/v1/nothing");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.False(answer.Headers.Contains("Request-Id"));
    }

    [Fact]
    public async Task A_client_that_hangs_up_in_its_body_leaves_nothing()
    {
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(_host.Address.Host, _host.Address.Port);
            var head = "POST /stripe/v1/pets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + OperatorKey
                + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=c";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        }
        await _host.SettleAsync();
        Assert.Equal(0, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task Parameters_of_DELETE_come_in_the_query_or_in_the_body()
    {
        using var inQuery = await _host.Client.DeleteAsync("/stripe/v1/pets/p?reason=old");
        Assert.Equal("old", (string?)(await JsonOf(inQuery))["reason"]);
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/stripe/v1/pets/p") { Content = Form("reason=lost") };
        using var inBody = await _host.Client.SendAsync(request);
        Assert.Equal("lost", (string?)(await JsonOf(inBody))["reason"]);
    }

    [Fact]
    public async Task An_update_changes_what_is_given()
    {
        var id = (string)(await JsonOf(await PostAsync("/pets", "name=cat&owner=own_1&metadata[a]=1&metadata[b]=2")))["id"]!;
        var pet = await JsonOf(await PostAsync($"/pets/{id}", "metadata[a]=&metadata[c]=3&owner="));
        Assert.Equal("cat", (string?)pet["name"]);
        Assert.Null(pet["owner"]);
        Assert.Equal("""{"b":"2","c":"3"}""", pet["metadata"]!.ToJsonString());
        Assert.Equal("{}", (await JsonOf(await PostAsync($"/pets/{id}", "metadata=")))["metadata"]!.ToJsonString());
    }

    [Fact]
    public async Task A_card_s_error_says_what_failed_and_why()
    {
        var error = (await JsonOf(await PostAsync("/pets", "name=dragon")))["error"]!;
        Assert.Equal("card_error", (string?)error["type"]);
        Assert.Equal("card_declined", (string?)error["code"]);
        Assert.Equal("generic_decline", (string?)error["decline_code"]);
        Assert.Equal("https://stripe.com/docs/error-codes/card-declined", (string?)error["doc_url"]);
        Assert.Equal("ch_1", (string?)error["charge"]);
        Assert.Equal("dragon", (string?)error["payment_intent"]!["name"]);
        Assert.False(error.AsObject().ContainsKey("param"));
    }

    [Theory]
    [InlineData("name=4242 4242 4242 4242", "name")]
    [InlineData("name=cat&metadata[note]=paid by 4242424242424242", "metadata[note]")]
    [InlineData("name=cat&metadata[4242424242424242]=a", "metadata[(hidden)]")]
    [InlineData("name=cat&expand[]=4242424242424242", "expand[0]")]
    public async Task No_text_may_hold_a_card_s_number(string form, string param)
    {
        using var answer = await PostAsync("/pets", form);
        var error = (await JsonOf(answer))["error"]!;
        Assert.Equal((400, "invalid_request_error", param), ((int)answer.StatusCode, (string?)error["type"], (string?)error["param"]));
        Assert.DoesNotContain("4242", error.ToJsonString());
    }

    /// <summary>Nor what might be one.</summary>
    [Fact]
    public async Task No_error_repeats_a_card_s_number()
    {
        string[] paths =
        [
            "/pets?limit=4242424242424241", "/pets?limit=4242-4242-4242-4241", "/pets?starting_after=4242%204242%204242%204241",
            "/pets/4242424242424242", "/nothing/4242424242424242", "/pets?limit=card%204242424242424241!", "/pets?4242424242424242=1",
        ];
        foreach (var path in paths)
        {
            using var answer = await _host.Client.GetAsync($"/stripe/v1{path}");
            var body = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("4242", body);
            Assert.Contains("(hidden)", body);
        }
    }

    [Fact]
    public async Task A_list_is_paged_in_both_directions()
    {
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            ids.Insert(0, (string)(await JsonOf(await PostAsync("/pets", $"name=cat{i}")))["id"]!);
            _host.Clock.Jump(TimeSpan.FromSeconds(1));
        }
        var (all, more, url) = await ListAsync("");
        Assert.Equal(ids, all);
        Assert.Equal((false, "/v1/pets"), (more, url));
        await AssertPageAsync(ids[..3], true, "limit=3");
        await AssertPageAsync(ids[3..6], true, $"limit=3&starting_after={ids[2]}");
        await AssertPageAsync(ids[6..], false, $"limit=3&starting_after={ids[5]}");
        await AssertPageAsync(ids[2..5], true, $"limit=3&ending_before={ids[5]}");
        await AssertPageAsync(ids[..2], false, $"limit=3&ending_before={ids[2]}");
        await AssertPageAsync([], false, $"ending_before={ids[0]}");
        await AssertPageAsync(ids[..7], false, "limit=7");

        var third = (long)(await JsonOf(await _host.Client.GetAsync($"/stripe/v1/pets/{ids[2]}")))["created"]!;
        await AssertPageAsync(ids[2..3], false, $"created={third}");
        await AssertPageAsync(ids[..2], false, $"created[gt]={third}");
        await AssertPageAsync(ids[..3], false, $"created[gte]={third}");
        await AssertPageAsync(ids[3..], false, $"created[lt]={third}");
        await AssertPageAsync(ids[2..], false, $"created[lte]={third}");
        await AssertPageAsync(ids[2..4], true, $"created[lte]={third}&limit=2");
        await AssertPageAsync([], false, "created[gt]=253402300799");
        await AssertPageAsync(ids, false, "created[lte]=253402300799");

        async Task AssertPageAsync(List<string> expected, bool hasMore, string query)
        {
            var page = await ListAsync(query);
            Assert.Equal(expected, page.Ids);
            Assert.Equal(hasMore, page.HasMore);
        }
    }

    [Fact]
    public async Task Another_tenant_s_object_is_no_cursor()
    {
        var id = (string)(await JsonOf(await PostAsync("/pets", "name=cat")))["id"]!;
        var other = _host.ClientOf(new Caller(new Id<Tenant>(2), "other", new HashSet<string> { "*" }));
        using var answer = await other.GetAsync($"/stripe/v1/pets?starting_after={id}");
        await AssertErrorAsync(answer, 400, "invalid_request_error", "resource_missing", id);
    }

    [Fact]
    public async Task Ids_are_expanded_to_the_objects_that_they_name()
    {
        var pet = await JsonOf(await PostAsync("/pets", "name=cat&owner=own_1&expand[]=owner"));
        Assert.Equal("owner", (string?)pet["owner"]!["object"]);
        var id = (string)pet["id"]!;
        pet = await JsonOf(await _host.Client.GetAsync($"/stripe/v1/pets/{id}?expand[]=owner.friends&expand[]=owner.favourite&expand[]=owner"));
        Assert.Equal("own_1", (string?)pet["owner"]!["id"]);
        Assert.Equal(["own_a", "own_b"], pet["owner"]!["friends"]!.AsArray().Select(friend => (string?)friend!["id"]));
        Assert.Null(pet["owner"]!["favourite"]);
        await PostAsync("/pets", "name=dog&owner=own_1");
        await PostAsync("/pets", "name=bird&owner=own_nobody");
        var shop = _host.Get<PetShop>();
        var before = shop.Loaded;
        var list = await JsonOf(await _host.Client.GetAsync("/stripe/v1/pets?expand[]=data.owner"));
        Assert.Equal("own_nobody", (string?)list["data"]![0]!["owner"]);
        Assert.Equal("own_1", (string?)list["data"]![1]!["owner"]!["id"]);
        Assert.Equal("own_1", (string?)list["data"]![2]!["owner"]!["id"]);
        Assert.Equal(2, shop.Loaded - before);
    }

    [Theory]
    [InlineData("/pets", "name=cat&expand[]=metadata", "This property cannot be expanded (metadata).")]
    [InlineData("/pets", "name=cat&expand[]=owner&expand[]=name", "This property cannot be expanded (name).")]
    [InlineData("/pets", "name=cat&expand[]=owner.", "This property cannot be expanded (owner.).")]
    [InlineData("/pets", "name=cat&expand[]=data.owner", "This property cannot be expanded (data.owner).")]
    [InlineData("/pets", "name=cat&expand[]=owner.friends.friends.friends.friends", "more than 4 levels")]
    [InlineData("/pets", "name=cat&expand=owner", "Invalid array")]
    [InlineData("/everything", "expand[]=owner", "This property cannot be expanded (owner).")]
    public async Task What_cannot_be_expanded_is_refused_before_anything_happens(string path, string form, string message)
    {
        await AssertErrorAsync(await PostAsync(path, form), 400, "invalid_request_error", null, message);
        Assert.Equal(0, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task In_a_list_the_expansion_begins_with_data()
    {
        using var answer = await _host.Client.GetAsync("/stripe/v1/pets?expand[]=owner");
        await AssertErrorAsync(answer, 400, "invalid_request_error", null, "You may want to try expanding 'data.owner' instead.");
    }

    private async Task<(List<string> Ids, bool HasMore, string Url)> ListAsync(string query)
    {
        var list = await JsonOf(await _host.Client.GetAsync($"/stripe/v1/pets?{query}"));
        Assert.Equal("list", (string?)list["object"]);
        return ([.. list["data"]!.AsArray().Select(pet => (string)pet!["id"]!)], (bool)list["has_more"]!, (string)list["url"]!);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string form) => _host.Client.PostAsync($"/stripe/v1{path}", Form(form));

    private static StringContent Form(string form) => new(form, Encoding.UTF8, "application/x-www-form-urlencoded");

    private static AuthenticationHeaderValue Basic(string text) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));

    private static async Task<JsonNode> JsonOf(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    private static async Task AssertErrorAsync(HttpResponseMessage answer, int status, string type, string? code, string? message)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, body);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        var error = JsonNode.Parse(body)!["error"]!;
        Assert.Equal(type, (string?)error["type"]);
        if (message is null)
            return;
        Assert.Equal(code, (string?)error["code"]);
        Assert.Contains(message, (string?)error["message"]);
    }
}

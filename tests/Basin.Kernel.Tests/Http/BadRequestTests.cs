using Basin.Testing.Api;

namespace Basin.Kernel.Tests.Http;

public sealed class BadRequestTests(SampleApi api) : IClassFixture<SampleApi>
{
    private const string Valid =
        """{"email":"a@b.example","shipTo":{"name":"Zoë","country":"NL"},"lines":[{"sku":"tea","quantity":2},{"sku":"pot","quantity":1}],"gift":true,"note":"hi"}""";

    public static IEnumerable<TheoryDataRow<ApiCase>> Garbage => ApiCase.Rows(GarbageCases.For(
        "POST", "/v1/orders", Valid, new GarbageOptions { Optional = new HashSet<string> { "note" } }));

    public static IEnumerable<TheoryDataRow<ApiCase>> More => ApiCase.Rows(
    [
        Post("a valid order", Valid) with { Status = 200, Code = null },
        Post("an order in several parts", Valid + new string(' ', 200_000)) with { Status = 200, Code = null },
        Post("an order after a byte order mark", "\uFEFF" + Valid) with { Status = 200, Code = null },
        Post("an order that names its encoding", Valid) with { Status = 200, Code = null, ContentType = "application/json; charset=UTF-8" },
        Post("an order that names its encoding in quotes", Valid) with { Status = 200, Code = null, ContentType = "application/json;charset=\"utf-8\"" },
        Get("a NUL in the query", "/v1/orders?q=a%00b"),
        Post("nothing", "null") with { ErrorFields = [] },
        Post("another encoding", Valid) with { Status = 415, Code = "unsupported_media_type", ContentType = "application/json; charset=iso-8859-1" },
        Post("an encoding that nobody knows", Valid) with { Status = 415, Code = "unsupported_media_type", ContentType = "application/json; charset=x" },
        Post("a content type that is none", Valid) with { Status = 415, Code = "unsupported_media_type", ContentType = "json" },
        Post("two orders", Valid + Valid),
        Post("an order that ends in the middle of its last part", Valid + new string(' ', 200_000) + "{"),
        Post("all members missing", "{}", "email", "shipTo", "lines", "gift"),
        Post("members of a list item missing", Valid.Replace("\"sku\":\"pot\",\"quantity\":1", ""), "lines[1].sku", "lines[1].quantity"),
        Post("a duplicate member", Valid.Replace("\"gift\":true", "\"gift\":true,\"gift\":false"), "gift"),
        Post("a duplicate member in a list", Valid.Replace("\"quantity\":1", "\"quantity\":1,\"quantity\":2"), "lines[1].quantity"),
        Post("a lone surrogate", Valid.Replace("tea", "\\ud800"), "lines[0].sku"),
        Post("a fraction for a whole number", Valid.Replace("\"quantity\":1", "\"quantity\":1.5"), "lines[1].quantity"),
        Post("a null in a list", Valid.Replace("""{"sku":"pot","quantity":1}""", "null"), "lines[1]"),
        Post("an empty list", Valid.Replace("""{"sku":"tea","quantity":2},{"sku":"pot","quantity":1}""", ""), "lines"),
        Post("white space for a text", Valid.Replace("tea", "   "), "lines[0].sku"),
        Post("several mistakes", Valid.Replace("a@b", "ab").Replace("NL", "N").Replace("\"quantity\":1", "\"quantity\":0"),
            "email", "shipTo.country", "lines[1].quantity"),
        Post("a body over the limit", Valid.Replace("hi", new string('x', 1_100_000))) with { Status = 413, Code = "too_large" },
        Post("no content type", Valid) with { Status = 415, Code = "unsupported_media_type", ContentType = null },
        Get("a limit that is no number", "/v1/things?limit=x", "limit"),
        Get("a limit that is too large for a number", "/v1/things?limit=99999999999", "limit"),
        Get("a limit of nothing", "/v1/things?limit=0", "limit"),
        Get("a limit beyond the largest", "/v1/things?limit=201", "limit"),
        Get("a negative limit", "/v1/things?limit=-1", "limit"),
        Get("a cursor that is no base 64", "/v1/things?cursor=%21%21", "cursor"),
        Get("a cursor that is no position", "/v1/things?cursor=eHg", "cursor"),
        Get("an empty cursor", "/v1/things?cursor=", "cursor"),
        Get("an overlong cursor", $"/v1/things?cursor={new string('a', 1000)}", "cursor"),
        new("an unknown route", "GET", "/v1/nothing", null, 404, "not_found"),
        new("a method that the route does not take", "PUT", "/v1/orders", "{}", 405, "method_not_allowed"),
        new("a refusal", "GET", "/v1/things/0", null, 404, "not_found"),
        new("an unforeseen failure", "GET", "/v1/broken", null, 500, "internal_error") { BodyLacks = ["secret", "FormatException"] },
    ]);

    [Theory]
    [MemberData(nameof(Garbage))]
    public Task Garbage_is_refused_and_named(ApiCase row) => row.RunAsync(api.Host.Client);

    [Theory]
    [MemberData(nameof(More))]
    public Task Requests_get_what_they_deserve(ApiCase row) => row.RunAsync(api.Host.Client);

    [Fact]
    public async Task Nobody_gets_in_without_a_name() =>
        await (Post("nobody", Valid) with { Status = 401, Code = "unauthenticated" }).RunAsync(api.Host.ClientOf(null));

    [Fact]
    public async Task Pages_follow_each_other_without_gaps()
    {
        var seen = new List<int>();
        string? cursor = null;
        do
        {
            var page = await System.Net.Http.Json.HttpClientJsonExtensions.GetFromJsonAsync<Basin.Kernel.Http.Page<int>>(
                api.Host.Client, $"/v1/things?limit=50{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page!.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(1, 120), seen);
    }

    private static ApiCase Post(string name, string body, params string[] fields) =>
        new(name, "POST", "/v1/orders", body, 400, "invalid_request") { ErrorFields = fields };

    private static ApiCase Get(string name, string path, params string[] fields) =>
        new(name, "GET", path, null, 400, "invalid_request") { ErrorFields = fields };
}

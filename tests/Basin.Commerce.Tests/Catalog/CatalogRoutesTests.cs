using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Catalog;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>The routes of the catalogue, one product at a time.</summary>
public sealed class CatalogRoutesTests
{
    private const string GoodBody = """{"title":"Mug","currency":"EUR","variants":[{"sku":"M","priceMinor":1}],"categories":["Mugs"]}""";

    [Fact]
    public async Task A_created_product_can_be_read_listed_and_bought()
    {
        await using var host = await CatalogHost.StartAsync();
        var details = CatalogHost.Mug() with { Description = "Holds tea.", Pictures = ["/pictures/1.svg"] };

        var answer = await host.Client.PostAsJsonAsync("/v1/products", details);

        var made = await answer.ReadAsync<ProductView>();
        Assert.Equal((HttpStatusCode.Created, "\"1\""), (answer.StatusCode, answer.Headers.ETag?.Tag));
        Assert.Equal($"/v1/products/{made.Id}", answer.Headers.Location?.OriginalString);
        var read = await host.Client.GetFromJsonAsync<ProductView>(answer.Headers.Location);
        Assert.Equal(
            (made.Id, 1L, true, "Blue Mug", "Holds tea.", "EUR"), (read!.Id, read.Version, read.Active, read.Title, read.Description, read.Currency));
        Assert.Equal(details.Variants, read.Variants);
        Assert.Equal(details.Categories, read.Categories);
        Assert.Equal(details.Pictures, read.Pictures);
        Assert.Equal(["Blue Mug"], await host.Client.TitlesAsync(""));
        var offers = await host.Get<CatalogApi>().FindOffersAsync(new Id<Tenant>(1), ["MUG-1", "NONE"], CancellationToken.None);
        Assert.Equal(new Offer("MUG-1", made.Id, "Blue Mug", "", 1250, "EUR", "/pictures/1.svg"), Assert.Single(offers).Value);
        var created = Assert.Single(await host.PublishedAsync<ProductCreated>());
        Assert.Equal((made.Id, true, new VariantPrice("MUG-1", "", 1250)), (created.Product, created.Active, Assert.Single(created.Variants)));
    }

    [Fact]
    public async Task Retrying_with_the_same_key_returns_the_first_answer()
    {
        await using var host = await CatalogHost.StartAsync();
        host.Client.DefaultRequestHeaders.Add("Idempotency-Key", "k1");

        var first = await host.Client.PostAsJsonAsync("/v1/products", CatalogHost.Mug());
        var again = await host.Client.PostAsJsonAsync("/v1/products", CatalogHost.Mug());
        var other = await host.Client.PostAsJsonAsync("/v1/products", CatalogHost.Mug(price: 1));

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(["true"], again.Headers.GetValues("Idempotency-Replayed"));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.UnprocessableEntity), (again.StatusCode, other.StatusCode));
        Assert.Single(await host.PublishedAsync<ProductCreated>());
    }

    [Fact]
    public async Task A_sku_belongs_to_one_product_of_a_tenant()
    {
        await using var host = await CatalogHost.StartAsync();
        await host.Client.CreateAsync(CatalogHost.Mug("A"));
        var other = await host.Client.CreateAsync(CatalogHost.Mug("B"));

        var created = await host.Client.PostAsJsonAsync("/v1/products", CatalogHost.Mug("A"));
        var changed = await host.Client.PutAsync(other.Id, CatalogHost.Mug("A"), "\"1\"");

        foreach (var answer in new[] { created, changed })
        {
            var problem = await answer.ReadAsync<JsonNode>();
            Assert.Equal((HttpStatusCode.Conflict, "sku_taken"), (answer.StatusCode, (string)problem["code"]!));
            Assert.NotNull(problem["errors"]!["variants[0].sku"]);
        }
        await host.ClientOf(CatalogHost.Stranger).CreateAsync(CatalogHost.Mug("A"));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.PreconditionRequired)]
    [InlineData("\"2\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("W/\"1\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"someone else's\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("1", HttpStatusCode.BadRequest)]
    [InlineData("\"1\"", HttpStatusCode.OK)]
    [InlineData("*", HttpStatusCode.OK)]
    public async Task A_change_needs_the_version_it_was_made_for(string? ifMatch, HttpStatusCode expected)
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug());

        var answer = await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: 990), ifMatch);

        Assert.Equal(expected, answer.StatusCode);
        var version = (await host.Client.GetFromJsonAsync<ProductView>($"/v1/products/{made.Id}"))!.Version;
        Assert.Equal(expected == HttpStatusCode.OK ? 2 : 1, version);
        Assert.Equal(expected == HttpStatusCode.OK ? "\"2\"" : null, answer.Headers.ETag?.Tag);
    }

    [Fact]
    public async Task A_repeated_change_is_answered_as_the_first_time()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug());

        await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: 990), "\"1\"", key: "k");
        var again = await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: 990), "\"1\"", key: "k");

        Assert.Equal((HttpStatusCode.OK, "\"2\""), (again.StatusCode, again.Headers.ETag?.Tag));
        Assert.Single(await host.PublishedAsync<ProductChanged>());
    }

    [Fact]
    public async Task A_withdrawn_product_leaves_the_shop_and_can_come_back()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug());

        var withdrawn = await host.Client.DeleteAsync($"/v1/products/{made.Id}");
        var again = await host.Client.DeleteAsync($"/v1/products/{made.Id}");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (withdrawn.StatusCode, again.StatusCode));
        Assert.Empty(await host.Client.TitlesAsync(""));
        Assert.Empty(await host.Client.TitlesAsync("q=mug"));
        Assert.Empty(await host.Client.TitlesAsync("category=mugs"));
        Assert.Empty((await host.Client.GetFromJsonAsync<CategoryList>("/v1/categories"))!.Items);
        var read = await host.Client.GetFromJsonAsync<ProductView>($"/v1/products/{made.Id}");
        Assert.Equal((false, 2L), (read!.Active, read.Version));
        Assert.False(Assert.Single(await host.PublishedAsync<ProductChanged>()).Active);

        await host.Client.PutAsync(made.Id, CatalogHost.Mug(), "\"2\"");
        Assert.Equal(["Blue Mug"], await host.Client.TitlesAsync("q=mug&category=mugs"));
    }

    [Fact]
    public async Task Categories_count_what_is_on_sale()
    {
        await using var host = await CatalogHost.StartAsync();
        var mug = await host.Client.CreateAsync(CatalogHost.Mug("A") with { Categories = ["Mugs", "Home & Garden"] });
        await host.Client.CreateAsync(CatalogHost.Mug("B") with { Categories = ["mugs"] });

        Assert.Equal([new("home-garden", "Home & Garden", 1), new("mugs", "Mugs", 2)], await ListAsync());

        await host.Client.PutAsync(mug.Id, CatalogHost.Mug("A") with { Categories = ["Cups"] }, "*");
        Assert.Equal([new("cups", "Cups", 1), new("mugs", "Mugs", 1)], await ListAsync());
        Assert.Equal(["Blue Mug"], await host.Client.TitlesAsync("category=cups"));

        async Task<IReadOnlyList<Category>> ListAsync() => (await host.Client.GetFromJsonAsync<CategoryList>("/v1/categories"))!.Items;
    }

    [Fact]
    public async Task A_tenant_sees_nothing_of_another()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug());
        var stranger = host.ClientOf(CatalogHost.Stranger);

        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/v1/products/{made.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PutAsync(made.Id, CatalogHost.Mug(), "*")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.DeleteAsync($"/v1/products/{made.Id}")).StatusCode);
        Assert.Empty(await stranger.TitlesAsync(""));
        Assert.Empty(await stranger.TitlesAsync("q=mug"));
        Assert.Empty(await stranger.TitlesAsync("category=mugs"));
        Assert.Empty((await stranger.GetFromJsonAsync<CategoryList>("/v1/categories"))!.Items);
        Assert.Empty(await stranger.GetStringAsync("/v1/products/export"));
        Assert.Equal("created", (string)(await stranger.ImportAsync(GoodBody.Replace("\"M\"", "\"MUG-1\"")))[0]["verdict"]!);
        var offers = await host.Get<CatalogApi>().FindOffersAsync(new Id<Tenant>(3), ["MUG-1"], CancellationToken.None);
        Assert.Empty(offers);
    }

    public static TheoryData<string, string> Routes => new()
    {
        { "GET /v1/products", "catalog:read" },
        { "GET /v1/products/prd_0000000000001", "catalog:read" },
        { "GET /v1/products/export", "catalog:read" },
        { "GET /v1/categories", "catalog:read" },
        { "POST /v1/products", "catalog:write" },
        { "POST /v1/products/import", "catalog:write" },
        { "PUT /v1/products/prd_0000000000001", "catalog:write" },
        { "DELETE /v1/products/prd_0000000000001", "catalog:write" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_route_is_closed_without_its_scope(string route, string scope)
    {
        await using var host = await CatalogHost.StartAsync();
        var other = scope == "catalog:read" ? "catalog:write" : "catalog:read";

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host.ClientOf(null)));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(host.ClientOf(new Caller(new Id<Tenant>(1), "k", new HashSet<string> { other }))));
        var let = await SendAsync(host.ClientOf(new Caller(new Id<Tenant>(1), "k", new HashSet<string> { scope })));
        Assert.False(let is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{let}");

        async Task<HttpStatusCode> SendAsync(HttpClient client)
        {
            var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
            return (await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).StatusCode;
        }
    }

    public static TheoryData<string, string?> Garbage => new()
    {
        { "", null },
        { "null", null },
        { "[]", null },
        { "{", null },
        { "{}", "title" },
        { GoodBody.Replace("\"Mug\"", "1"), "title" },
        { GoodBody.Replace("\"Mug\"", "null"), "title" },
        { GoodBody.Replace("\"Mug\"", "\"\""), "title" },
        { GoodBody.Replace("\"EUR\"", "\"XXX\""), "currency" },
        { GoodBody.Replace("[{\"sku\":\"M\",\"priceMinor\":1}]", "null"), "variants" },
        { GoodBody.Replace("[{\"sku\":\"M\",\"priceMinor\":1}]", "[]"), "variants" },
        { GoodBody.Replace("{\"sku\":\"M\",\"priceMinor\":1}", "null"), "variants[0]" },
        { GoodBody.Replace("\"sku\":\"M\",", ""), "variants[0].sku" },
        { GoodBody.Replace("\"M\"", "\" \""), "variants[0].sku" },
        { GoodBody.Replace("\"priceMinor\":1", "\"priceMinor\":1.5"), "variants[0].priceMinor" },
        { GoodBody.Replace("\"priceMinor\":1", "\"priceMinor\":99999999999999999999"), "variants[0].priceMinor" },
        { GoodBody.Replace("\"priceMinor\":1", "\"priceMinor\":0"), "variants[0].priceMinor" },
        { GoodBody.Replace("\"priceMinor\":1", "\"priceMinor\":1,\"x\":1"), "variants[0].x" },
        { GoodBody.Replace("[\"Mugs\"]", "[null]"), "categories[0]" },
        { GoodBody.Replace("[\"Mugs\"]", "[\"\"]"), "categories[0]" },
        { GoodBody.Replace("[\"Mugs\"]", "[\"Mugs\"],\"pictures\":[\"ftp://x\"]"), "pictures[0]" },
        { GoodBody.Replace("[\"Mugs\"]", "[\"Mugs\"],\"pictures\":null"), "pictures" },
        { GoodBody.Replace("[\"Mugs\"]", "[\"Mugs\"],\"description\":null"), "description" },
        { GoodBody.Replace("[\"Mugs\"]", "[\"Mugs\"],\"id\":\"prd_0000000000001\""), "id" },
        { GoodBody.Replace("{\"title\"", "{\"title\":\"x\",\"title\""), "title" },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_is_refused_by_name_and_changes_nothing(string body, string? member)
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug("KEPT"));

        await RefusedAsync(await host.Client.PostAsync("/v1/products", Json(body)));
        var put = new HttpRequestMessage(HttpMethod.Put, $"/v1/products/{made.Id}") { Content = Json(body), Headers = { { "If-Match", "*" } } };
        await RefusedAsync(await host.Client.SendAsync(put));
        if (body.Length > 0)
        {
            var verdict = (await host.Client.ImportAsync(body))[0];
            Assert.Equal("refused", (string)verdict["verdict"]!);
            Assert.True(member is null || verdict["errors"]?[member] is not null, verdict.ToJsonString());
        }
        Assert.Equal(["Blue Mug"], await host.Client.TitlesAsync(""));
        Assert.Empty(await host.PublishedAsync<ProductChanged>());

        async Task RefusedAsync(HttpResponseMessage answer)
        {
            var problem = await answer.ReadAsync<JsonNode>();
            Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.StatusCode, (string)problem["code"]!));
            Assert.True(member is null || problem["errors"]?[member] is not null, problem.ToJsonString());
        }
    }

    [Theory]
    [InlineData("/v1/products?limit=0", "limit")]
    [InlineData("/v1/products?limit=201", "limit")]
    [InlineData("/v1/products?limit=x", "limit")]
    [InlineData("/v1/products?cursor=!!", "cursor")]
    [InlineData("/v1/products?cursor=Mi4x", "cursor")]
    [InlineData("/v1/products?q=", "q")]
    [InlineData("/v1/products?q=%26%26", "q")]
    [InlineData("/v1/products?q=a+b+c+d+e+f+g+h+i", "q")]
    [InlineData("/v1/products?category=", "category")]
    [InlineData("/v1/products/not-an-id", "id")]
    public async Task A_query_that_makes_no_sense_is_refused_by_name(string path, string member)
    {
        await using var host = await CatalogHost.StartAsync();

        var answer = await host.Client.GetAsync(path);

        var problem = await answer.ReadAsync<JsonNode>();
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotNull(problem["errors"]?[member]);
    }

    [Fact]
    public async Task What_is_not_json_lines_is_not_imported()
    {
        await using var host = await CatalogHost.StartAsync();

        var answer = await host.Client.PostAsync("/v1/products/import", Json(GoodBody));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Empty(await host.Client.TitlesAsync(""));
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}

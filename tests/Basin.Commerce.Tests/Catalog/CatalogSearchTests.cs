using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Catalog;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>Lists, search and their cursors.</summary>
public sealed class CatalogSearchTests
{
    [Theory]
    [InlineData("mug", new[] { "Mug Rack", "Café Mug", "Kettle" })]
    [InlineData("MUG", new[] { "Mug Rack", "Café Mug", "Kettle" })]
    [InlineData("mu", new[] { "Mug Rack", "Café Mug", "Kettle" })]
    [InlineData("cafe mug", new[] { "Café Mug" })]
    [InlineData("mug café", new[] { "Café Mug" })]
    [InlineData("KET-7", new[] { "Kettle" })]
    [InlineData("graphite", new[] { "Kettle" })]
    [InlineData("kitchen", new[] { "Mug Rack", "Kettle", "Café Mug" })]
    [InlineData("ug", new string[0])]
    [InlineData("mug lamp", new string[0])]
    [InlineData("mug\" OR title:lamp", new string[0])]
    [InlineData("NOT mug", new string[0])]
    public async Task All_words_are_found_wherever_they_begin_those_in_the_title_first(string q, string[] titles)
    {
        await using var host = await CatalogHost.StartAsync();
        await host.Client.CreateAsync(CatalogHost.Mug("A", title: "Café Mug") with { Categories = ["Kitchen"] });
        await host.Client.CreateAsync(CatalogHost.Mug("B", title: "Lamp") with { Categories = ["Lights"] });
        await host.Client.CreateAsync(CatalogHost.Mug(title: "Kettle") with
        {
            Description = "Fills one mug at a time.",
            Categories = ["Kitchen"],
            Variants = [new Variant("KET-7", 1, "Graphite")],
        });
        await host.Client.CreateAsync(CatalogHost.Mug("C", title: "Mug Rack") with { Categories = ["Kitchen"] });

        Assert.Equal(titles, await host.Client.TitlesAsync($"q={Uri.EscapeDataString(q)}"));
    }

    [Fact]
    public async Task A_search_sees_a_change_at_once()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug(title: "Teapot"));
        await host.Client.PutAsync(made.Id, CatalogHost.Mug(title: "Kettle"), "*");

        Assert.Empty(await host.Client.TitlesAsync("q=teapot"));
        Assert.Equal(["Kettle"], await host.Client.TitlesAsync("q=kettle"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("category=mugs&")]
    [InlineData("q=mug&")]
    [InlineData("q=mug&category=mugs&")]
    public async Task A_cursor_meets_every_product_once_while_others_come_and_go(string query)
    {
        await using var host = await CatalogHost.StartAsync();
        var made = new List<ProductView>();
        for (var i = 0; i < 9; i++)
            made.Add(await host.Client.CreateAsync(CatalogHost.Mug($"SKU-{i}", title: i % 2 == 0 ? $"Mug {i}" : $"Cup {i}") with { Description = "A mug." }));

        var seen = new List<string>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await host.Client.GetFromJsonAsync<JsonNode>($"/v1/products?{query}limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page!["items"]!.AsArray().Select(item => (string)item!["title"]!));
            cursor = (string?)page["nextCursor"];
            if (++pages == 1)
            {
                // The newest and one that was seen already.
                await host.Client.CreateAsync(CatalogHost.Mug("NEW", title: "Mug new"));
                await host.Client.DeleteAsync($"/v1/products/{made[8].Id}");
            }
        }
        while (cursor is not null);

        Assert.Equal(5, pages);
        Assert.Equal(made.Select(product => product.Title).Order(), seen.Order());
        if (query.StartsWith("q=", StringComparison.Ordinal))
            Assert.Equal(["Mug 8", "Mug 6", "Mug 4", "Mug 2", "Mug 0", "Cup 7", "Cup 5", "Cup 3", "Cup 1"], seen);
    }
}

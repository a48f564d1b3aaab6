using Basin.Catalog;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>The decisions of a product, without a host.</summary>
public sealed class ProductTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly Product Mug = Product.Create(new Id<Product>(7), new Id<Tenant>(1), CatalogHost.Mug(), Noon);

    [Fact]
    public void A_change_makes_the_next_version()
    {
        var changed = Mug.Change(Mug.Details with { Title = "Red Mug" }, Noon.AddHours(1));

        Assert.Equal((2, Noon, Noon.AddHours(1), "Red Mug"), (changed.Version, changed.CreatedAt, changed.ChangedAt, changed.Details.Title));
    }

    [Fact]
    public void A_change_that_says_the_same_is_none() => Assert.Same(Mug, Mug.Change(CatalogHost.Mug(), Noon.AddHours(1)));

    [Fact]
    public void What_is_off_sale_is_not_offered_and_keeps_its_skus()
    {
        var withdrawn = Mug.Withdraw(Noon);

        Assert.Empty(withdrawn.Offers());
        Assert.Equal(Mug.Details.Variants, withdrawn.Details.Variants);
        Assert.Same(withdrawn, withdrawn.Withdraw(Noon.AddHours(1)));
    }

    [Fact]
    public void A_sku_of_another_product_is_refused_at_its_variant()
    {
        var refusal = Product.RefuseTaken([null, Mug.Id, new Id<Product>(8)], self: Mug.Id);

        Assert.Equal("sku_taken", refusal?.Code);
        Assert.Equal(["variants[2].sku"], refusal!.Errors.Keys);
        Assert.Null(Product.RefuseTaken([null, Mug.Id], self: Mug.Id));
    }

    [Fact]
    public void A_change_tells_which_skus_are_gone()
    {
        var after = Mug.Change(Mug.Details with { Variants = [new Variant("MUG-2", 900)] }, Noon);

        var happened = ProductChanged.Of(Mug, after);

        Assert.Equal(["MUG-1"], happened.RemovedSkus);
        Assert.Equal([new VariantPrice("MUG-2", "", 900)], happened.Variants);
    }

    [Theory]
    [InlineData("Mugs", "mugs")]
    [InlineData("Home & Garden", "home-garden")]
    [InlineData("  -- Küche!! ", "küche")]
    [InlineData("ЧАЙ 茶", "чай-茶")]
    [InlineData("&&&", "")]
    public void A_category_is_known_by_its_slug(string name, string slug) => Assert.Equal(slug, Category.SlugOf(name));

    public static TheoryData<string, ProductDetails> Wrong
    {
        get
        {
            var good = CatalogHost.Mug();
            return new()
            {
                { "title", good with { Title = "" } },
                { "title", good with { Title = "  " } },
                { "title", good with { Title = new string('x', 201) } },
                { "title", good with { Title = "a\nb" } },
                { "description", good with { Description = new string('x', 5001) } },
                { "description", good with { Description = "a\0" } },
                { "currency", good with { Currency = "DEM" } },
                { "currency", good with { Currency = "eur" } },
                { "variants", good with { Variants = [] } },
                { "variants", good with { Variants = [.. Enumerable.Range(0, 101).Select(i => new Variant($"S{i}", 1, $"{i}"))] } },
                { "variants[0]", good with { Variants = [null!] } },
                { "variants[0].sku", good with { Variants = [new Variant("", 1)] } },
                { "variants[0].sku", good with { Variants = [new Variant("a b", 1)] } },
                { "variants[0].sku", good with { Variants = [new Variant("ünïcode", 1)] } },
                { "variants[0].sku", good with { Variants = [new Variant(new string('x', 65), 1)] } },
                { "variants[0].priceMinor", good with { Variants = [new Variant("A", 0)] } },
                { "variants[0].priceMinor", good with { Variants = [new Variant("A", -1)] } },
                { "variants[0].priceMinor", good with { Variants = [new Variant("A", long.MaxValue)] } },
                { "variants[0].option", good with { Variants = [new Variant("A", 1, new string('x', 81))] } },
                { "variants[1].sku", good with { Variants = [new Variant("A", 1, "S"), new Variant("A", 1, "M")] } },
                { "variants[1].option", good with { Variants = [new Variant("A", 1), new Variant("B", 1)] } },
                { "categories", good with { Categories = [] } },
                { "categories", good with { Categories = [.. Enumerable.Range(0, 11).Select(i => $"c{i}")] } },
                { "categories[0]", good with { Categories = [null!] } },
                { "categories[0]", good with { Categories = ["&&"] } },
                { "categories[1]", good with { Categories = ["Mugs", "MUGS"] } },
                { "pictures", good with { Pictures = [.. Enumerable.Range(0, 21).Select(i => $"/{i}.svg")] } },
                { "pictures[0]", good with { Pictures = [null!] } },
                { "pictures[0]", good with { Pictures = ["http://example.com/a.png"] } },
                { "pictures[0]", good with { Pictures = ["//example.com/a.png"] } },
                { "pictures[0]", good with { Pictures = ["javascript:alert(1)"] } },
                { "pictures[0]", good with { Pictures = ["/a\"onerror=b"] } },
                { "pictures[0]", good with { Pictures = ["/a\\b"] } },
                { "pictures[1]", good with { Pictures = ["/a.svg", ""] } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named(string member, ProductDetails details)
    {
        var checks = new Checks();
        details.Check(checks);

        Assert.Equal([member], checks.Problem?.Errors.Keys);
    }

    [Fact]
    public void What_is_unusual_is_right()
    {
        var checks = new Checks();
        var details = CatalogHost.Mug() with
        {
            Title = "Чашка 🍵 茶杯",
            Description = "Two\nlines",
            Currency = "KWD",
            Variants = [new Variant("a.B_c-9", 1, ""), new Variant("b", 100_000_000_000, "größer")],
            Categories = ["Küche", "茶"],
            Pictures = ["/a", "/a/b.svg?x=1&y=2", "https://example.com/a%20b.png"],
        };
        details.Check(checks);

        Assert.Null(checks.Problem);
    }
}

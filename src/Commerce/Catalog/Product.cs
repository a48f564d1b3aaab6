using System.Text;

namespace Basin.Catalog;

/// <summary>Something on sale, in one or more variants.</summary>
/// <param name="Version">1 at first, one more at every change: the ETag.</param>
public sealed record Product(
    Id<Product> Id, Id<Tenant> Tenant, long Version, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, ProductDetails Details) : IEntity
{
    public static string Prefix => "prd";

    internal static Product Create(Id<Product> id, Id<Tenant> tenant, ProductDetails details, DateTimeOffset now) =>
        new(id, tenant, Version: 1, now, now, details);

    /// <summary>The next version, or this one when nothing is different.</summary>
    internal Product Change(ProductDetails details, DateTimeOffset now) =>
        details.Equals(Details) ? this : this with { Version = Version + 1, ChangedAt = now, Details = details };

    /// <summary>Takes it off sale. It keeps its SKUs, so that old orders still name something and it can come back.</summary>
    internal Product Withdraw(DateTimeOffset now) => Change(Details with { Active = false }, now);

    /// <summary>Refuses SKUs that belong to another product.</summary>
    /// <param name="owners">Who has the SKU of each variant now; null for nobody.</param>
    /// <param name="self">The product that gets the variants; null for a new one.</param>
    internal static Problem? RefuseTaken(IReadOnlyList<Id<Product>?> owners, Id<Product>? self)
    {
        Problem? refusal = null;
        for (var i = 0; i < owners.Count; i++)
        {
            if (owners[i] is { } owner && owner != self)
                refusal = (refusal ?? CatalogProblems.SkuTaken).At($"variants[{i}].sku", $"It belongs to {owner}.");
        }
        return refusal;
    }

    /// <summary>What customers can buy: nothing while the product is off sale.</summary>
    internal IEnumerable<Offer> Offers() => Details.Active
        ? Details.Variants.Select(variant => new Offer(
            variant.Sku, Id, Details.Title, variant.Option, variant.PriceMinor, Details.Currency, Details.Pictures is [var main, ..] ? main : null))
        : [];
}

/// <summary>One way to buy a product.</summary>
/// <param name="Sku">Unique in the tenant: 1 to 64 letters, digits, dots, hyphens and underscores of ASCII.</param>
/// <param name="PriceMinor">In the minor unit of the product's currency.</param>
/// <param name="Option">Tells the variants of a product apart, such as "M"; may be empty when there is only one.</param>
public sealed record Variant(string Sku, long PriceMinor, string Option = "") : IChecked
{
    private const long MaxPriceMinor = 100_000_000_000;

    public void Check(Checks checks)
    {
        checks.That(
            Sku.Length is > 0 and <= 64 && Sku.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'),
            "sku",
            "1 to 64 letters, digits, dots, hyphens and underscores of ASCII are expected.");
        checks.Range(PriceMinor, "priceMinor", 1, MaxPriceMinor);
        checks.Text(Option, "option", maximum: 80, minimum: 0);
        checks.Printable(Option, "option");
    }
}

/// <summary>
/// All that a seller says about a product: the body of a request, a row of an import and of an export. Two are equal when they say the same.
/// </summary>
/// <param name="Currency">ISO 4217, the same for all variants.</param>
/// <param name="Categories">Names, such as "Home &amp; Garden". Names with the same slug are one category.</param>
/// <param name="Description">Plain text.</param>
/// <param name="Active">Whether it is on sale.</param>
public sealed record ProductDetails(
    string Title,
    string Currency,
    IReadOnlyList<Variant> Variants,
    IReadOnlyList<string> Categories,
    string Description = "",
    bool Active = true) : IChecked
{
    private const int MaxVariants = 100;
    private const int MaxCategories = 10;
    private const int MaxPictures = 20;

    /// <summary>Addresses that begin with <c>https://</c>, or paths on this host that begin with one slash. The first is the main one.</summary>
    public IReadOnlyList<string> Pictures { get; init; } = [];

    /// <summary>The price of the cheapest variant.</summary>
    internal Money LowestPrice => new(Variants.Min(variant => variant.PriceMinor), Currency);

    internal bool HasOnePrice => Variants.All(variant => variant.PriceMinor == Variants[0].PriceMinor);

    internal Money PriceOf(Variant variant) => new(variant.PriceMinor, Currency);

    public void Check(Checks checks)
    {
        checks.Text(Title, "title", maximum: 200);
        checks.Printable(Title, "title");
        checks.Text(Description, "description", maximum: 5000, minimum: 0);
        checks.That(Currencies.IsKnown(Currency), "currency", "The code of a currency of ISO 4217 is expected, such as EUR.");
        checks.Items(Variants, "variants", 1, MaxVariants);
        CheckVariantsDiffer(checks);
        CheckCategories(checks);
        CheckPictures(checks);
    }

    public bool Equals(ProductDetails? other) =>
        other is not null && Title == other.Title && Description == other.Description && Currency == other.Currency && Active == other.Active
        && Variants.SequenceEqual(other.Variants) && Categories.SequenceEqual(other.Categories) && Pictures.SequenceEqual(other.Pictures);

    public override int GetHashCode() => HashCode.Combine(Title, Description, Currency, Active, Variants.Count);

    private void CheckVariantsDiffer(Checks checks)
    {
        if (Variants.Count > MaxVariants || Variants.Contains(null!))
            return;
        var (skus, options) = (new HashSet<string>(), new HashSet<string>());
        for (var i = 0; i < Variants.Count; i++)
        {
            checks.That(skus.Add(Variants[i].Sku), $"variants[{i}].sku", "Each variant has its own SKU.");
            checks.That(options.Add(Variants[i].Option), $"variants[{i}].option", "Each variant has its own option.");
        }
    }

    private void CheckCategories(Checks checks)
    {
        checks.That(Categories.Count is > 0 and <= MaxCategories, "categories", $"1 to {MaxCategories} items are expected.");
        if (Categories.Count > MaxCategories)
            return;
        var slugs = new HashSet<string>();
        for (var i = 0; i < Categories.Count; i++)
        {
            var member = $"categories[{i}]";
            checks.Text(Categories[i], member, maximum: 80);
            if (Categories[i] is not { } name)
                continue;
            var slug = Category.SlugOf(name);
            checks.Printable(name, member);
            checks.That(slug.Length > 0, member, "A name with a letter or a digit is expected.");
            checks.That(slugs.Add(slug), member, "Each category is named once.");
        }
    }

    private void CheckPictures(Checks checks)
    {
        // The framework lets null through for a property that is no parameter of the constructor when it reads a body in parts.
        var right = Pictures is { Count: <= MaxPictures };
        checks.That(right, "pictures", $"0 to {MaxPictures} items are expected.");
        for (var i = 0; right && i < Pictures!.Count; i++)
            checks.That(IsPicture(Pictures[i]), $"pictures[{i}]", "An address that begins with https:// or a path that begins with one slash is expected.");
    }

    private static bool IsPicture(string? address) =>
        address is { Length: <= 500 } && !address.Any(c => c <= ' ' || c is '\\' or '"' or '<' or '>' || char.IsControl(c))
        && (address is ['/', not '/', ..] || (address.StartsWith("https://", StringComparison.Ordinal) && Uri.IsWellFormedUriString(address, UriKind.Absolute)));
}

/// <summary>A group of products.</summary>
/// <param name="Slug">Its name in addresses.</param>
/// <param name="Products">How many of them are on sale.</param>
public sealed record Category(string Slug, string Name, long Products)
{
    /// <summary>Letters and digits in lower case, with one hyphen between them for anything else: "Home &amp; Garden" is <c>home-garden</c>.</summary>
    internal static string SlugOf(string name)
    {
        var slug = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
                slug.Append(Rune.ToLowerInvariant(rune));
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }
        return slug.ToString().TrimEnd('-');
    }
}

internal static class TextChecks
{
    /// <summary>Text for one line: no control characters.</summary>
    public static void Printable(this Checks checks, string text, string member) =>
        checks.That(!text.Any(char.IsControl), member, "Text without control characters is expected.");
}

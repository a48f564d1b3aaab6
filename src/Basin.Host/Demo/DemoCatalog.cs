namespace Basin.Demo;

/// <summary>A product of the demo shop. <paramref name="Picture"/> is a path on the host.</summary>
public sealed record DemoProduct(
    int Index, string Name, string Description, string Category, string Picture, IReadOnlyList<DemoVariant> Variants);

/// <summary>What is bought: <paramref name="Price"/> in minor units of the ISO 4217 <paramref name="Currency"/>.</summary>
public sealed record DemoVariant(string Sku, string Option, long Price, string Currency);

/// <summary>Five thousand plausible products, the same on every machine.</summary>
public static class DemoCatalog
{
    public const int Count = 5000;

    private const string Currency = "EUR";

    /// <summary>The product at <paramref name="index"/>, from 0 up to <see cref="Count"/>.</summary>
    public static DemoProduct At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);

        var category = DemoCategory.All[CategoryOf(index)];
        var random = new SplitMix64(index);
        var (series, material, noun) = WordsOf(category, index / DemoCategory.All.Length);
        var description = Describe(category, series, material, noun, ref random);
        var variants = VariantsOf(category, index, ref random);
        return new DemoProduct(index, $"{series} {material} {noun}", description, category.Name, $"/pictures/{index}.svg", variants);
    }

    /// <summary>Each run of twelve products has every category once, in an order of its own, so that a page of products is mixed.</summary>
    internal static int CategoryOf(int index)
    {
        var categories = DemoCategory.All.Length;
        var random = new SplitMix64(-1 - index / categories);
        Span<int> order = stackalloc int[categories];
        for (var at = 0; at < categories; at++)
        {
            var other = random.Next(at + 1);
            order[at] = order[other];
            order[other] = at;
        }
        return order[index % categories];
    }

    /// <summary>Walks all combinations of words in steps coprime to their number, so that no name occurs twice in a category.</summary>
    private static (string Series, string Material, string Noun) WordsOf(DemoCategory category, int ordinal)
    {
        const int step = 7919;
        var combinations = DemoWords.Series.Length * category.Materials.Length * category.Nouns.Length;
        var at = (ordinal * step + category.Name.Length * 97) % combinations;
        var series = DemoWords.Series[at % DemoWords.Series.Length];
        at /= DemoWords.Series.Length;
        return (series, category.Materials[at % category.Materials.Length], category.Nouns[at / category.Materials.Length]);
    }

    private static string Describe(DemoCategory category, string series, string material, string noun, ref SplitMix64 random)
    {
        var opening = random.Pick<string>(category.Openings)
            .Replace("A {material}", "AEIOU".Contains(material[0]) ? "An {material}" : "A {material}")
            .Replace("{material}", material.ToLowerInvariant())
            .Replace("{noun}", noun.ToLowerInvariant());
        return $"{char.ToUpperInvariant(opening[0])}{opening[1..]} {random.Pick<string>(category.Details)} The {series} {random.Pick<string>(DemoWords.Closings)}";
    }

    private static DemoVariant[] VariantsOf(DemoCategory category, int index, ref SplitMix64 random)
    {
        var (lowest, highest) = category.Prices;
        var price = lowest + random.Next(highest - lowest + 1);
        var count = 1 + random.Next(category.Options.Length);
        var variants = new DemoVariant[count];
        for (var at = 0; at < count; at++)
        {
            var (code, label) = category.Options[at];
            var euros = price + price * category.StepPercent * at / 100;
            variants[at] = new DemoVariant($"BSN-{index:00000}-{code}", label, euros * 100 - (index % 3 == 0 ? 10 : 0), Currency);
        }
        return variants;
    }
}

/// <summary>Sebastiano Vigna's SplitMix64: a seed in, the same numbers out on every machine.</summary>
internal struct SplitMix64(long seed)
{
    private ulong _state = unchecked((ulong)seed * 0xD1342543DE82EF95);

    /// <summary>A number from 0 up to <paramref name="limit"/>, without it.</summary>
    public int Next(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>A number between both ends, both included.</summary>
    public int Between(int lowest, int highest) => lowest + Next(highest - lowest + 1);

    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Next(choices.Length)];

    private ulong Next()
    {
        var mixed = unchecked(_state += 0x9E3779B97F4A7C15);
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return mixed ^ (mixed >> 31);
    }
}

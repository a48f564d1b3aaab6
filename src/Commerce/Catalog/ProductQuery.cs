using System.Globalization;
using System.Text;

namespace Basin.Catalog;

/// <summary>Which products somebody wants to see: all on sale or those of a category, newest first, or those with some words, best first.</summary>
/// <param name="Words">Letters and digits only. A product has all of them, each at the beginning of one of its own.</param>
/// <param name="Category">A slug, or null for all.</param>
internal sealed record ProductQuery(Id<Tenant> Tenant, IReadOnlyList<string> Words, string? Category, Paging Paging)
{
    private const int MaxLength = 100;
    private const int MaxWords = 8;

    /// <summary>The last product that was seen; the page begins after it.</summary>
    public (int Rank, long Id) After { get; } = Hit.Read(Paging.After);

    /// <exception cref="ProblemException">A 400 that names the parameter.</exception>
    public static ProductQuery Of(Id<Tenant> tenant, string? q, string? category, Paging paging)
    {
        if (category is { Length: 0 or > MaxLength })
            throw KernelProblems.Invalid.At("category", $"A slug of at most {MaxLength} characters is expected.").Refusal();
        return new ProductQuery(tenant, q is null ? [] : WordsOf(q), category, paging);
    }

    /// <summary>Splits where the index of words does: at everything that is neither letter nor digit nor a mark on one.</summary>
    private static List<string> WordsOf(string q)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in $"{q} ".EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            {
                word.Append(rune);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
        if (q.Length > MaxLength || words.Count is 0 or > MaxWords)
            throw KernelProblems.Invalid.At("q", $"1 to {MaxWords} words in at most {MaxLength} characters are expected.").Refusal();
        return words;
    }
}

/// <summary>A product that a query found.</summary>
/// <param name="Rank">0 is best.</param>
internal readonly record struct Hit(int Rank, Product Product)
{
    /// <summary>All the words are in the title.</summary>
    public const int InTitle = 0;

    /// <summary>The words are anywhere: in options, SKUs, categories or the description too.</summary>
    public const int LastRank = 1;

    /// <summary>The place of a hit in its list, for a cursor.</summary>
    public string Position => $"{Rank}.{Product.Id.Value}";

    public static (int Rank, long Id) Read(string? position)
    {
        if (position is null)
            return (0, long.MaxValue);
        if (position is ['0' or '1', '.', .. var number] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return (position[0] - '0', id);
        throw KernelProblems.Invalid.At("cursor", "A cursor of an earlier page is expected.").Refusal();
    }
}

using System.Buffers.Text;
using System.Text;

namespace Basin.Kernel.Http;

/// <summary>One page of a list. <c>NextCursor</c> is null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>The <c>limit</c> and <c>cursor</c> of a list's query.</summary>
/// <param name="Limit">1 to 200.</param>
/// <param name="After">What the last item of the page before was ordered by; null at the beginning.</param>
public readonly record struct Paging(int Limit, string? After)
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    /// <exception cref="ProblemException">A 400 that names the parameter.</exception>
    public static Paging Of(int? limit, string? cursor)
    {
        if (limit is < 1 or > MaxLimit)
            throw KernelProblems.Invalid.At("limit", $"A number from 1 to {MaxLimit} is expected.").Refusal();
        return new Paging(limit ?? DefaultLimit, cursor is null ? null : Decode(cursor));
    }

    /// <summary>The position as a number, for lists ordered by id; <paramref name="start"/> at the beginning.</summary>
    public long AfterNumber(long start)
    {
        if (After is null)
            return start;
        return long.TryParse(After, out var number) ? number : throw BadCursor.Refusal();
    }

    /// <param name="rows">One more than the limit, when there are more.</param>
    /// <param name="position">What a row is ordered by.</param>
    public Page<T> PageOf<T>(IReadOnlyList<T> rows, Func<T, string> position)
    {
        if (rows.Count <= Limit)
            return new Page<T>(rows, null);
        var items = rows.Take(Limit).ToList();
        return new Page<T>(items, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(position(items[^1]))));
    }

    private static string Decode(string cursor)
    {
        if (cursor.Length is 0 or > 400 || !Base64Url.IsValid(cursor))
            throw BadCursor.Refusal();
        return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
    }

    /// <summary>For lists whose position is no number.</summary>
    public static Problem BadCursor => KernelProblems.Invalid.At("cursor", "A cursor of an earlier page is expected.");
}

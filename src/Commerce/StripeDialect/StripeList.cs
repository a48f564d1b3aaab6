namespace Basin.StripeDialect;

/// <summary>A page of a list, newest first.</summary>
/// <param name="Url">The path of the list, such as <c>/v1/customers</c>.</param>
public sealed record StripeList<T>(IReadOnlyList<T> Data, bool HasMore, string Url)
{
    public string Object => "list";
}

/// <summary>
/// The part of a list that a request asks for, as a range of ids: they grow with time, and carry it. A store reads
/// <c>id &gt;= From AND id &lt; Before ORDER BY id DESC LIMIT Take</c>, or <c>ASC</c> where it <see cref="IsBackwards"/>.
/// </summary>
public sealed class StripeWindow<T>
    where T : IEntity
{
    public const int DefaultLimit = 10;
    public const int MaxLimit = 100;

    private const string After = "starting_after";
    private const string End = "ending_before";

    /// <summary>Smaller than every id of 2094, where they end.</summary>
    private static readonly DateTimeOffset EndOfIds = new(2094, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _noun;

    internal StripeWindow(StripeForm form, string noun)
    {
        _noun = noun;
        Limit = (int)(form.IntegerOrNull("limit", 1, MaxLimit) ?? DefaultLimit);
        (From, Before) = CreatedIn(form);
        var (after, end) = (form.TextOrNull(After), form.TextOrNull(End));
        if (after is not null && end is not null)
            throw StripeErrors.Invalid(End, $"Received both {After} and {End} parameters. Please pass in only one.").Refusal();
        IsBackwards = end is not null;
        if ((after ?? end) is not { } cursor)
            return;
        if (!Id<T>.TryParse(cursor, out var id))
            throw StripeErrors.NoSuch(noun, cursor, CursorName).Refusal();
        Cursor = id;
        if (IsBackwards)
            From = Math.Max(From, id.Value + 1);
        else
            Before = Math.Min(Before, id.Value);
    }

    /// <summary>The smallest id that belongs to it.</summary>
    public long From { get; }

    /// <summary>Larger than every id that belongs to it.</summary>
    public long Before { get; }

    /// <summary>1 to 100.</summary>
    public int Limit { get; }

    /// <summary>How many rows to read: one more than the limit shows that there are more.</summary>
    public int Take => Limit + 1;

    /// <summary>Whether those just newer than the cursor are asked for, the oldest of them first to be read.</summary>
    public bool IsBackwards { get; }

    /// <summary>The object from which the list goes on; whoever does not find it refuses with <see cref="NoSuchCursor"/>.</summary>
    public Id<T>? Cursor { get; }

    public StripeError NoSuchCursor => StripeErrors.NoSuch(_noun, $"{Cursor}", CursorName);

    private string CursorName => IsBackwards ? End : After;

    /// <param name="rows">Up to <see cref="Take"/> from each shard, in any order.</param>
    public StripeList<TView> PageOf<TRow, TView>(IEnumerable<TRow> rows, Func<TRow, Id<T>> id, Func<TRow, TView> view, string url)
    {
        var nearest = (IsBackwards ? rows.OrderBy(id) : rows.OrderByDescending(id)).Take(Take).ToList();
        var shown = nearest.Take(Limit);
        return new StripeList<TView>([.. (IsBackwards ? shown.Reverse() : shown).Select(view)], nearest.Count > Limit, url);
    }

    private static (long From, long Before) CreatedIn(StripeForm form)
    {
        const string name = "created";
        if (!form.HoldsMembers(name))
        {
            return form.TimeOrNull(name) is { } at ? (FirstIdAt(at), FirstIdAt(Next(at))) : (0, long.MaxValue);
        }
        var created = form.Child(name);
        var from = Math.Max(
            created.TimeOrNull("gt") is { } gt ? FirstIdAt(Next(gt)) : 0,
            created.TimeOrNull("gte") is { } gte ? FirstIdAt(gte) : 0);
        var before = Math.Min(
            created.TimeOrNull("lt") is { } lt ? FirstIdAt(lt) : long.MaxValue,
            created.TimeOrNull("lte") is { } lte ? FirstIdAt(Next(lte)) : long.MaxValue);
        return (from, before);
    }

    private static DateTimeOffset Next(DateTimeOffset time) => time < EndOfIds ? time.AddSeconds(1) : time;

    private static long FirstIdAt(DateTimeOffset time) => time < EndOfIds ? Snowflake.FirstAt(time) : long.MaxValue;
}

public static class StripeWindows
{
    /// <summary>Reads <c>limit</c>, <c>starting_after</c>, <c>ending_before</c> and <c>created</c>.</summary>
    /// <param name="noun">What the list holds, for errors: <c>customer</c>.</param>
    public static StripeWindow<T> Window<T>(this StripeForm form, string noun)
        where T : IEntity => new(form, noun);
}

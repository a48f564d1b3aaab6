namespace Basin.Kernel.Ids;

/// <summary>
/// Which ids of a millisecond a system makes. Each system counts by itself, so two of them make the same ids; that matters where one takes over the ids
/// of another as those of its own entities, as Payments takes an order's id for the order's payment. The one makes ids of the lower half then, the
/// other those of the upper half, and what is taken over meets nothing.
/// </summary>
public sealed record IdSequences
{
    private const int Half = Snowflake.SequencesPerMillisecond / 2;

    private IdSequences(int first, int last) => (First, Last) = (first, last);

    public static IdSequences All { get; } = new(0, Snowflake.SequencesPerMillisecond - 1);

    /// <summary>Of a system whose ids another takes over.</summary>
    public static IdSequences Lower { get; } = new(0, Half - 1);

    /// <summary>Of a system that takes over ids.</summary>
    public static IdSequences Upper { get; } = new(Half, Snowflake.SequencesPerMillisecond - 1);

    internal int First { get; }

    internal int Last { get; }

    public bool Has<T>(Id<T> id)
        where T : IEntity => Snowflake.SequenceOf(id.Value) is var sequence && sequence >= First && sequence <= Last;
}

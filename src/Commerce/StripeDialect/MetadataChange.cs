using System.Collections.ObjectModel;

namespace Basin.StripeDialect;

/// <summary>What a request says about metadata: nothing, that all is cleared, or which keys are set and removed.</summary>
public sealed class MetadataChange
{
    public const int MaxKeys = 50;
    public const int MaxKeyLength = 40;
    public const int MaxValueLength = 500;

    private static readonly IReadOnlyDictionary<string, string> Nothing = ReadOnlyDictionary<string, string>.Empty;

    private readonly string _path;
    private readonly IReadOnlyDictionary<string, string> _values;
    private readonly bool _clears;

    private MetadataChange(string path, IReadOnlyDictionary<string, string> values, bool clears) =>
        (_path, _values, _clears) = (path, values, clears);

    internal static MetadataChange Clearing { get; } = new("metadata", Nothing, clears: true);

    /// <summary>Whether the request says anything.</summary>
    public bool IsGiven => _clears || _values.Count > 0;

    /// <summary>Metadata after the change, sorted by key.</summary>
    /// <exception cref="ProblemException">There would be too many keys.</exception>
    public IReadOnlyDictionary<string, string> ApplyTo(IReadOnlyDictionary<string, string>? before = null)
    {
        var after = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in _clears ? Nothing : before ?? Nothing)
            after[key] = value;
        foreach (var (key, value) in _values)
        {
            if (value.Length == 0)
                after.Remove(key);
            else
                after[key] = value;
        }
        return after.Count <= MaxKeys ? after : throw TooMany(_path).Refusal();
    }

    internal static MetadataChange Of(FormNode? node, string path)
    {
        if (node?.Text is not null)
            throw StripeErrors.Invalid(path, "Invalid object").Refusal();
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, member) in node?.Members ?? ReadOnlyDictionary<string, FormNode>.Empty)
            values.Add(key, ValueOf(key, member));
        return values.Count <= 2 * MaxKeys ? new MetadataChange(path, values, clears: false) : throw TooMany(path).Refusal();
    }

    private static string ValueOf(string key, FormNode member)
    {
        if (key.Length is 0 or > MaxKeyLength)
            throw StripeErrors.Invalid(member.Path, $"Metadata keys must have 1 to {MaxKeyLength} characters.").Refusal();
        if (member.Text is not { } text)
            throw StripeErrors.Invalid(member.Path, "Metadata values must be strings.").Refusal();
        if (CardDigits.AreIn(key) || CardDigits.AreIn(text))
            throw StripeErrors.HoldsCard(member.Path).Refusal();
        return text.Length <= MaxValueLength ? text
            : throw StripeErrors.Invalid(member.Path, $"Metadata values can have up to {MaxValueLength} characters.").Refusal();
    }

    private static StripeError TooMany(string path) => StripeErrors.Invalid(path, $"Metadata can have up to {MaxKeys} keys.");
}

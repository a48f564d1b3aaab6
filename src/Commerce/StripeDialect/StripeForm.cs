using System.Globalization;
using System.Text.Json;

namespace Basin.StripeDialect;

/// <summary>
/// Reads the parameters of a request, or of an object within it. The first that is wrong ends the request with Stripe's error; whoever has read all
/// that it knows calls <see cref="RefuseOthers"/>. No text may hold a card number, whatever it is for, but one that is read as a secret.
/// </summary>
public sealed class StripeForm
{
    /// <summary>The largest amount, in the minor unit of its currency.</summary>
    public const long MaxAmount = 99_999_999;

    private const int MaxUnknown = 10;

    private readonly FormNode _node;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly List<StripeForm> _nested = [];

    internal StripeForm(FormNode node) => _node = node;

    /// <summary>Whether the caller has sent the parameter, empty or not.</summary>
    public bool Has(string name) => _node.Members.ContainsKey(name);

    /// <summary>Whether the parameter is an object or a list.</summary>
    internal bool HoldsMembers(string name) => _node.Members.GetValueOrDefault(name)?.Members.Count > 0;

    /// <summary>The full name of a parameter for an error, such as <c>card[number]</c>.</summary>
    public string PathOf(string name) => _node.Path.Length == 0 ? name : $"{_node.Path}[{name}]";

    /// <summary>A text that may hold anything, for whoever never keeps, logs or repeats it.</summary>
    public string Secret(string name) => SecretOrNull(name) ?? throw Missing(name);

    /// <inheritdoc cref="Secret"/>
    public string? SecretOrNull(string name) => Take(name) switch
    {
        null => null,
        { Text: null } node => throw NotAText(node.Path),
        { Text: "" } node => throw StripeErrors.Empty(node.Path).Refusal(),
        { Text: { } text } => text,
    };

    public string Text(string name, int maximum = FormNode.MaxValueLength) => TextOrNull(name, maximum) ?? throw Missing(name);

    /// <summary>Null when it is not there; an empty one is refused.</summary>
    public string? TextOrNull(string name, int maximum = FormNode.MaxValueLength) => Value(name) switch
    {
        null => null,
        "" => throw StripeErrors.Empty(PathOf(name)).Refusal(),
        { } text when text.Length > maximum => throw FormNode.TooLong(PathOf(name), maximum).Refusal(),
        { } text => text,
    };

    /// <summary>A text that may also be unset with an empty value.</summary>
    public Change<string> TextChange(string name, int maximum = FormNode.MaxValueLength) =>
        IsUnset(name) ? Change<string>.Unset : Changed(TextOrNull(name, maximum));

    public long Integer(string name, long minimum = long.MinValue, long maximum = long.MaxValue) =>
        IntegerOrNull(name, minimum, maximum) ?? throw Missing(name);

    public long? IntegerOrNull(string name, long minimum = long.MinValue, long maximum = long.MaxValue)
    {
        if (TextOrNull(name) is not { } text)
            return null;
        var path = PathOf(name);
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw StripeErrors.NotAnInteger(path, text).Refusal();
        if (number < minimum)
            throw StripeErrors.Invalid(path, $"This value must be greater than or equal to {minimum}.", "parameter_invalid_integer").Refusal();
        if (number > maximum)
        {
            var sentence = $"This value must be less than or equal to {maximum} (it currently is '{StripeErrors.Echo(text)}').";
            throw StripeErrors.Invalid(path, sentence, "parameter_invalid_integer").Refusal();
        }
        return number;
    }

    /// <summary>In the minor unit of its currency, from <paramref name="minimum"/> to <see cref="MaxAmount"/>.</summary>
    public long Amount(string name, long minimum = 1) => AmountOrNull(name, minimum) ?? throw Missing(name);

    public long? AmountOrNull(string name, long minimum = 1) => IntegerOrNull(name, minimum) is not { } amount ? null
        : amount <= MaxAmount ? amount
        : throw StripeErrors.Invalid(PathOf(name), $"Amount must be no more than {MaxAmount}", "amount_too_large").Refusal();

    /// <summary>A currency in use, in small letters as Stripe writes it.</summary>
    public string Currency(string name) => CurrencyOrNull(name) ?? throw Missing(name);

    public string? CurrencyOrNull(string name) => TextOrNull(name) is not { } text ? null
        : Currencies.IsKnown(text.ToUpperInvariant()) ? text.ToLowerInvariant()
        : throw StripeErrors.Invalid(PathOf(name), $"Invalid currency: {StripeErrors.Echo(text)}.").Refusal();

    public bool Boolean(string name) => BooleanOrNull(name) ?? throw Missing(name);

    public bool? BooleanOrNull(string name) => TextOrNull(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        { } other => throw StripeErrors.Invalid(PathOf(name), $"Invalid boolean: {StripeErrors.Echo(other)}").Refusal(),
    };

    /// <summary>Unix seconds.</summary>
    public DateTimeOffset Time(string name) => TimeOrNull(name) ?? throw Missing(name);

    public DateTimeOffset? TimeOrNull(string name) =>
        IntegerOrNull(name, 0, UnixSeconds.Largest) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>One of the texts that are allowed.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> allowed) => OneOfOrNull(name, allowed) ?? throw Missing(name);

    public string? OneOfOrNull(string name, params ReadOnlySpan<string> allowed) =>
        TextOrNull(name) is not { } text ? null : allowed.Contains(text) ? text : throw NotOneOf(name, allowed);

    /// <summary>One of an enum's values, in Stripe's spelling: <c>automatic_async</c>.</summary>
    public TEnum Choice<TEnum>(string name)
        where TEnum : struct, Enum => ChoiceOrNull<TEnum>(name) ?? throw Missing(name);

    public TEnum? ChoiceOrNull<TEnum>(string name)
        where TEnum : struct, Enum
    {
        if (TextOrNull(name) is not { } text)
            return null;
        var at = Spelled<TEnum>.Names.IndexOf(text);
        return at >= 0 ? Spelled<TEnum>.Values[at] : throw NotOneOf(name, [.. Spelled<TEnum>.Names]);
    }

    /// <summary>An object: <c>card[number]=...</c>.</summary>
    public StripeForm Child(string name) => ChildOrNull(name) ?? throw Missing(name);

    public StripeForm? ChildOrNull(string name) => Take(name) is not { } node ? null : Nest(node);

    /// <summary>An object that may also be unset with an empty value.</summary>
    public Change<StripeForm> ChildChange(string name) => IsUnset(name) ? Change<StripeForm>.Unset : Changed(ChildOrNull(name));

    /// <summary>A list of objects: <c>items[0][price]=...</c>. Empty when it is not there.</summary>
    public IReadOnlyList<StripeForm> Children(string name, int maximum = 100) => [.. Items(name, maximum).Select(Nest)];

    /// <summary>A list of texts: <c>types[]=...</c> or <c>types[0]=...</c>. Empty when it is not there.</summary>
    public IReadOnlyList<string> Texts(string name, int maximum = 100) =>
        [.. Items(name, maximum).Select(item => Kept(item) is { Length: > 0 } text ? text : throw StripeErrors.Empty(item.Path).Refusal())];

    /// <summary>Pairs that the caller keeps with an object.</summary>
    public MetadataChange Metadata(string name = "metadata") => IsUnset(name) ? MetadataChange.Clearing : MetadataChange.Of(Take(name), PathOf(name));

    /// <summary>Lets a parameter pass that makes no difference, whatever it holds.</summary>
    public void Skip(string name) => Take(name);

    /// <summary>Refuses what nobody has read, here and in the objects within.</summary>
    public void RefuseOthers()
    {
        var unknown = Unread().Take(MaxUnknown).ToList();
        if (unknown.Count > 0)
            throw StripeErrors.Unknown(unknown).Refusal();
    }

    /// <summary>Takes a parameter without looking at it.</summary>
    internal FormNode? Take(string name)
    {
        _read.Add(name);
        return _node.Members.GetValueOrDefault(name);
    }

    private IEnumerable<string> Unread() =>
        _node.Members.Where(member => !_read.Contains(member.Key)).Select(member => StripeErrors.Echo(member.Value.Path))
            .Concat(_nested.SelectMany(nested => nested.Unread()));

    private StripeForm Nest(FormNode node)
    {
        if (node.Text is not null)
            throw StripeErrors.Invalid(node.Path, "Invalid object").Refusal();
        var form = new StripeForm(node);
        _nested.Add(form);
        return form;
    }

    private List<FormNode> Items(string name, int maximum)
    {
        if (Take(name) is not { } node)
            return [];
        var items = new List<FormNode>();
        while (node.Members.TryGetValue($"{items.Count}", out var item))
            items.Add(item);
        if (node.Text is not null || items.Count < node.Members.Count)
            throw StripeErrors.Invalid(PathOf(name), "Invalid array").Refusal();
        return items.Count <= maximum ? items
            : throw StripeErrors.Invalid(PathOf(name), $"Invalid array: at most {maximum} items are allowed in {PathOf(name)}.").Refusal();
    }

    private string? Value(string name) => Take(name) is not { } node ? null : Kept(node);

    private static string Kept(FormNode node) => node.Text is not { } text ? throw NotAText(node.Path)
        : CardDigits.AreIn(text) ? throw StripeErrors.HoldsCard(node.Path).Refusal()
        : text;

    private bool IsUnset(string name) => Take(name) is { Text.Length: 0 };

    private static Change<T> Changed<T>(T? value)
        where T : class => value is null ? default : Change<T>.To(value);

    private ProblemException Missing(string name) => StripeErrors.Missing(PathOf(name)).Refusal();

    private static ProblemException NotAText(string path) =>
        StripeErrors.Invalid(path, "Invalid string: a single value is expected, not an object or a list.").Refusal();

    private ProblemException NotOneOf(string name, ReadOnlySpan<string> allowed)
    {
        var last = allowed[^1];
        var list = allowed.Length switch
        {
            1 => last,
            2 => $"{allowed[0]} or {last}",
            _ => $"{string.Join(", ", allowed[..^1].ToArray())}, or {last}",
        };
        return StripeErrors.Invalid(PathOf(name), $"Invalid {PathOf(name)}: must be one of {list}").Refusal();
    }

    private static class Spelled<TEnum>
        where TEnum : struct, Enum
    {
        public static readonly List<TEnum> Values = [.. Enum.GetValues<TEnum>()];
        public static readonly List<string> Names = [.. Values.Select(value => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{value}"))];
    }
}

/// <summary>What a request says about a member that is there already: nothing, a new value, or that it is unset.</summary>
public readonly record struct Change<T>
    where T : class
{
    /// <summary>Whether the request says anything.</summary>
    public bool IsGiven { get; private init; }

    /// <summary>The new value; null when it is unset or not given.</summary>
    public T? Value { get; private init; }

    public static Change<T> Unset => new() { IsGiven = true };

    public static Change<T> To(T value) => new() { IsGiven = true, Value = value };

    /// <summary>The member after the change.</summary>
    public T? Or(T? current) => IsGiven ? Value : current;
}

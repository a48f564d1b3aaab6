using System.Text;
using System.Text.Unicode;

namespace Basin.StripeDialect;

/// <summary>
/// A parameter of a form: a text, or members by name. <c>a[b]=c</c> is a member, <c>a[0]=c</c> an item of a list, whose members are named 0, 1, 2,
/// ...; <c>a[]=c</c> is the next item. Which of both a branch is, is known to whoever reads it: metadata may have a key 0.
/// </summary>
public sealed class FormNode
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxParameters = 1000;
    public const int MaxDepth = 8;
    public const int MaxNameLength = 500;
    public const int MaxValueLength = 5000;

    private readonly Dictionary<string, FormNode> _members = new(StringComparer.Ordinal);
    private bool _appends;

    private FormNode(string path, string? text) => (Path, Text) = (path, text);

    /// <summary>Its name as the caller wrote it, such as <c>card[number]</c>; empty for the form itself.</summary>
    public string Path { get; }

    /// <summary>The value; null for a branch.</summary>
    public string? Text { get; }

    /// <summary>What a branch holds, in the order in which it came; empty for a text.</summary>
    public IReadOnlyDictionary<string, FormNode> Members => _members;

    /// <summary>Reads <c>application/x-www-form-urlencoded</c> texts as one form: the query, then the body.</summary>
    /// <exception cref="ProblemException">A <see cref="StripeError"/> that names the parameter.</exception>
    public static FormNode Parse(params ReadOnlySpan<ReadOnlyMemory<byte>> encoded)
    {
        var form = new FormNode("", null);
        var count = 0;
        foreach (var part in encoded)
        {
            foreach (var range in part.Span.Split((byte)'&'))
            {
                var pair = part.Span[range];
                if (pair.IsEmpty)
                    continue;
                if (++count > MaxParameters)
                    throw StripeErrors.Invalid(null, $"A request may have at most {MaxParameters} parameters.").Refusal();
                var equals = pair.IndexOf((byte)'=');
                var name = Decode(equals < 0 ? pair : pair[..equals], MaxNameLength, null);
                form.Add(name, SegmentsOf(name), equals < 0 ? "" : Decode(pair[(equals + 1)..], MaxValueLength, name));
            }
        }
        return form;
    }

    /// <summary>The form in one order, whatever the order of its parameters was: the same text for the same request.</summary>
    public string Encode(IReadOnlyDictionary<string, string>? instead = null)
    {
        var text = new StringBuilder();
        Encode(text, instead);
        return text.ToString();
    }

    private void Encode(StringBuilder text, IReadOnlyDictionary<string, string>? instead)
    {
        if (Text is not null)
        {
            text.Append(text.Length > 0 ? "&" : "").Append(Uri.EscapeDataString(Path)).Append('=')
                .Append(Uri.EscapeDataString(instead?.GetValueOrDefault(Path) ?? Text));
        }
        foreach (var member in _members.OrderBy(member => member.Key, StringComparer.Ordinal))
            member.Value.Encode(text, instead);
    }

    private static List<string> SegmentsOf(string name)
    {
        var open = name.IndexOf('[');
        var root = open < 0 ? name : name[..open];
        if (root.Length == 0 || root.Contains(']'))
            throw Malformed(name);
        var segments = new List<string> { root };
        for (var at = root.Length; at < name.Length;)
        {
            var close = name.IndexOf(']', at);
            if (name[at] != '[' || close < 0 || name.IndexOf('[', at + 1, close - at - 1) >= 0)
                throw Malformed(name);
            segments.Add(name[(at + 1)..close]);
            at = close + 1;
        }
        return segments.Count <= MaxDepth
            ? segments
            : throw StripeErrors.Invalid(StripeErrors.Echo(name), $"Parameters may be nested at most {MaxDepth} levels deep.").Refusal();
    }

    private void Add(string name, List<string> segments, string value)
    {
        var node = this;
        for (var i = 0; i < segments.Count; i++)
            node = node.Member(name, segments[i], i + 1 < segments.Count ? segments[i + 1] : null, value);
    }

    /// <param name="next">The name within the member; null where the value goes.</param>
    private FormNode Member(string name, string segment, string? next, string value)
    {
        var appends = segment.Length == 0;
        if (Text is not null || (_members.Count > 0 && _appends != appends))
            throw Mixed(name);
        _appends = appends;
        var key = appends ? KeyOfItem(next) : segment;
        if (!_members.TryGetValue(key, out var member))
        {
            member = new FormNode(Path.Length == 0 ? key : $"{Path}[{key}]", next is null ? value : null);
            _members.Add(key, member);
        }
        else if (next is null || member.Text is not null)
        {
            throw Mixed(name);
        }
        return member;
    }

    /// <summary>An item of which parts come one by one, as in <c>a[][b]=1&amp;a[][c]=2</c>, ends where a part comes again.</summary>
    private string KeyOfItem(string? next)
    {
        var last = _members.Count - 1;
        var goesOn = next is { Length: > 0 } && _members.TryGetValue($"{last}", out var item)
            && item.Text is null && !item._members.ContainsKey(next);
        return goesOn ? $"{last}" : $"{last + 1}";
    }

    private static string Decode(ReadOnlySpan<byte> encoded, int maximum, string? name)
    {
        var bytes = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            bytes[length++] = encoded[i] switch
            {
                (byte)'+' => (byte)' ',
                (byte)'%' => ByteAt(encoded, ref i, name),
                var other => other,
            };
        }
        var decoded = bytes.AsSpan(0, length);
        if (!Utf8.IsValid(decoded))
            throw StripeErrors.Invalid(name, "Invalid UTF-8 in a parameter.").Refusal();
        if (decoded.Contains((byte)0))
            throw StripeErrors.Invalid(name, "NUL characters are not allowed in parameters.").Refusal();
        var text = Encoding.UTF8.GetString(decoded);
        if (text.Length <= maximum)
            return text;
        throw name is null
            ? StripeErrors.Invalid(StripeErrors.Echo(text), $"The name of a parameter may have at most {maximum} characters.").Refusal()
            : TooLong(name, maximum).Refusal();
    }

    internal static StripeError TooLong(string param, int maximum) => StripeErrors.Invalid(
        param, $"Invalid string: the value of {param} must be at most {maximum} characters long.", "parameter_invalid_string_too_long");

    private static byte ByteAt(ReadOnlySpan<byte> encoded, ref int i, string? name)
    {
        var digits = encoded[(i + 1)..Math.Min(i + 3, encoded.Length)];
        if (digits.Length < 2 || !char.IsAsciiHexDigit((char)digits[0]) || !char.IsAsciiHexDigit((char)digits[1]))
            throw StripeErrors.Invalid(name, "Invalid percent-encoding in a parameter.").Refusal();
        i += 2;
        return (byte)((Convert.ToInt32($"{(char)digits[0]}", 16) << 4) | Convert.ToInt32($"{(char)digits[1]}", 16));
    }

    private static ProblemException Malformed(string name) =>
        StripeErrors.Invalid(StripeErrors.Echo(name), $"Invalid name of a parameter: {StripeErrors.Echo(name)}").Refusal();

    private static ProblemException Mixed(string name) =>
        StripeErrors.Invalid(name, $"The parameter {name} is given more than once, or in different kinds.").Refusal();
}

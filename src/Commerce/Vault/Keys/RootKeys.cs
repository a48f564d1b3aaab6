using System.Text.RegularExpressions;

namespace Basin.Vault.Keys;

/// <summary>A key that is kept outside the database, with the name under which what it has wrapped is found.</summary>
internal sealed record RootKey(string Id, byte[] Bytes)
{
    /// <summary>Not the bytes.</summary>
    public override string ToString() => $"root key {Id}";
}

/// <summary>The root keys of an installation: the first wraps, all of them unwrap.</summary>
internal sealed partial class RootKeys
{
    private readonly IReadOnlyList<RootKey> _keys;

    private RootKeys(IReadOnlyList<RootKey> keys, string place) => (_keys, Place) = (keys, place);

    /// <summary>Where they were read, for people.</summary>
    public string Place { get; }

    public RootKey Current => _keys[0];

    public IEnumerable<string> Ids => _keys.Select(key => key.Id);

    public RootKey? Find(string id) => _keys.FirstOrDefault(key => key.Id == id);

    /// <summary>Reads lines <c>id:base64</c>; a comma separates as the end of a line does. Lines that are empty or begin with # are none.</summary>
    /// <exception cref="InvalidOperationException">Something else is there; it is named by its line, never by what it says.</exception>
    public static RootKeys Parse(string text, string place)
    {
        var keys = new List<RootKey>();
        var lines = text.Split(['\n', ',']);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            var key = ParseLine(line) ?? throw new InvalidOperationException(
                $"Line {i + 1} of {place} is no root key of the vault: an id of up to 32 letters, digits and dashes, a colon, and base64 of 32 bytes.");
            if (keys.Exists(known => known.Id == key.Id))
                throw new InvalidOperationException($"The root key '{key.Id}' of the vault is twice in {place}.");
            keys.Add(key);
        }
        return keys.Count > 0 ? new RootKeys(keys, place) : throw new InvalidOperationException($"There is no root key of the vault in {place}.");
    }

    private static RootKey? ParseLine(string line)
    {
        var parts = line.Split(':', 2);
        var bytes = new byte[Box.KeyBytes];
        return parts.Length == 2
            && Name().IsMatch(parts[0])
            && Convert.TryFromBase64String(parts[1].Trim(), bytes, out var count)
            && count == Box.KeyBytes
                ? new RootKey(parts[0], bytes)
                : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9-]{1,32}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Name();
}

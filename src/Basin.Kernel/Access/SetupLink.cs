namespace Basin.Kernel.Access;

/// <summary>
/// The link that makes the first operator; later ones are invited. Its token is new at each start, known to those who see the host's
/// output, and kept as a hash in memory only.
/// </summary>
public sealed class SetupLink(Action<string>? announce = null)
{
    private volatile byte[]? _hash;

    /// <summary>Whether the link with this token still makes an operator.</summary>
    public bool Opens(string? token) => _hash is { } hash && token is { Length: SecretToken.Length } && SecretToken.Matches(token, hash);

    internal Action<string>? Announce => announce;

    internal string Open()
    {
        var token = SecretToken.New();
        _hash = SecretToken.HashOf(token);
        return token;
    }

    internal void Close() => _hash = null;
}

using System.Text;

namespace Basin.Notifications;

/// <summary>What can be seen of a mail in the drop folder: some headers and the plain text.</summary>
/// <param name="Name">The notification's id.</param>
internal sealed record DroppedMail(string Name, string To, string Subject, string Text)
{
    /// <summary>Reads what the drop folder has written (RFC 5322, RFC 2045). Of anything else it shows what it understands, and nothing of HTML.</summary>
    public static DroppedMail Parse(string name, string message)
    {
        var (headers, body) = Split(message);
        var text = PartsOf(headers, body).Select(Split).FirstOrDefault(part => HeaderOf(part.Headers, "Content-Type").StartsWith("text/plain"));
        return new DroppedMail(name, HeaderOf(headers, "To"), HeaderOf(headers, "Subject"), text == default ? "" : Decode(text.Headers, text.Body));
    }

    private static (string[] Headers, string Body) Split(string message)
    {
        var normal = message.ReplaceLineEndings("\n").TrimStart('\n');
        var end = normal.IndexOf("\n\n", StringComparison.Ordinal);
        var head = end < 0 ? normal : normal[..end];
        // A line that begins with white space continues the one before.
        return (head.Replace("\n ", " ").Replace("\n\t", " ").Split('\n'), end < 0 ? "" : normal[(end + 2)..]);
    }

    private static IEnumerable<string> PartsOf(string[] headers, string body)
    {
        const string Boundary = "boundary=";
        var type = HeaderOf(headers, "Content-Type");
        var at = type.IndexOf(Boundary, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return [];
        var boundary = type[(at + Boundary.Length)..].Split(';')[0].Trim().Trim('"');
        return boundary.Length == 0 ? [] : body.Split($"--{boundary}").Skip(1).Where(part => !part.StartsWith("--", StringComparison.Ordinal));
    }

    private static string HeaderOf(string[] headers, string name)
    {
        var header = headers.FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase));
        return Visible(header?[(name.Length + 1)..].Trim() ?? "");
    }

    private static string Decode(string[] headers, string body)
    {
        if (!HeaderOf(headers, "Content-Transfer-Encoding").Equals("base64", StringComparison.OrdinalIgnoreCase))
            return Visible(body);
        var bytes = new byte[body.Length];
        return Convert.TryFromBase64String(body, bytes, out var length) ? Visible(Encoding.UTF8.GetString(bytes, 0, length)) : "";
    }

    /// <summary>Lines stay; other control characters could only deceive.</summary>
    private static string Visible(string text) => string.Concat(text.Where(c => c == '\n' || !char.IsControl(c))).Trim();
}

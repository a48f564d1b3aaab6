using System.Text.Json;
using System.Text.RegularExpressions;

namespace Basin.Kernel.Http;

/// <summary>
/// Says what is wrong with JSON. The framework's sentences name types of this program, so only the path is taken from them and, once, the names of
/// members.
/// </summary>
public static partial class JsonProblems
{
    public static Problem Of(JsonException json)
    {
        // A name with odd characters comes as $['a.b'] and stays so.
        var path = json.Path switch
        {
            null or "$" => "",
            var full when full.StartsWith("$.", StringComparison.Ordinal) => full[2..],
            var full => full,
        };
        if (MissingMembers().Match(json.Message) is { Success: true } missing)
        {
            var problem = KernelProblems.Invalid;
            foreach (Match name in QuotedName().Matches(missing.Groups[1].Value))
                problem = problem.At(Join(path, name.Groups[1].Value), "A value is expected.");
            return problem;
        }
        var sentence = json.Message switch
        {
            var m when m.Contains("could not be mapped", StringComparison.Ordinal) => "There is no such member.",
            var m when m.Contains("Duplicate", StringComparison.Ordinal) => "The member is there twice.",
            var m when m.Contains("null values", StringComparison.Ordinal) => "A value is expected, not null.",
            var m when m.Contains("could not be converted", StringComparison.Ordinal) => "The value has the wrong type or is out of range.",
            var m when m.StartsWith("An id", StringComparison.Ordinal) => m,
            _ => $"This is not JSON, near line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}.",
        };
        return path.Length == 0 ? KernelProblems.Invalid.With(sentence) : KernelProblems.Invalid.At(path, sentence);
    }

    private static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    [GeneratedRegex("missing required properties including: (.*)", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex MissingMembers();

    [GeneratedRegex("'([^']+)'", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex QuotedName();
}

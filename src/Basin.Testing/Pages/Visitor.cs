using System.Net;
using System.Text.RegularExpressions;

namespace Basin.Testing.Pages;

/// <summary>Somebody at a browser without scripts: keeps cookies, follows no redirect, fills in forms.</summary>
public sealed class Visitor : IDisposable
{
    private readonly HttpClient _client;

    public Visitor(Uri address) => _client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false })
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { { "Accept", "text/html,*/*" } },
    };

    public HttpClient Client => _client;

    /// <summary>A page that answers 200.</summary>
    public async Task<string> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        // As people read it: the encoder of pages writes every sign beyond ASCII as a number.
        var page = (await answer.Content.ReadAsStringAsync()).Replace("&#x20AC;", "€", StringComparison.Ordinal);
        return answer.StatusCode == HttpStatusCode.OK
            ? page
            : throw new InvalidOperationException($"{path} answers {(int)answer.StatusCode}: {page}");
    }

    /// <summary>Sends the form of a page that contains a text, with its hidden fields and these.</summary>
    public Task<HttpResponseMessage> SubmitAsync(string path, string page, string marker, params (string Name, string Value)[] fields) =>
        _client.PostAsync(path, new FormUrlEncodedContent(HiddenFields(page, marker).Concat(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)))));

    /// <summary>Sends a form of a page that is not under test, with a token that is right.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(string path, params (string Name, string Value)[] fields)
    {
        var token = await GetAsync(TestPages.TokenPath);
        return await _client.PostAsync(path, new FormUrlEncodedContent(
            fields.Append(("__RequestVerificationToken", token)).Select(field => KeyValuePair.Create(field.Item1, field.Item2))));
    }

    /// <summary>The hidden fields of the form that contains a text.</summary>
    public static List<KeyValuePair<string, string>> HiddenFields(string page, string marker)
    {
        var form = Regex.Matches(page, "<form.*?</form>", RegexOptions.Singleline, TimeSpan.FromSeconds(1)).FirstOrDefault(form => form.Value.Contains(marker))
            ?? throw new InvalidOperationException($"No form contains '{marker}': {page}");
        return [.. Regex.Matches(form.Value, "<input[^>]*type=\"hidden\"[^>]*>", RegexOptions.None, TimeSpan.FromSeconds(1))
            .Select(input => KeyValuePair.Create(Attribute(input.Value, "name"), Attribute(input.Value, "value")))];
    }

    public void Dispose() => _client.Dispose();

    private static string Attribute(string tag, string name) =>
        WebUtility.HtmlDecode(Regex.Match(tag, $"{name}=\"([^\"]*)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value);
}

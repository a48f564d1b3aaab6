using System.Text;
using System.Text.Json;
using Xunit;

namespace Basin.Testing.Api;

/// <summary>One request and what must come back: a row of a table of scenarios.</summary>
/// <param name="Name">The name of the test.</param>
/// <param name="Status">HTTP status. From 400 on, problem details are expected.</param>
/// <param name="Code">The code of the problem.</param>
public sealed record ApiCase(string Name, string Method, string Path, string? Body = null, int Status = 200, string? Code = null)
{
    public string? ContentType { get; init; } = "application/json";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>JSON paths that <c>errors</c> must name, such as <c>lines[0].quantity</c>.</summary>
    public IReadOnlyList<string> ErrorFields { get; init; } = [];

    public IReadOnlyList<string> BodyContains { get; init; } = [];

    public IReadOnlyList<string> BodyLacks { get; init; } = [];

    /// <summary>One theory case per row, under the row's name.</summary>
    public static IEnumerable<TheoryDataRow<ApiCase>> Rows(params IEnumerable<ApiCase> cases) =>
        cases.Select(row => new TheoryDataRow<ApiCase>(row) { TestDisplayName = row.Name });

    /// <summary>Sends the request and checks the answer.</summary>
    /// <returns>The body.</returns>
    public async Task<string> RunAsync(HttpClient client)
    {
        using var response = await SendAsync(client);
        var body = await response.Content.ReadAsStringAsync();

        Assert.True((int)response.StatusCode == Status, $"{Status} is expected, not {(int)response.StatusCode}: {body}");
        if (Status >= 400)
            CheckProblem(response, body);
        Assert.All(BodyContains, part => Assert.Contains(part, body));
        Assert.All(BodyLacks, part => Assert.DoesNotContain(part, body));
        return body;
    }

    /// <summary>Sends the request and leaves the answer to the test.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(new HttpMethod(Method), Path);
        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
            if (ContentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }
        // The server refuses a large body while it is still on its way, which would break the sending.
        request.Headers.ExpectContinue = Body?.Length > 100_000;
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await client.SendAsync(request);
    }

    public override string ToString() => Name;

    private void CheckProblem(HttpResponseMessage response, string body)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(body);
        var root = problem.RootElement;
        Assert.Equal(Status, root.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(root.GetProperty("title").GetString()));
        if (Code is not null)
            Assert.Equal(Code, root.GetProperty("code").GetString());
        var named = root.TryGetProperty("errors", out var errors) ? errors.EnumerateObject().Select(member => member.Name).ToList() : [];
        foreach (var field in ErrorFields)
            Assert.True(named.Contains(field), $"errors must name '{field}': {body}");
    }
}

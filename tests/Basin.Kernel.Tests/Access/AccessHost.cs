using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Testing;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Basin.Kernel.Tests.Access;

/// <summary>A host with forms as the pages of shop and console have them, and routes that ask for scopes.</summary>
internal static class AccessHost
{
    public const string OperatorKey = "the-key-of-the-operators";
    public const string Password = "correct horse battery";

    public static Task<TestHost> StartAsync(Dictionary<string, string?>? settings = null, Backend? backend = null) => TestHost.StartAsync(_ => { }, Map, new TestHostOptions
    {
        Backend = backend ?? TestBackend.OfRun,
        Caller = null,
        Settings = new(settings ?? [])
        {
            ["BASIN_OPERATOR_KEY"] = OperatorKey,
            ["Basin:Access:PasswordIterations"] = "1000",
        },
    });

    public static HttpClient WithKey(this TestHost host, string key)
    {
        var client = host.ClientOf(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public static HttpClient Operator(this TestHost host) => host.WithKey(OperatorKey);

    /// <summary>Makes a key and returns its id and text.</summary>
    public static async Task<(string Id, string Key)> MakeKeyAsync(this HttpClient client, object request)
    {
        var response = await client.PostAsJsonAsync("/v1/keys", request);
        Assert.Equal(201, (int)response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (body.GetProperty("id").GetString()!, body.GetProperty("key").GetString()!);
    }

    public static async Task<string> CodeOfAsync(this HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()!;
    }

    public static string SetupToken(this TestHost host)
    {
        var line = host.Log.Lines.Last(line => line.EventId == 1301).Text;
        return line[(line.IndexOf("token=", StringComparison.Ordinal) + "token=".Length)..];
    }

    internal static void Map(WebApplication app)
    {
        app.MapAccess();
        app.MapGet("/v1/sample", (Caller caller) => caller.Subject).RequireScope("sample:read");
        app.MapPost("/v1/sample", (Caller caller) => caller.Subject).RequireScope("sample:write");
        app.MapGet("/v1/forgotten", () => "open?");
        app.MapGet("/console", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.Email)).RequireAuthorization(Policies.Operator);
        app.MapGet("/console/forgotten", () => "open?");
        app.MapGet("/console/form", Token).AllowAnonymous();
        app.MapGet("/form", Token);
        app.MapGet("/shopper", (Shopper shopper) => new { shopper.Owner, customer = shopper.CustomerId?.ToString(), shopper.Email });
        app.MapGet("/account", (Shopper shopper) => shopper.Email).RequireAuthorization(Policies.Customer);
        app.MapPost("/sign-in", async (HttpContext http, Accounts accounts, [FromForm] string? email, [FromForm] string? password) =>
            Done(await accounts.SignInAsync(http, AccountKind.Customer, email, password, remember: true)));
        app.MapPost("/register", async (HttpContext http, Accounts accounts, [FromForm] string? email, [FromForm] string? password) =>
            Done(await accounts.RegisterAsync(http, email, password)));
        app.MapPost("/account/password", async (HttpContext http, Accounts accounts, [FromForm] string? current, [FromForm] string? next) =>
            Done(await accounts.ChangePasswordAsync(http, current, next)));
        app.MapPost("/sign-out", async (HttpContext http, [FromForm] string? ignored) => await Accounts.SignOutAsync(http, AccountKind.Customer));
        app.MapPost(
            "/console/sign-in",
            async (HttpContext http, Accounts accounts, [FromForm] string? email, [FromForm] string? password) =>
                Done(await accounts.SignInAsync(http, AccountKind.Operator, email, password, remember: false))).AllowAnonymous();
        app.MapPost("/console/invitations", async (Caller caller, Accounts accounts, [FromForm] string? ignored) =>
            await accounts.InviteOperatorAsync(caller, CancellationToken.None)).RequireAuthorization(Policies.Operator);
        app.MapPost("/console/password", async (HttpContext http, Accounts accounts, [FromForm] string? current, [FromForm] string? next) =>
            Done(await accounts.ChangePasswordAsync(http, current, next))).RequireAuthorization(Policies.Operator);
        app.MapPost(
            "/console/setup",
            async (HttpContext http, Accounts accounts, [FromForm] string? token, [FromForm] string? email, [FromForm] string? password) =>
                Done(await accounts.SetUpAsync(http, token, email, password))).AllowAnonymous();
    }

    private static string Token(HttpContext http, IAntiforgery antiforgery) => antiforgery.GetAndStoreTokens(http).RequestToken!;

    private static IResult Done(Problem? problem) => problem is null ? Results.NoContent() : throw problem.Refusal();
}

/// <summary>A person at a browser: keeps cookies, follows nothing, and sends forms with their token.</summary>
internal sealed class Browser(TestHost host) : IDisposable
{
    private readonly HttpClient _client = new(new CookieJar()) { BaseAddress = host.Address };

    public Task<HttpResponseMessage> GetAsync(string path, string accept = "text/html")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        return _client.SendAsync(request);
    }

    public async Task<JsonElement> ShopperAsync() => await _client.GetFromJsonAsync<JsonElement>("/shopper");

    public async Task<HttpResponseMessage> SendAsync(string path, params (string Name, string Value)[] fields)
    {
        var token = await _client.GetStringAsync(path.StartsWith("/console", StringComparison.Ordinal) ? "/console/form" : "/form");
        return await SendWithoutTokenAsync(path, [.. fields, ("__RequestVerificationToken", token)]);
    }

    public Task<HttpResponseMessage> SendWithoutTokenAsync(string path, params (string Name, string Value)[] fields) =>
        _client.PostAsync(path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public async Task<int> SignInAsync(string email, string password, string path = "/sign-in") =>
        (int)(await SendAsync(path, ("email", email), ("password", password))).StatusCode;

    public void Dispose() => _client.Dispose();

    /// <summary>Keeps cookies until they are deleted. The framework's own drops those that have expired by the real clock.</summary>
    private sealed class CookieJar() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        private readonly ConcurrentDictionary<string, string> _cookies = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!_cookies.IsEmpty)
                request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
            var response = await base.SendAsync(request, cancellationToken);
            foreach (var header in response.Headers.TryGetValues("Set-Cookie", out var headers) ? headers : [])
            {
                var (name, value) = header.Split(';')[0].Split('=', 2) is [var n, var v] ? (n, v) : (header, "");
                if (value.Length == 0)
                    _cookies.TryRemove(name, out _);
                else
                    _cookies[name] = value;
            }
            return response;
        }
    }
}

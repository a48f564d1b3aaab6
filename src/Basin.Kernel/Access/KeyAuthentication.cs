using System.Text;
using System.Text.Encodings.Web;
using Basin.Kernel.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Access;

/// <summary>Lets programs in with <c>Authorization: Bearer</c> and refuses them with problem details (RFC 6750).</summary>
internal class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyRing ring)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private const string Prefix = "Bearer ";
    private const string UserNamePrefix = "Basic ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? header = Request.Headers.Authorization;
        var key = header is null ? null
            : header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim()
            : Schemes.TakesUserNames(Request.Path) ? UserNameIn(header)
            : null;
        return key is null ? NoKey : ring.AuthenticateAsync(key, Context.RequestAborted).AsTask();
    }

    /// <summary>The user name of Basic authentication without a password, as <c>curl -u key:</c> sends it.</summary>
    private static string? UserNameIn(string header)
    {
        if (!header.StartsWith(UserNamePrefix, StringComparison.OrdinalIgnoreCase))
            return null;
        var text = header.AsSpan(UserNamePrefix.Length).Trim();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64Chars(text, bytes, out var count) && count > 0 && bytes[count - 1] == ':'
            ? Encoding.UTF8.GetString(bytes, 0, count - 1)
            : null;
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        if (result.Failure is not { } failure)
        {
            Response.Headers.WWWAuthenticate = "Bearer";
            await ProblemResult.WriteAsync(Context, KernelProblems.Unauthenticated.With("Send the header Authorization: Bearer, followed by the key."));
            return;
        }
        Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        await ProblemResult.WriteAsync(Context, KernelProblems.Unauthenticated.With(failure.Message));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var scopes = string.Join(' ', Context.GetEndpoint()?.Metadata.GetOrderedMetadata<RequiredScope>().Select(required => required.Scope) ?? []);
        Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scopes}\"";
        return ProblemResult.WriteAsync(Context, KernelProblems.Forbidden.With($"The key needs the scope {scopes}."));
    }

    private static readonly Task<AuthenticateResult> NoKey = Task.FromResult(AuthenticateResult.NoResult());
}

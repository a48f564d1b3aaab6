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

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? header = Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return NoKey;
        return ring.AuthenticateAsync(header[Prefix.Length..].Trim(), Context.RequestAborted).AsTask();
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

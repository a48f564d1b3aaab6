using System.Security.Claims;
using System.Text.Encodings.Web;
using Basin.Kernel.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.FrontDoors;

/// <summary>Lets the other processes of the installation in, and nobody else, with <c>Authorization: Basin-Peer</c>.</summary>
internal sealed class PeerAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PeerSeal seal)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "Basin-Peer";

    public static readonly PathString Root = "/internal";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Request.Headers.Authorization.ToString().Split(' ') is [Name, var token] && seal.Accepts(SystemOf(Request.Path), token)
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Name)), Name))
            : AuthenticateResult.NoResult());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Name;
        return ProblemResult.WriteAsync(Context, KernelProblems.Unauthenticated.With("Only processes of this installation may ask."));
    }

    /// <summary>The token counts for the system that the path names.</summary>
    private static string SystemOf(PathString path) => path.Value!.Split('/') is [_, _, var system, ..] ? system : "";
}

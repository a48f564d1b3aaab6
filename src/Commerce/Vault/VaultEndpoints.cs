using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Vault;

/// <summary>HTTP of the vault. None of these routes takes a card number, or gives one.</summary>
internal static class VaultEndpoints
{
    private const string Read = "vault:read";
    private const string Write = "vault:write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var vault = routes.MapGroup("/v1/vault").WithTags("Vault").WithChecks();
        vault.MapGet("/cards/{id}", FindCardAsync).RequireScope(Read);
        vault.MapDelete("/cards/{id}", EraseAsync).RequireScope(Write);
        vault.MapPost("/test-tokens", MakeTestTokenAsync).RequireScope(Write);
        vault.MapPost("/rotations", RotateAsync).RequireScope(Write).Answers(StatusCodes.Status202Accepted);
        vault.MapGet("/rotations", ListRotationsAsync).RequireScope(Read);
    }

    /// <summary>Describes a card. The number is not part of it.</summary>
    private static async Task<Answer<Card>> FindCardAsync(Id<Card> id, Caller caller, VaultApi vault, CancellationToken cancellation) =>
        await vault.FindCardAsync(caller.Tenant, id, cancellation) is { } card ? card : KernelProblems.NotFound;

    /// <summary>Forgets a card's number for good. Its description stays.</summary>
    private static Task<Answer<Nothing>> EraseAsync(Id<Card> id, Caller caller, Once once, VaultApi vault, CancellationToken cancellation) =>
        vault.EraseAsync(caller, id, once, cancellation);

    /// <summary>Makes a token for one of the card numbers that exist for tests.</summary>
    private static Task<Answer<CardToken>> MakeTestTokenAsync(
        TestTokenRequest request, Caller caller, Once once, VaultApi vault, CancellationToken cancellation) =>
        vault.MakeTestTokenAsync(caller, request, once, cancellation);

    /// <summary>Begins to seal all cards of the installation with a new data key, or shows the rotation that goes on. Only for operators.</summary>
    private static Task<Answer<Rotation>> RotateAsync(Caller caller, Once once, VaultApi vault, CancellationToken cancellation) =>
        vault.RotateAsync(caller, once, cancellation);

    /// <summary>Lists rotations, the newest first, with how far they are. Only for operators.</summary>
    private static async Task<Answer<Page<Rotation>>> ListRotationsAsync(
        Caller caller, VaultApi vault, int? limit, string? cursor, CancellationToken cancellation) =>
        await vault.ListRotationsAsync(caller, Paging.Of(limit, cursor), cancellation);
}

/// <param name="Card">What Stripe calls the card's token after <c>tok_</c>, such as <c>visa</c>.</param>
internal sealed record TestTokenRequest(string Card) : IChecked
{
    public void Check(Checks checks) =>
        checks.That(TestCards.Has(Card), "card", $"One of {string.Join(", ", TestCards.Names)} is expected.");
}

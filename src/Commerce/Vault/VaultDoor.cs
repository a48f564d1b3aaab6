using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Vault;

/// <summary>
/// What other systems ask of the vault, wherever it runs. No question and no answer holds a card number: it comes in at the vault's own process, and
/// leaves it for a provider only.
/// </summary>
/// <exception cref="ProblemException">All throw <c>system_unavailable</c> when the vault runs elsewhere and does not answer.</exception>
public interface IVault
{
    /// <summary>A token with its card, used or not; null when there is none, or nobody has redeemed it in time.</summary>
    ValueTask<CardToken?> FindTokenAsync(Id<Tenant> tenant, Id<CardToken> token, CancellationToken cancellation);

    /// <summary>Takes a token's card for good.</summary>
    /// <param name="redeemer">
    /// Whom the card is for, such as the id of a payment method, 1 to 64 characters; the same gets the card again, another does not.
    /// </param>
    ValueTask<CardRedemption> RedeemAsync(Id<Tenant> tenant, Id<CardToken> token, string redeemer, CancellationToken cancellation);

    /// <summary>A card's description, erased or not; null when there is none.</summary>
    ValueTask<Card?> FindCardAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation);

    /// <summary>What stands for a card at a provider. The provider is told the number at the first time; its answer is kept.</summary>
    /// <param name="provider">What an <see cref="ICardProvider"/> of the vault's process is called.</param>
    /// <exception cref="ProblemException">
    /// <c>not_found</c>, <c>card_erased</c>, <c>card_provider_unknown</c>, <c>card_provider_unavailable</c>, or why the provider refuses the card.
    /// </exception>
    ValueTask<string> ProviderTokenAsync(Id<Tenant> tenant, Id<Card> card, string provider, CancellationToken cancellation);

    /// <summary>Forgets a card's number, its holder and what stands for it at providers. The description stays. Erasing twice is erasing once.</summary>
    ValueTask EraseAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation);

    /// <summary>A token for one of the card numbers that exist for tests, as if it had been typed.</summary>
    /// <param name="name">What Stripe calls it after <c>tok_</c>, such as <c>visa</c> or <c>chargeDeclined</c>.</param>
    /// <returns>Null when none is called so.</returns>
    ValueTask<CardToken?> MakeTestTokenAsync(Id<Tenant> tenant, string name, CancellationToken cancellation);
}

internal sealed record TokenQuestion(Id<Tenant> Tenant, Id<CardToken> Token);

internal sealed record RedeemQuestion(Id<Tenant> Tenant, Id<CardToken> Token, string Redeemer);

internal sealed record CardQuestion(Id<Tenant> Tenant, Id<Card> Card);

internal sealed record ProviderTokenQuestion(Id<Tenant> Tenant, Id<Card> Card, string Provider);

internal sealed record TestTokenQuestion(Id<Tenant> Tenant, string Name);

internal static class VaultCalls
{
    public static readonly Call<TokenQuestion, CardToken?> FindToken = new(VaultSystem.Name, "find-token", MayRepeat: true);
    public static readonly Call<RedeemQuestion, CardRedemption> Redeem = new(VaultSystem.Name, "redeem", MayRepeat: true);
    public static readonly Call<CardQuestion, Card?> FindCard = new(VaultSystem.Name, "find-card", MayRepeat: true);
    public static readonly Call<ProviderTokenQuestion, string> ProviderToken = new(VaultSystem.Name, "provider-token", MayRepeat: true);
    public static readonly Call<CardQuestion, bool> Erase = new(VaultSystem.Name, "erase", MayRepeat: true);

    /// <summary>A second token that nobody hears of disappears by itself.</summary>
    public static readonly Call<TestTokenQuestion, CardToken?> MakeTestToken = new(VaultSystem.Name, "make-test-token", MayRepeat: true);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapCall<VaultApi, TokenQuestion, CardToken?>(
            FindToken, (vault, asked, cancellation) => vault.FindTokenAsync(asked.Tenant, asked.Token, cancellation));
        routes.MapCall<VaultApi, RedeemQuestion, CardRedemption>(
            Redeem, (vault, asked, cancellation) => vault.RedeemAsync(asked.Tenant, asked.Token, asked.Redeemer, cancellation));
        routes.MapCall<VaultApi, CardQuestion, Card?>(
            FindCard, (vault, asked, cancellation) => vault.FindCardAsync(asked.Tenant, asked.Card, cancellation));
        routes.MapCall<VaultApi, ProviderTokenQuestion, string>(
            ProviderToken, (vault, asked, cancellation) => vault.ProviderTokenAsync(asked.Tenant, asked.Card, asked.Provider, cancellation));
        routes.MapCall<VaultApi, CardQuestion, bool>(Erase, async (vault, asked, cancellation) =>
        {
            await vault.EraseAsync(asked.Tenant, asked.Card, cancellation);
            return true;
        });
        routes.MapCall<VaultApi, TestTokenQuestion, CardToken?>(
            MakeTestToken, (vault, asked, cancellation) => vault.MakeTestTokenAsync(asked.Tenant, asked.Name, cancellation));
    }
}

internal sealed class RemoteVault(Peers peers) : IVault
{
    public ValueTask<CardToken?> FindTokenAsync(Id<Tenant> tenant, Id<CardToken> token, CancellationToken cancellation) =>
        peers.AskAsync(VaultCalls.FindToken, new TokenQuestion(tenant, token), cancellation);

    public ValueTask<CardRedemption> RedeemAsync(Id<Tenant> tenant, Id<CardToken> token, string redeemer, CancellationToken cancellation) =>
        peers.AskAsync(VaultCalls.Redeem, new RedeemQuestion(tenant, token, redeemer), cancellation);

    public ValueTask<Card?> FindCardAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation) =>
        peers.AskAsync(VaultCalls.FindCard, new CardQuestion(tenant, card), cancellation);

    public ValueTask<string> ProviderTokenAsync(Id<Tenant> tenant, Id<Card> card, string provider, CancellationToken cancellation) =>
        peers.AskAsync(VaultCalls.ProviderToken, new ProviderTokenQuestion(tenant, card, provider), cancellation);

    public async ValueTask EraseAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation) =>
        await peers.AskAsync(VaultCalls.Erase, new CardQuestion(tenant, card), cancellation);

    public ValueTask<CardToken?> MakeTestTokenAsync(Id<Tenant> tenant, string name, CancellationToken cancellation) =>
        peers.AskAsync(VaultCalls.MakeTestToken, new TestTokenQuestion(tenant, name), cancellation);
}

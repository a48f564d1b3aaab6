using Basin.Vault.Keys;
using Basin.Vault.Stripe;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Vault;

/// <summary>The use cases of the vault, in its own process; other systems ask <see cref="IVault"/>. Only here a card number comes in.</summary>
public sealed class VaultApi(
    [FromKeyedServices(VaultSystem.Name)] Store store, VaultKeys keys, VaultOptions options, CardProviders providers, Tenants tenants,
    TimeProvider time, ILogger<VaultApi> log) : IVault
{
    private const int MaxRedeemer = 64;
    private const int MaxExpiredAtOnce = 200;
    private const int MaxResealedAtOnce = 100;

    /// <summary>What tells one tokenization from another under an <c>Idempotency-Key</c>; it leads to no number.</summary>
    private sealed record Tokenization(string Fingerprint);

    /// <summary>
    /// Keeps a card and gives a token for it. The answer leaves the holder out, because answers are kept as they are: look the token up to see them.
    /// </summary>
    public async Task<Answer<CardToken>> TokenizeAsync(Caller caller, NewCard card, Once once, CancellationToken cancellation)
    {
        if (card.RefusalAt(time.GetUtcNow()) is { } refusal)
            return refusal;
        var fingerprints = await keys.FingerprintsAsync(cancellation);
        return await once.WriteAsync(
            store,
            ShardKey.First,
            new Tokenization(fingerprints.Of(caller.Tenant, card)),
            async tx => Answer.Ok(await TokenizeAsync(tx, caller.Tenant, card, fingerprints)),
            cancellation);
    }

    /// <summary>The same for Stripe's clients.</summary>
    internal async Task<StripeAnswer> TokenizeAsync(StripeRequest request, NewCard card, CancellationToken cancellation)
    {
        if (card.RefusalAt(time.GetUtcNow()) is { } refusal)
            return TokenRoutes.ErrorOf(refusal);
        var fingerprints = await keys.FingerprintsAsync(cancellation);
        request.StandIn("card[number]", fingerprints.Of(request.Tenant, card));
        request.StandIn("card[cvc]", "");
        return await request.WriteAsync(
            store,
            ShardKey.First,
            async tx => TokenRoutes.Show(await TokenizeAsync(tx, request.Tenant, card, fingerprints)),
            cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<CardToken?> MakeTestTokenAsync(Id<Tenant> tenant, string name, CancellationToken cancellation)
    {
        if (TestCards.Find(name, time.GetUtcNow()) is not { } card)
            return null;
        var fingerprints = await keys.FingerprintsAsync(cancellation);
        return await store.WriteAsync(ShardKey.First, tx => TokenizeAsync(tx, tenant, card, fingerprints), cancellation);
    }

    /// <param name="card">Was checked.</param>
    private async ValueTask<CardToken> TokenizeAsync(Transaction tx, Id<Tenant> tenant, NewCard card, Fingerprints fingerprints)
    {
        var key = await keys.SpendAsync(tx, CardSeal.BoxesOf(card));
        var kept = Card.Of(tx.NewId<Card>(), card, fingerprints.Of(tenant, card.Number), tx.Now);
        await VaultStore.InsertCardAsync(tx, tenant, kept, CardSeal.Seal(keys.Roots, key, tenant, kept.Id, card));
        var token = new StoredToken(tx.NewId<CardToken>(), kept.Id, tx.Now, tx.Now + options.TokenLife, Redeemer: null, RedeemedAt: null);
        await VaultStore.InsertTokenAsync(tx, tenant, token);
        return token.Show(kept);
    }

    /// <inheritdoc/>
    public ValueTask<CardToken?> FindTokenAsync(Id<Tenant> tenant, Id<CardToken> token, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First,
        async snapshot => await VaultStore.FindTokenAsync(snapshot, tenant, token) is { } stored && stored.IsThereAt(time.GetUtcNow())
            ? stored.Show((await FindCardAsync(snapshot, tenant, stored.Card))!)
            : null,
        cancellation);

    /// <inheritdoc/>
    public async ValueTask<CardRedemption> RedeemAsync(Id<Tenant> tenant, Id<CardToken> token, string redeemer, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(redeemer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(redeemer.Length, MaxRedeemer, nameof(redeemer));
        return await store.WriteAsync(ShardKey.First, tx => RedeemAsync(tx, tenant, token, redeemer), cancellation);
    }

    private async ValueTask<CardRedemption> RedeemAsync(Transaction tx, Id<Tenant> tenant, Id<CardToken> id, string redeemer)
    {
        if (await VaultStore.FindTokenAsync(tx, tenant, id) is not { } token || !token.IsThereAt(tx.Now))
            return new CardRedemption(null, KernelProblems.NotFound.With($"There is no token {id}."));
        if (token.RedeemedBy(redeemer, tx.Now) is not { } redeemed)
            return new CardRedemption(null, VaultProblems.TokenAlreadyUsed);
        if (redeemed != token)
            await VaultStore.RedeemAsync(tx, tenant, redeemed);
        return new CardRedemption(await FindCardAsync(tx, tenant, token.Card), null);
    }

    /// <inheritdoc/>
    public ValueTask<Card?> FindCardAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => FindCardAsync(snapshot, tenant, card), cancellation);

    /// <summary>With its holder, and without opening its number.</summary>
    private async ValueTask<Card?> FindCardAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Card> id)
    {
        if (await VaultStore.FindCardAsync(snapshot, tenant, id) is not { } stored)
            return null;
        return stored.Holder is { } holder
            ? stored.Card with { Holder = CardSeal.OpenHolder(keys.Roots, await KeyAsync(snapshot, holder.Key), tenant, id, holder.Box) }
            : stored.Card;
    }

    private static async ValueTask<DataKey> KeyAsync(Snapshot snapshot, Id<DataKey> id) =>
        await VaultStore.FindKeyAsync(snapshot, id) ?? throw new InvalidOperationException($"The data key {id} is not there.");

    /// <inheritdoc/>
    public async ValueTask<string> ProviderTokenAsync(Id<Tenant> tenant, Id<Card> card, string provider, CancellationToken cancellation)
    {
        if (!providers.Knows(provider))
            throw VaultProblems.ProviderUnknown.Refusal();
        var kept = await store.ReadAsync(
            ShardKey.First, snapshot => VaultStore.FindProviderTokenAsync(snapshot, tenant, card, provider), cancellation);
        if (kept is not null)
            return kept;
        var details = await store.ReadAsync(ShardKey.First, snapshot => OpenAsync(snapshot, tenant, card), cancellation);
        var given = await HandOverAsync(provider, tenant, card, details, cancellation);
        return await store.WriteAsync(ShardKey.First, tx => KeepAsync(tx, tenant, card, provider, given), cancellation);
    }

    /// <exception cref="ProblemException">There is nothing to open.</exception>
    private async ValueTask<CardDetails> OpenAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Card> id)
    {
        if (await VaultStore.FindSealedAsync(snapshot, tenant, id) is { } card)
            return CardSeal.Open(keys.Roots, await KeyAsync(snapshot, card.Key), tenant, id, card);
        throw (await VaultStore.FindCardAsync(snapshot, tenant, id) is null ? KernelProblems.NotFound : VaultProblems.CardErased).Refusal();
    }

    private async Task<string> HandOverAsync(
        string provider, Id<Tenant> tenant, Id<Card> card, CardDetails details, CancellationToken cancellation)
    {
        string token;
        try
        {
            token = await providers.TokenizeAsync(provider, tenant, card, details, cancellation);
        }
        catch (DependencyException failure)
        {
            VaultLog.ProviderFailed(log, provider, card, failure.WasAsked ? failure.Cause.GetType().Name : "not asked");
            throw VaultProblems.ProviderUnavailable.Refusal();
        }
        if (token.Contains(details.Number.Reveal(), StringComparison.Ordinal))
            throw new InvalidOperationException($"The token of provider {provider} for {card} holds the number itself; it is not kept.");
        return token;
    }

    /// <summary>Of several that were given at the same time the first is kept; a card that was erased meanwhile keeps none.</summary>
    private static async ValueTask<string> KeepAsync(Transaction tx, Id<Tenant> tenant, Id<Card> card, string provider, string given)
    {
        if (await VaultStore.FindProviderTokenAsync(tx, tenant, card, provider) is { } kept)
            return kept;
        if (await VaultStore.FindSealedAsync(tx, tenant, card) is null)
            throw VaultProblems.CardErased.Refusal();
        await VaultStore.InsertProviderTokenAsync(tx, tenant, card, provider, given);
        return given;
    }

    /// <inheritdoc/>
    public async ValueTask EraseAsync(Id<Tenant> tenant, Id<Card> card, CancellationToken cancellation) =>
        await store.WriteAsync(ShardKey.First, tx => VaultStore.EraseAsync(tx, tenant, card), cancellation);

    internal Task<Answer<CardToken>> MakeTestTokenAsync(Caller caller, TestTokenRequest request, Once once, CancellationToken cancellation) =>
        TokenizeAsync(caller, TestCards.Find(request.Card, time.GetUtcNow())!, once, cancellation);

    internal Task<Answer<Nothing>> EraseAsync(Caller caller, Id<Card> card, Once once, CancellationToken cancellation) => once.WriteAsync(
        store,
        ShardKey.First,
        card,
        async tx =>
        {
            if (await VaultStore.FindCardAsync(tx, caller.Tenant, card) is null)
                return KernelProblems.NotFound;
            await VaultStore.EraseAsync(tx, caller.Tenant, card);
            return Answer.NoContent();
        },
        cancellation);

    /// <summary>Removes what nobody has redeemed in time.</summary>
    /// <returns>Whether there may be more.</returns>
    internal static async ValueTask<bool> RemoveExpiredAsync(Transaction tx) =>
        await VaultStore.RemoveExpiredAsync(tx, MaxExpiredAtOnce) == MaxExpiredAtOnce;

    /// <summary>Begins to seal all cards with a new data key. Where that is going on already nothing new begins.</summary>
    /// <exception cref="ProblemException">The keys are those of all tenants, so only the operators' own may ask.</exception>
    internal async Task<Answer<Rotation>> RotateAsync(Caller caller, Once once, CancellationToken cancellation)
    {
        RefuseOthers(caller);
        var answer = await once.WriteAsync(store, ShardKey.First, nameof(RotateAsync), RotateAsync, cancellation);
        if (answer.Value is { } rotation)
            VaultLog.RotationBegan(log, rotation.Key.ToString(), caller.Subject);
        return answer;
    }

    private async ValueTask<Answer<Rotation>> RotateAsync(Transaction tx)
    {
        var rotation = await VaultStore.FindRunningRotationAsync(tx);
        if (rotation is null)
        {
            var key = await keys.MakeAsync(tx, KeyPurpose.Cards);
            rotation = new Rotation(
                tx.NewId<Rotation>(), key.Id, await VaultStore.CountSealedBelowAsync(tx, key.Id), Resealed: 0, tx.Now, EndedAt: null);
            await VaultStore.InsertRotationAsync(tx, rotation);
        }
        return Answer.Accepted("/v1/vault/rotations", rotation);
    }

    /// <summary>Seals some cards anew; when none is left the older data keys go, and with them what could open a copy of the boxes.</summary>
    /// <returns>Whether there are more.</returns>
    internal async ValueTask<bool> ResealAsync(Transaction tx)
    {
        if (await VaultStore.FindRunningRotationAsync(tx) is not { } rotation)
            return false;
        var cards = await VaultStore.ListSealedBelowAsync(tx, rotation.Key, MaxResealedAtOnce);
        foreach (var card in cards)
        {
            var (from, to) = (await KeyAsync(tx, card.Secret.Key), await keys.SpendAsync(tx, card.Secret.Boxes));
            await VaultStore.ResealAsync(tx, card, CardSeal.Reseal(keys.Roots, from, to, card.Tenant, card.Id, card.Secret));
        }
        var isDone = cards.Count < MaxResealedAtOnce;
        if (isDone)
            await VaultStore.DeleteKeysBelowAsync(tx, rotation.Key);
        await VaultStore.ChangeRotationAsync(tx, rotation with { Resealed = rotation.Resealed + cards.Count, EndedAt = isDone ? tx.Now : null });
        return !isDone;
    }

    internal async ValueTask<Page<Rotation>> ListRotationsAsync(Caller caller, Paging paging, CancellationToken cancellation)
    {
        RefuseOthers(caller);
        var rotations = await store.ReadAsync(
            ShardKey.First, snapshot => VaultStore.ListRotationsAsync(snapshot, paging.AfterNumber(long.MaxValue), paging.Limit + 1), cancellation);
        return paging.PageOf(rotations, rotation => rotation.Id.Value.ToString());
    }

    private void RefuseOthers(Caller caller)
    {
        if (!tenants.IsOperator(caller))
            throw KernelProblems.Forbidden.With("The vault's keys are the operators'.").Refusal();
    }

    /// <summary>What operators see of the vault.</summary>
    internal ValueTask<VaultOverview> ShowAsync(Id<Tenant> tenant, int rotations, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First,
        async snapshot =>
        {
            var cards = (await VaultStore.CountByKeyAsync(snapshot)).ToDictionary(count => count.Key, count => count.Cards);
            var dataKeys = await VaultStore.ListKeysAsync(snapshot);
            return new VaultOverview(
                [.. dataKeys.Select(key => new KeyUse(key, cards.GetValueOrDefault(key.Id)))],
                await VaultStore.CountByBrandAsync(snapshot, tenant),
                await VaultStore.ListRotationsAsync(snapshot, long.MaxValue, rotations));
        },
        cancellation);
}

/// <param name="Keys">Of the installation, the oldest first.</param>
/// <param name="Brands">Of the tenant's cards.</param>
/// <param name="Rotations">The newest first.</param>
internal sealed record VaultOverview(IReadOnlyList<KeyUse> Keys, IReadOnlyList<BrandCount> Brands, IReadOnlyList<Rotation> Rotations);

/// <param name="Cards">How many cards it seals now.</param>
internal sealed record KeyUse(DataKey Key, long Cards);

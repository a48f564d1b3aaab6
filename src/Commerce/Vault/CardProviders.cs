using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace Basin.Vault;

/// <summary>The providers that cards are handed over to, each with its own limits: one that hangs holds up nobody who pays by another.</summary>
public sealed class CardProviders : IDisposable
{
    private readonly FrozenDictionary<string, Desk> _desks;

    public CardProviders(IEnumerable<ICardProvider> providers, VaultOptions options, TimeProvider time, Randomness chance, ILogger<CardProviders> log) =>
        _desks = providers.ToFrozenDictionary(
            provider => provider.Provider,
            provider => new Desk(provider, new CalledDependency(InfoOf(provider), options.ProviderLimits, time, chance, log, IsAnswer)));

    internal IEnumerable<Dependency> Dependencies => _desks.Values.Select(desk => desk.Calls);

    internal bool Knows(string provider) => _desks.ContainsKey(provider);

    /// <exception cref="DependencyException">It has not answered, or was not asked.</exception>
    /// <exception cref="ProblemException">It does not take this card.</exception>
    internal ValueTask<string> TokenizeAsync(string provider, Id<Tenant> tenant, Id<Card> card, CardDetails details, CancellationToken cancellation)
    {
        var desk = _desks[provider];
        return desk.Calls.CallAsync(token => desk.Provider.TokenizeAsync(tenant, card, details, token).AsTask(), cancellation);
    }

    private static bool IsAnswer(Exception failure) => failure is ProblemException;

    private static DependencyInfo InfoOf(ICardProvider provider) => new(
        $"vault/{provider.Provider}",
        "Takes the numbers of cards, and gives tokens by which it charges them.",
        "Cards that it knows go on being charged. The first payment of a new card waits, and setting one up is refused with 503 provider_unavailable.")
    {
        ComesAgain = "by the jobs of payments, or by the merchant who sets a card up",
    };

    public void Dispose()
    {
        foreach (var desk in _desks.Values)
            desk.Calls.Dispose();
    }

    private sealed record Desk(ICardProvider Provider, CalledDependency Calls);
}

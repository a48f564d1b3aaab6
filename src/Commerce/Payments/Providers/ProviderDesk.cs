using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace Basin.Payments.Providers;

/// <summary>
/// The providers: which of them a payment goes to, and each with its own limits. One that fails most of its calls is not asked for a while; new payments
/// go to the next of their route.
/// </summary>
public sealed class ProviderDesk : IDisposable
{
    private readonly PaymentsOptions _options;
    private readonly FrozenDictionary<string, Desk> _desks;

    public ProviderDesk(
        IEnumerable<IPaymentProvider> providers, PaymentsOptions options, TimeProvider time, Randomness chance, ILogger<ProviderDesk> log)
    {
        _options = options;
        Names = [.. providers.Select(provider => provider.Name)];
        _desks = providers.ToFrozenDictionary(
            provider => provider.Name,
            provider => new Desk(provider, new CalledDependency(InfoOf(provider), options.ProviderLimits, time, chance, log, IsAnswer)));
        foreach (var unknown in options.Routes.SelectMany(route => route.Providers).Except(Names))
            throw new InvalidOperationException($"Basin:Payments:Routes names the provider '{unknown}'. There are {string.Join(", ", Names)}.");
    }

    /// <summary>In the order in which they are registered.</summary>
    public IReadOnlyList<string> Names { get; }

    internal IEnumerable<Dependency> Dependencies => _desks.Values.Select(desk => desk.Calls);

    /// <summary>Where a new payment goes.</summary>
    /// <param name="brand">Of the card, where it is known.</param>
    internal string Choose(Money amount, string? brand = null)
    {
        var route = RouteOf(amount, brand);
        return route.FirstOrDefault(name => !IsOpen(name)) ?? route[0];
    }

    /// <summary>Where a payment goes that the provider it was meant for was not asked for; null when nobody is left.</summary>
    internal string? ChooseAfter(string provider, Money amount, string? brand = null) =>
        RouteOf(amount, brand).SkipWhile(name => name != provider).Skip(1).FirstOrDefault(name => !IsOpen(name));

    public IPaymentProvider Of(string name) => _desks[name].Provider;

    internal bool IsOpen(string name) => _desks[name].Calls.IsOpen;

    /// <exception cref="DependencyException">It has not answered, or was not asked.</exception>
    internal ValueTask<T> AskAsync<T>(string name, Func<IPaymentProvider, CancellationToken, Task<T>> question, CancellationToken cancellation)
    {
        var desk = _desks[name];
        return desk.Calls.CallAsync(token => question(desk.Provider, token), cancellation);
    }

    /// <summary>A provider that says why it does not do something works.</summary>
    private static bool IsAnswer(Exception failure) => failure is ProblemException { Problem.Status: < 500 };

    private DependencyInfo InfoOf(IPaymentProvider provider) => new(
        $"payments/{provider.Name}",
        "Authorizes, captures and gives back the money of orders and of Stripe's API.",
        "New payments go to the next provider of their route. Where there is none, orders are taken all the same and wait for their payment; Stripe's API says "
        + "that a payment is being processed, and 503 where a card is set up.")
    {
        ComesAgain = $"by jobs, {_options.FirstWait.TotalSeconds:0.#} s after the first try and twice as long each time, up to {_options.MaxTries} tries",
    };

    private IReadOnlyList<string> RouteOf(Money amount, string? brand) =>
        _options.Routes.FirstOrDefault(route => route.Fits(amount, brand))?.Providers.AsReadOnly() ?? Names;

    public void Dispose()
    {
        foreach (var desk in _desks.Values)
            desk.Calls.Dispose();
    }

    private sealed record Desk(IPaymentProvider Provider, CalledDependency Calls);
}

using System.Collections.Frozen;
using Polly;
using Polly.CircuitBreaker;

namespace Basin.Payments.Providers;

/// <summary>
/// The providers: which of them a payment goes to, and a circuit breaker around each. One that fails most of its calls is not asked for a while; new
/// payments go to the next of their route.
/// </summary>
public sealed class ProviderDesk
{
    private readonly PaymentsOptions _options;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<string, Desk> _desks;

    public ProviderDesk(IEnumerable<IPaymentProvider> providers, PaymentsOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Names = [.. providers.Select(provider => provider.Name)];
        _desks = providers.ToFrozenDictionary(provider => provider.Name, provider => new Desk(provider, options, time));
        foreach (var unknown in options.Routes.SelectMany(route => route.Providers).Except(Names))
            throw new InvalidOperationException($"Basin:Payments:Routes names the provider '{unknown}'. There are {string.Join(", ", Names)}.");
    }

    /// <summary>In the order in which they are registered.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Where a new payment goes.</summary>
    /// <param name="brand">Of the card, where it is known.</param>
    internal string Choose(Money amount, string? brand = null)
    {
        var route = RouteOf(amount, brand);
        return route.FirstOrDefault(name => !_desks[name].IsOpen) ?? route[0];
    }

    /// <summary>Where a payment goes that the provider it was meant for was not asked for; null when nobody is left.</summary>
    internal string? ChooseAfter(string provider, Money amount, string? brand = null) =>
        RouteOf(amount, brand).SkipWhile(name => name != provider).Skip(1).FirstOrDefault(name => !_desks[name].IsOpen);

    public IPaymentProvider Of(string name) => _desks[name].Provider;

    internal bool IsOpen(string name) => _desks[name].IsOpen;

    /// <exception cref="BrokenCircuitException">It is not asked for now.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    internal ValueTask<T> AskAsync<T>(string name, Func<IPaymentProvider, CancellationToken, Task<T>> question, CancellationToken cancellation)
    {
        var desk = _desks[name];
        return desk.Pipeline.ExecuteAsync(
            async token => await _time.InTimeAsync(_options.ProviderTimeout, limited => question(desk.Provider, limited), token), cancellation);
    }

    private IReadOnlyList<string> RouteOf(Money amount, string? brand) =>
        _options.Routes.FirstOrDefault(route => route.Fits(amount, brand))?.Providers.AsReadOnly() ?? Names;

    private sealed class Desk
    {
        private readonly CircuitBreakerStateProvider _state = new();
        private readonly TimeProvider _time;
        private long _openUntilMs;

        public Desk(IPaymentProvider provider, PaymentsOptions options, TimeProvider time)
        {
            (Provider, _time) = (provider, time);
            // Made here, because a state belongs to one breaker, and the first calls come at the same time.
            Pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions
                {
                    FailureRatio = options.BreakerRatio,
                    MinimumThroughput = options.BreakerCalls,
                    SamplingDuration = options.BreakerWindow,
                    BreakDuration = options.BreakerPause,
                    StateProvider = _state,
                    ShouldHandle = new PredicateBuilder().Handle<Exception>(),
                    OnOpened = opened =>
                    {
                        Volatile.Write(ref _openUntilMs, (time.GetUtcNow() + opened.BreakDuration).ToUnixTimeMilliseconds());
                        return default;
                    },
                })
                .Build();
        }

        public IPaymentProvider Provider { get; }

        public ResiliencePipeline Pipeline { get; }

        /// <summary>After the pause the breaker stays open until somebody asks: the next payment does.</summary>
        public bool IsOpen => _state.CircuitState == CircuitState.Open && _time.GetUtcNow().ToUnixTimeMilliseconds() < Volatile.Read(ref _openUntilMs);
    }
}

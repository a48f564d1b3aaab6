using System.Threading.RateLimiting;
using Basin.Kernel.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Basin.Kernel.Resilience;

/// <summary>
/// A dependency that is called: each call has a place among few (bulkhead), a limit of time, and is not made at all while most fail (circuit breaker).
/// What may be repeated is repeated within a budget. After Netflix' Hystrix; the breaker and the retries are Polly's.
/// </summary>
public sealed partial class CalledDependency : Dependency, IDisposable
{
    /// <summary>From this part of failures on, calls of the last minute are said to struggle.</summary>
    private const double StrugglingShare = 0.1;

    private readonly CallLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Func<Exception, bool> _isAnswer;
    private readonly ConcurrencyLimiter _places;
    private readonly RecentCalls _recent;
    private readonly CircuitBreakerStateProvider _breaker = new();
    private readonly ResiliencePipeline _circuit;
    private readonly ResiliencePipeline _retries;
    private readonly RetryBudget? _budget;
    private long _openUntilMs;

    /// <param name="isAnswer">Exceptions by which the dependency answers, such as a refusal of what was asked: they are no failure and pass as they are.</param>
    public CalledDependency(
        DependencyInfo info, CallLimits limits, TimeProvider time, Randomness chance, ILogger log, Func<Exception, bool>? isAnswer = null)
        : base(info, time)
    {
        (_limits, _time, _log, _isAnswer) = (limits, time, log, isAnswer ?? (_ => false));
        _places = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = limits.Concurrent,
            QueueLimit = limits.Waiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        _recent = new RecentCalls(time);
        _circuit = limits.Breaker is { } breaker ? NewCircuit(breaker) : ResiliencePipeline.Empty;
        _budget = limits.Retry is { Attempts: > 1 } retry ? new RetryBudget(retry.Share) : null;
        _retries = _budget is null ? ResiliencePipeline.Empty : NewRetries(limits.Retry!, _budget, chance);
    }

    /// <summary>Whether it would not be asked now. After the pause the breaker stays open until somebody asks: the next call does.</summary>
    public bool IsOpen => _breaker.CircuitState == CircuitState.Open && _time.GetUtcNow().ToUnixTimeMilliseconds() < Volatile.Read(ref _openUntilMs);

    internal int InFlight => _limits.Concurrent - (int)_places.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Makes a call, once there is a place for it, and waits for its answer.</summary>
    /// <param name="mayRepeat">Whether calling twice does no more than calling once.</param>
    /// <exception cref="DependencyException">There is no answer.</exception>
    public ValueTask<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation, bool mayRepeat = false)
    {
        _budget?.Earn();
        return mayRepeat
            ? _retries.ExecuteAsync(token => TryAsync(call, token), cancellation)
            : TryAsync(call, cancellation);
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public async ValueTask CallAsync(Func<CancellationToken, Task> call, CancellationToken cancellation, bool mayRepeat = false) => await CallAsync(
        async token =>
        {
            await call(token);
            return true;
        },
        cancellation,
        mayRepeat);

    private async ValueTask<T> TryAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        if (IsOpen)
            throw Refused(DependencyFailure.Open);
        var place = await TakePlaceAsync(cancellation) ?? throw Refused(DependencyFailure.Full);
        Task<T>? running = null;
        try
        {
            return await AskAsync(token => running = call(token), cancellation);
        }
        finally
        {
            LeaveAfter(running, place);
        }
    }

    private async ValueTask<RateLimitLease?> TakePlaceAsync(CancellationToken cancellation)
    {
        var place = _places.AttemptAcquire();
        if (place.IsAcquired || _limits.Waiting == 0)
            return place.IsAcquired ? place : null;
        using var patience = new CancellationTokenSource(_limits.Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            place = await _places.AcquireAsync(1, either.Token);
            return place.IsAcquired ? place : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>A call whose time is up may go on all the same: until it ends it takes its place, because it still takes a connection.</summary>
    private static void LeaveAfter(Task? running, RateLimitLease place)
    {
        if (running is null or { IsCompleted: true })
            place.Dispose();
        else
            _ = LeaveLaterAsync(running, place);
    }

    private static async Task LeaveLaterAsync(Task running, RateLimitLease place)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        place.Dispose();
    }

    private async ValueTask<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        try
        {
            var answer = await _circuit.ExecuteAsync(async token => await _time.InTimeAsync(_limits.Timeout, call, token), cancellation);
            Ended(ResilienceMetrics.Answered, began);
            return answer;
        }
        catch (BrokenCircuitException)
        {
            throw Refused(DependencyFailure.Open);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Whoever asked has left; of the dependency that says nothing.
            ResilienceMetrics.Called(Name, ResilienceMetrics.Left);
            throw;
        }
        catch (Exception answer) when (_isAnswer(answer))
        {
            Ended(ResilienceMetrics.Answered, began);
            throw;
        }
        catch (TimeoutException late)
        {
            Ended(ResilienceMetrics.Late, began);
            throw new DependencyException(Name, DependencyFailure.Late, $"{Name} has not answered in time.", late);
        }
        catch (Exception failure)
        {
            Ended(ResilienceMetrics.Failed, began);
            throw new DependencyException(Name, DependencyFailure.Failed, $"{Name} has failed: {failure.Message}", failure);
        }
    }

    private void Ended(string outcome, long began)
    {
        _recent.Add(new CallCounts(1, outcome == ResilienceMetrics.Answered ? 0 : 1, 0));
        ResilienceMetrics.Called(Name, outcome);
        ResilienceMetrics.Took(Name, _time.GetElapsedTime(began));
    }

    private DependencyException Refused(DependencyFailure why)
    {
        _recent.Add(new CallCounts(0, 0, 1));
        ResilienceMetrics.Called(Name, why == DependencyFailure.Open ? ResilienceMetrics.RefusedOpen : ResilienceMetrics.RefusedFull);
        return new DependencyException(
            Name, why, why == DependencyFailure.Open ? $"{Name} fails most of its calls and is not asked for a while." : $"Too many calls of {Name} are on their way.");
    }

    private ResiliencePipeline NewRetries(RetryLimits limits, RetryBudget budget, Randomness chance) => new ResiliencePipelineBuilder { TimeProvider = _time }
        .AddRetry(new RetryStrategyOptions
        {
            // What was not asked is not asked again at once either: that would be the crowd that the bulkhead keeps out. A try beyond the last costs nothing.
            ShouldHandle = tried => ValueTask.FromResult(
                tried.Outcome.Exception is DependencyException { WasAsked: true } && tried.AttemptNumber < limits.Attempts - 1 && budget.TrySpend()),
            MaxRetryAttempts = limits.Attempts - 1,
            Delay = limits.FirstBackoff,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Randomizer = chance.NextDouble,
            OnRetry = _ =>
            {
                ResilienceMetrics.Retried(Name);
                return default;
            },
        })
        .Build();

    private ResiliencePipeline NewCircuit(BreakerLimits limits) => new ResiliencePipelineBuilder { TimeProvider = _time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = limits.FailureRatio,
            MinimumThroughput = limits.MinimumCalls,
            SamplingDuration = limits.Window,
            BreakDuration = limits.Pause,
            StateProvider = _breaker,
            ShouldHandle = called => ValueTask.FromResult(IsFailure(called.Outcome.Exception, called.Context.CancellationToken)),
            OnOpened = opened =>
            {
                Volatile.Write(ref _openUntilMs, (_time.GetUtcNow() + opened.BreakDuration).ToUnixTimeMilliseconds());
                Opened(_log, Name, opened.BreakDuration.TotalSeconds);
                return default;
            },
            OnClosed = _ =>
            {
                Closed(_log, Name);
                return default;
            },
        })
        .Build();

    /// <summary>Whoever leaves says nothing; but when the one call that should show whether it answers again is left, that is not shown.</summary>
    private bool IsFailure(Exception? exception, CancellationToken cancellation) => exception switch
    {
        null => false,
        OperationCanceledException when cancellation.IsCancellationRequested => _breaker.CircuitState == CircuitState.HalfOpen,
        _ => !_isAnswer(exception),
    };

    protected override DependencyView LookNow()
    {
        var (recent, waiting) = (_recent.Sum(), (int)_places.GetStatistics()!.CurrentQueuedCount);
        var (state, detail) = StateOf(recent, waiting);
        return new DependencyView(
            Info.Name, Info.Purpose, Info.WhenDown, state, detail, default, _limits.Describe(Info.ComesAgain), InFlight, waiting, recent);
    }

    private (DependencyState State, string? Detail) StateOf(CallCounts recent, int waiting)
    {
        if (_limits.Breaker is not null && _breaker.CircuitState != CircuitState.Closed)
            return (DependencyState.Open, "It failed most of its calls and is asked again by one call after the pause.");
        if (recent.Failures > 0 && recent.Failures >= recent.Calls * StrugglingShare)
            return (DependencyState.Struggling, $"{recent.Failures} of {recent.Calls} calls of the last minute failed.");
        if (recent.Refusals > 0)
            return (DependencyState.Struggling, $"{recent.Refusals} calls of the last minute were refused.");
        return waiting > 0 ? (DependencyState.Struggling, $"{waiting} calls wait for a place.") : (DependencyState.Ok, null);
    }

    public void Dispose() => _places.Dispose();

    [LoggerMessage(1601, LogLevel.Warning, "{Dependency} fails most of its calls and is not asked for {Seconds} s")]
    private static partial void Opened(ILogger log, string dependency, double seconds);

    [LoggerMessage(1602, LogLevel.Information, "{Dependency} answers again")]
    private static partial void Closed(ILogger log, string dependency);
}

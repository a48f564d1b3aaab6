using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Testing;

/// <summary>Puts <see cref="Faults"/> before and after each call of a provider, whatever its interface.</summary>
public static class FaultyProvider
{
    extension(IServiceCollection services)
    {
        /// <summary>Surrounds each registered singleton of <typeparamref name="T"/>. Points are <c>{T}.{method}</c>, and with <c>:after</c>.</summary>
        public IServiceCollection AddFaultsTo<T>()
            where T : class
        {
            for (var i = 0; i < services.Count; i++)
            {
                if (services[i] is not { IsKeyedService: false } inner || inner.ServiceType != typeof(T))
                    continue;
                services[i] = ServiceDescriptor.Singleton(
                    provider => FaultyProxy<T>.Around(Make<T>(inner, provider), provider.GetRequiredService<Faults>()));
            }
            return services;
        }
    }

    private static T Make<T>(ServiceDescriptor inner, IServiceProvider provider) => (T)(
        inner.ImplementationInstance
        ?? inner.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!));
}

/// <summary>The decorator that <see cref="FaultyProvider"/> makes at run time.</summary>
public class FaultyProxy<T> : DispatchProxy
    where T : class
{
    private static readonly MethodInfo SurroundOf =
        typeof(FaultyProxy<T>).GetMethod(nameof(SurroundAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private T _inner = null!;
    private Faults _faults = null!;

    internal static T Around(T inner, Faults faults)
    {
        var proxy = Create<T, FaultyProxy<T>>();
        var decorator = (FaultyProxy<T>)(object)proxy;
        (decorator._inner, decorator._faults) = (inner, faults);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var method = targetMethod!;
        var result = method.ReturnType;
        if (result == typeof(Task))
            return SurroundAsync<object?>(method, args);
        if (result == typeof(ValueTask))
            return new ValueTask(SurroundAsync<object?>(method, args));
        if (result.IsGenericType && result.GetGenericTypeDefinition() is var kind && (kind == typeof(Task<>) || kind == typeof(ValueTask<>)))
        {
            var task = SurroundOf.MakeGenericMethod(result.GenericTypeArguments).Invoke(this, [method, args]);
            return kind == typeof(Task<>) ? task : Activator.CreateInstance(result, task);
        }
        return Call(method, args);
    }

    private async Task<TResult> SurroundAsync<TResult>(MethodInfo method, object?[]? args)
    {
        var point = $"{typeof(T).Name}.{method.Name}";
        var cancellation = args?.OfType<CancellationToken>().FirstOrDefault() ?? CancellationToken.None;
        await _faults.MeetAsync(point, cancellation);
        var result = await AwaitAsync<TResult>(Call(method, args));
        await _faults.MeetAsync(point + Faults.After, cancellation);
        return result;
    }

    private static async Task<TResult> AwaitAsync<TResult>(object? running)
    {
        switch (running)
        {
            case Task<TResult> task:
                return await task;
            case ValueTask<TResult> task:
                return await task;
            case Task task:
                await task;
                return default!;
            case ValueTask task:
                await task;
                return default!;
            default:
                throw new InvalidOperationException($"A task is expected, not {running}.");
        }
    }

    private object? Call(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_inner, args);
        }
        catch (TargetInvocationException failure)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException!);
            throw;
        }
    }
}

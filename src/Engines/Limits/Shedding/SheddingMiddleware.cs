using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Limits;

/// <summary>Lets requests through the gate by the class of their route, or refuses them, before anything about them costs.</summary>
internal sealed class SheddingMiddleware(RequestDelegate next, Gate gate, Refusals refusals)
{
    public Task InvokeAsync(HttpContext http)
    {
        var (requestClass, stays) = ClassOf(http);
        if (requestClass == RequestClass.Essential)
            return next(http);
        if (stays)
            return gate.Stay(requestClass) ? StayAsync(http, requestClass) : refusals.WriteAsync(http);
        return gate.Enter(requestClass, out var waiter) switch
        {
            Admission.In => ServeAsync(http, requestClass),
            Admission.Waits => WaitAsync(http, waiter!),
            _ => refusals.WriteAsync(http),
        };
    }

    /// <summary>What the route says, or else what its kind usually is.</summary>
    internal static (RequestClass Class, bool Stays) ClassOf(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<ServeAsAttribute>() is { } said)
            return (said.Class, said.Stays);
        return (UsualOf(http.Request.Path, http.Request.Method), false);
    }

    /// <summary>The same for each method of a route.</summary>
    internal static IEnumerable<RouteClass> ClassesOf(RouteEndpoint route)
    {
        var pattern = $"/{route.RoutePattern.RawText?.Trim('/')}";
        var said = route.Metadata.GetMetadata<ServeAsAttribute>();
        return (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [HttpMethods.Get])
            .Select(method => new RouteClass(method, pattern, said?.Class ?? UsualOf(pattern, method), said?.Stays == true));
    }

    /// <summary>Operators act when a host has too much to do; whoever writes is nearer to buying than whoever looks.</summary>
    internal static RequestClass UsualOf(PathString path, string method) =>
        path.StartsWithSegments("/console") ? RequestClass.Checkout
        : HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) ? RequestClass.Browse
        : RequestClass.Cart;

    private async Task ServeAsync(HttpContext http, RequestClass requestClass)
    {
        try
        {
            await next(http);
        }
        finally
        {
            gate.Leave(requestClass);
        }
    }

    private async Task StayAsync(HttpContext http, RequestClass requestClass)
    {
        try
        {
            await next(http);
        }
        finally
        {
            gate.EndStay(requestClass);
        }
    }

    /// <summary>A client that goes while it waits is not served.</summary>
    private async Task WaitAsync(HttpContext http, Gate.Waiter waiter)
    {
        bool isIn;
        using (http.RequestAborted.UnsafeRegister(_ => GiveUp(waiter), null))
            isIn = await waiter.Turn;
        if (isIn && http.RequestAborted.IsCancellationRequested)
            gate.Leave(waiter.Class);
        else if (isIn)
            await ServeAsync(http, waiter.Class);
        else if (!http.RequestAborted.IsCancellationRequested)
            await refusals.WriteAsync(http);
    }

    private void GiveUp(Gate.Waiter waiter) => gate.GiveUp(waiter);
}

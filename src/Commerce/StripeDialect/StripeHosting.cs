using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.StripeDialect;

/// <summary>What systems need that answer below <c>/stripe/v1</c>.</summary>
public static class StripeHosting
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the dialect. Each system that speaks it calls this; the first call counts.</summary>
        public void AddStripeDialect()
        {
            if (services.Any(service => service.ServiceType == typeof(Expansions)))
                return;
            services.AddSingleton<Expansions>();
            services.AddSingleton<IStartupFilter, StripeFront>();
            services.AddSingleton(new ProblemDialect(StripeFront.Root, StripeProblems.WriteAsync));
        }

        /// <summary>Names a kind of object, so that <c>expand[]</c> finds it by the prefix of its ids.</summary>
        /// <param name="prefix">Such as <c>ch</c>.</param>
        /// <param name="expandable">Its members that hold ids, with the prefix of those: <c>("customer", "cus")</c>; a member that names several kinds is named with each.</param>
        public void AddStripeObject(string prefix, StripeLoader load, params IEnumerable<(string Member, string Prefix)> expandable) =>
            services.AddSingleton(new StripeObject(prefix, load, [.. expandable]));
    }

    extension(IEndpointRouteBuilder routes)
    {
        /// <summary>The group of routes that speak Stripe's dialect. Every handler takes a <see cref="StripeRequest"/> and returns a <see cref="StripeAnswer"/>.</summary>
        public RouteGroupBuilder MapStripe() => routes.MapGroup($"{StripeFront.Root}/v1").WithChecks().ExcludeFromDescription().ServeAs(RequestClass.Checkout);
    }

    /// <summary>Says which kind of object the route answers, so that its members can be expanded.</summary>
    /// <param name="prefix">Such as <c>ch</c>.</param>
    public static TBuilder Expands<TBuilder>(this TBuilder route, string prefix)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Expandable(prefix, IsList: false));

    /// <summary>The same for a list of them: <c>expand[]=data.customer</c>.</summary>
    public static TBuilder ExpandsList<TBuilder>(this TBuilder route, string prefix)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Expandable(prefix, IsList: true));
}

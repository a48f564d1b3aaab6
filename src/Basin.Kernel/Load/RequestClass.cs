using Basin.Kernel.Http;
using Microsoft.AspNetCore.Builder;

namespace Basin.Kernel.Load;

/// <summary>How much a request matters when not all can be answered. The lowest are refused first.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(SnakeCaseEnumConverter<RequestClass>))]
public enum RequestClass
{
    /// <summary>What a program repeats later by itself: imports, exports, metrics.</summary>
    Background = 0,

    /// <summary>Somebody looks around.</summary>
    Browse = 1,

    /// <summary>Somebody is about to buy, or to sign in.</summary>
    Cart = 2,

    /// <summary>Orders and money, and operators who look after them.</summary>
    Checkout = 3,

    /// <summary>Never refused, because it is cheap and others depend on it: health, other processes, an operator who signs in.</summary>
    Essential = 4,
}

/// <summary>What a route, or a page, says of its requests. Without a word, requests that write are <see cref="RequestClass.Cart"/>, others are
/// <see cref="RequestClass.Browse"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ServeAsAttribute(RequestClass requestClass) : Attribute
{
    public RequestClass Class => requestClass;

    /// <summary>Whether an answer goes on for as long as the client stays, as a live page's does, so that it is not counted as work.</summary>
    public bool Stays { get; init; }
}

public static class RequestClasses
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>Says how much requests of the route matter when not all can be answered.</summary>
        /// <param name="stays">Whether an answer goes on for as long as the client stays.</param>
        public TBuilder ServeAs(RequestClass requestClass, bool stays = false) =>
            builder.WithMetadata(new ServeAsAttribute(requestClass) { Stays = stays });
    }
}

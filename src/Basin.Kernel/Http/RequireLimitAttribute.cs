using Microsoft.AspNetCore.Builder;

namespace Basin.Kernel.Http;

/// <summary>
/// By which limit the requests of a route or a page are counted, in place of the one that all of their kind have. Where nobody counts requests it says nothing.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RequireLimitAttribute : Attribute
{
    internal static readonly RequireLimitAttribute None = new();

    /// <param name="policy">Such as <c>checkout</c>.</param>
    /// <param name="cost">How many requests one counts as.</param>
    public RequireLimitAttribute(string policy, int cost = 1)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        (Policy, Cost) = (policy, cost);
    }

    private RequireLimitAttribute()
    {
    }

    /// <summary>Null for none.</summary>
    public string? Policy { get; }

    public int Cost { get; }
}

public static class RequiredLimits
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <inheritdoc cref="RequireLimitAttribute(string, int)"/>
        public TBuilder RequireLimit(string policy, int cost = 1) => builder.WithMetadata(new RequireLimitAttribute(policy, cost));

        /// <summary>Does not count requests of the route: those who ask it are no strangers, and must never wait.</summary>
        public TBuilder WithoutLimit() => builder.WithMetadata(RequireLimitAttribute.None);
    }
}

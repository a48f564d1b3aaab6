using Microsoft.AspNetCore.Builder;

namespace Basin.Limits;

/// <summary>What a route asks of those who ask it.</summary>
/// <param name="Policy">Null for none.</param>
/// <param name="Cost">How many requests it counts as.</param>
internal sealed record RequiredLimit(string? Policy, int Cost = 1);

public static class RequiredLimits
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>Counts requests of the route by a policy, in place of the one that all routes of its kind have.</summary>
        /// <param name="policy">Such as <c>checkout</c>.</param>
        /// <param name="cost">How many requests one of this route counts as.</param>
        public TBuilder RequireLimit(string policy, int cost = 1)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(policy);
            ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
            return builder.WithMetadata(new RequiredLimit(policy, cost));
        }

        /// <summary>Does not count requests of the route.</summary>
        public TBuilder WithoutLimit() => builder.WithMetadata(new RequiredLimit(null));
    }
}

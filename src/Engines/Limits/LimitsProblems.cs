namespace Basin.Limits;

/// <summary>What Limits refuses.</summary>
public static class LimitsProblems
{
    public static readonly Problem TooManyRequests = new(429, "too_many_requests", "So many requests are not allowed in so short a time.")
    {
        Remedy = "Wait as long as Retry-After says, and spread requests over time; RateLimit tells on every answer how many are left.",
    };

    public static IReadOnlyList<Problem> All { get; } = [TooManyRequests];
}

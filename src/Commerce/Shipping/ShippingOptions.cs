using System.ComponentModel.DataAnnotations;

namespace Basin.Shipping;

/// <summary>Section <c>Basin:Shipping</c>: the pace and the moods of the sandbox carrier, and how long any carrier may take to answer.</summary>
public sealed class ShippingOptions : IValidatableObject
{
    /// <summary>From the booking to the collection; 0 for at once. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan DispatchAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>From the collection to the delivery; 0 for at once. Default 6 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan DeliverAfter { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>From the recall of a parcel that has left to its return; 0 for at once. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan ReturnAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Countries that the sandbox carrier does not serve, as ISO 3166-1 alpha-2 codes. Default none.</summary>
    public List<string> RefusedCountries { get; set; } = [];

    /// <summary>How long a carrier may take to answer before its answer is no longer waited for and it is asked again. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan CarrierTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Calls of a carrier at the same time; half as many wait for a place, for a second at most. Default 256.</summary>
    [Range(1, 10_000)]
    public int CarrierConcurrent { get; set; } = 256;

    /// <summary>How long a carrier that fails most of its calls is not asked. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
    public TimeSpan CarrierBreak { get; set; } = TimeSpan.FromSeconds(15);

    internal CallLimits CarrierLimits => new()
    {
        Timeout = CarrierTimeout,
        Concurrent = CarrierConcurrent,
        Waiting = CarrierConcurrent / 2,
        Breaker = new BreakerLimits { Pause = CarrierBreak },
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from country in RefusedCountries
        where country is not { Length: 2 } || !country.All(char.IsAsciiLetterUpper)
        select new ValidationResult($"'{country}' is not an ISO 3166-1 alpha-2 code such as DE.", [nameof(RefusedCountries)]);
}

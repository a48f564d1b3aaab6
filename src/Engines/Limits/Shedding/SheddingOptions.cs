using System.ComponentModel.DataAnnotations;

namespace Basin.Limits;

/// <summary>Section <c>Basin:Shedding</c>: what happens when more is asked of the host than it can answer.</summary>
public sealed class SheddingOptions : IValidatableObject
{
    /// <summary>Whether requests are refused at all. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How long a queue inside the host may stand before fewer requests are let in. Default 15 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan Target { get; set; } = TimeSpan.FromMilliseconds(15);

    /// <summary>How often the limit is set anew. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:00:10")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Requests at the same time that are always let in. Default 8.</summary>
    [Range(1, 10_000)]
    public int LeastInFlight { get; set; } = 8;

    /// <summary>Requests at the same time at the start, before anything is known. Default 128.</summary>
    [Range(1, 100_000)]
    public int FirstInFlight { get; set; } = 128;

    /// <summary>Requests at the same time that are never exceeded. Default 1024.</summary>
    [Range(1, 100_000)]
    public int MostInFlight { get; set; } = 1024;

    /// <summary>Requests of one class that wait outside at most. Default 1024.</summary>
    [Range(0, 100_000)]
    public int MostWaiting { get; set; } = 1024;

    /// <summary>Answers that go on for as long as the client stays, such as live pages, at the same time. Default 5000.</summary>
    [Range(1, 1_000_000)]
    public int MostStaying { get; set; } = 5000;

    /// <summary>How long a request of the class checkout waits outside at most. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan CheckoutWaits { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The same for the class cart. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan CartWaits { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The same for the class browse. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan BrowseWaits { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The same for the class background. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan BackgroundWaits { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The shortest wait that those who are refused are asked for; some are asked for up to three times as long. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(2);

    internal TimeSpan LongestWait(RequestClass requestClass) => requestClass switch
    {
        RequestClass.Background => BackgroundWaits,
        RequestClass.Browse => BrowseWaits,
        RequestClass.Cart => CartWaits,
        _ => CheckoutWaits,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LeastInFlight > FirstInFlight || FirstInFlight > MostInFlight)
        {
            yield return new ValidationResult(
                $"{nameof(LeastInFlight)}, {nameof(FirstInFlight)} and {nameof(MostInFlight)} do not grow in this order.",
                [nameof(LeastInFlight), nameof(FirstInFlight), nameof(MostInFlight)]);
        }
    }
}

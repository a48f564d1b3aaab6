using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.FrontDoors;

/// <summary>Section <c>Basin:Systems</c>: which systems this process runs, and where it finds the others.</summary>
public sealed class SystemsOptions : IValidatableObject
{
    /// <summary>
    /// The systems that this process runs, with commas between them; empty for all. Others need PostgreSQL, which all processes share, and an address.
    /// </summary>
    public string Here { get; set; } = "";

    /// <summary>Who answers for the systems that run elsewhere: a process or a load balancer, such as <c>http://10.0.0.7:8080</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>The addresses of systems that are not found at <see cref="Address"/>, by system.</summary>
    public Dictionary<string, Uri> Addresses { get; set; } = [];

    /// <summary>A system elsewhere has so long for one answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>So often a question that may be repeated is asked when nobody answers.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 3;

    /// <summary>A system elsewhere that has failed again and again is left alone for so long.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00")]
    public TimeSpan Break { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Questions that one system elsewhere is asked at the same time; as many more wait, for the time of an answer. Default 128.</summary>
    [Range(1, 10_000)]
    public int Concurrent { get; set; } = 128;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is not null && !IsBase(Address))
            yield return new ValidationResult($"Address is '{Address}'; {BaseExpected}", [nameof(Address)]);
        foreach (var (system, address) in Addresses.Where(pair => !IsBase(pair.Value)))
            yield return new ValidationResult($"Addresses:{system} is '{address}'; {BaseExpected}", [nameof(Addresses)]);
    }

    private const string BaseExpected = "http:// or https:// with a host, and no path, is expected.";

    private static bool IsBase(Uri? address) =>
        address is { IsAbsoluteUri: true } && address.Scheme is "http" or "https" && address is { PathAndQuery: "/", Fragment: "", UserInfo: "" };
}

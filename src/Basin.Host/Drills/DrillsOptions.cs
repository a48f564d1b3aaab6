using System.ComponentModel.DataAnnotations;

namespace Basin.Host.Drills;

/// <summary>Section <c>Basin:Drills</c>: where the console finds what the last drills came to.</summary>
internal sealed class DrillsOptions
{
    /// <summary>The directory with the <c>report.json</c> of a run. Default <c>drills</c>, beside the data directory.</summary>
    [MaxLength(1000)]
    public string? Reports { get; set; }
}

using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Http;

/// <summary>Section <c>Basin:Idempotency</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>Hours for which the first answer to an Idempotency-Key is kept. Default 24.</summary>
    [Range(1, 8760)]
    public int KeepHours { get; set; } = 24;
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Kernel.Http;

/// <summary>Writes an enum as text like <c>payment_declined</c>; numbers are refused.</summary>
public sealed class SnakeCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;

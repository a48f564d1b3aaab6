using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Floor;

internal sealed record PlaceOrder(string Email, ShipTo ShipTo, IReadOnlyList<OrderLine> Lines, Payment Payment);
internal sealed record ShipTo(string Name, string Line1, string City, string PostalCode, string Country);
internal sealed record OrderLine(string Sku, int Quantity);
internal sealed record Payment(string Token);
internal sealed record OrderPlaced(string Id, string State);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PlaceOrder))]
[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class OrderJson : JsonSerializerContext
{
    public const int MaxBodyBytes = 16 * 1024;

    public static bool IsOrder(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, Default.PlaceOrder) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

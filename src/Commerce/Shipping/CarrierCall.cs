using System.Text.Json.Serialization;
using Basin.Shipping.Carriers;

namespace Basin.Shipping;

[JsonConverter(typeof(JsonStringEnumConverter<CarrierTask>))]
public enum CarrierTask
{
    /// <summary>The carrier is asked to take the parcel.</summary>
    Book,

    /// <summary>The carrier collects it.</summary>
    Collect,

    /// <summary>The carrier delivers it.</summary>
    Deliver,

    /// <summary>The carrier is asked to stop it or bring it back.</summary>
    Recall,

    /// <summary>The carrier brings it back.</summary>
    Return,
}

/// <summary>What happens next between a parcel and its carrier; the job that stays until it has happened.</summary>
/// <param name="Parcel">What the carrier is asked about, so that asking reads nothing; null when it is not asked.</param>
/// <param name="DeliveredAfter">From the collection to the delivery, when it is to be collected.</param>
public sealed record CarrierCall(Id<Shipment> Shipment, CarrierTask Task, Parcel? Parcel = null, TimeSpan DeliveredAfter = default)
    : IJob<CarrierCall>
{
    public static JobType<CarrierCall> Type { get; } = new("shipping.carrier-call.v1", "shp", CarrierCallJson.Default.CarrierCall);

    public long Key => Shipment.Value;

    public static CarrierCall Book(Id<Shipment> id, Parcel parcel) => new(id, CarrierTask.Book, parcel);

    public static CarrierCall Collect(Id<Shipment> id, TimeSpan deliveredAfter) => new(id, CarrierTask.Collect, DeliveredAfter: deliveredAfter);

    public static CarrierCall Deliver(Id<Shipment> id) => new(id, CarrierTask.Deliver);

    public static CarrierCall Recall(Id<Shipment> id, Parcel parcel) => new(id, CarrierTask.Recall, parcel);

    public static CarrierCall Return(Id<Shipment> id) => new(id, CarrierTask.Return);
}

[JsonSerializable(typeof(CarrierCall))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class CarrierCallJson : JsonSerializerContext;

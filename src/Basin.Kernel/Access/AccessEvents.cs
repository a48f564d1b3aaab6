using System.Text.Json.Serialization;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;

namespace Basin.Kernel.Access;

/// <summary>A visitor of the shop has turned out to be a customer: what belonged to the one belongs to the other from now on.</summary>
/// <param name="VisitorOwner">What <see cref="Shopper.Owner"/> was until now; nobody comes with it again.</param>
public sealed record VisitorSignedIn(string VisitorOwner, Id<Account> Customer) : IEvent<VisitorSignedIn>
{
    public static EventType<VisitorSignedIn> Type { get; } = new("basin.access.visitor-signed-in.v1", "acc", AccessJson.Default.VisitorSignedIn);

    /// <summary>What <see cref="Shopper.Owner"/> is from now on.</summary>
    public string CustomerOwner => Customer.ToString();

    public long Key => Customer.Value;
}

/// <summary>A key opens nothing from now on, in no process.</summary>
public sealed record KeyRevoked(Id<ApiKey> Id) : IEvent<KeyRevoked>
{
    public static EventType<KeyRevoked> Type { get; } = new("basin.access.key-revoked.v1", "key", AccessJson.Default.KeyRevoked);

    [JsonIgnore]
    public long Key => Id.Value;
}

[JsonSerializable(typeof(VisitorSignedIn))]
[JsonSerializable(typeof(KeyRevoked))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class AccessJson : JsonSerializerContext;

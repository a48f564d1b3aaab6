using System.Text.Json.Serialization;

namespace Basin.Ledger;

/// <summary>What the ledger is asked to book together, under the number of what it is about: a payment, an order, a parcel.</summary>
public abstract class Posting : IEntity
{
    public static string Prefix => "pst";
}

/// <summary>
/// Asks to open accounts and to move money between them: all of it or nothing. Accounts and transfers that there are already, and are the same, stay
/// as they are, so that asking twice moves money once. Not answered: one that is refused becomes a dead letter, to be replayed once the accounts allow it.
/// </summary>
/// <param name="Posting">The asker's own number of what it is about: requests of one number are done in their order.</param>
/// <param name="Accounts">Those that may not be there yet, at most <see cref="LedgerSystem.MaxBatch"/>.</param>
/// <param name="Transfers">At most <see cref="LedgerSystem.MaxBatch"/>.</param>
public sealed record TransfersRequested(Id<Posting> Posting, IReadOnlyList<NewAccount> Accounts, IReadOnlyList<NewTransfer> Transfers)
    : IEvent<TransfersRequested>, IChecked
{
    public static EventType<TransfersRequested> Type { get; } =
        new("basin.ledger.transfers-requested.v1", "pst", LedgerJson.Default.TransfersRequested);

    public long Key => Posting.Value;

    public void Check(Checks checks)
    {
        checks.Items(Accounts, "accounts", 0, LedgerSystem.MaxBatch);
        checks.Items(Transfers, "transfers", 0, LedgerSystem.MaxBatch);
    }
}

[JsonSerializable(typeof(TransfersRequested))]
[JsonSerializable(typeof(IReadOnlyCollection<string>))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class LedgerJson : JsonSerializerContext;

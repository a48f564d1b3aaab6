using System.Text.Json.Serialization;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Testing.Contracts;

/// <summary>One piece of random work and what it must leave behind.</summary>
internal sealed record RandomWork(long Number, bool WritesFirst, bool PartFails, bool Returning, bool Refuses)
{
    public static RandomWork Of(Randomness chance, long number) =>
        new(number, chance.Next(4) > 0, chance.Next(3) == 0, chance.Next(2) == 0, chance.Next(5) == 0);

    /// <summary>The rows of work that was not refused.</summary>
    public IEnumerable<long> Leaves => [.. WritesFirst ? new[] { Number } : [], .. PartFails ? [] : new[] { -Number - 1 }];

    public IEnumerable<long> Publishes => [.. WritesFirst ? new[] { Number } : [], .. PartFails ? [] : new[] { -Number - 1 }];

    public async ValueTask<int> RunAsync(Transaction tx)
    {
        if (WritesFirst)
            await WriteAsync(tx, Number);
        var failure = await tx.TryAsync(async () =>
        {
            await WriteAsync(tx, -Number - 1);
            if (PartFails)
                throw new FormatException("part");
        });
        if (failure is null == PartFails)
            throw new NotSupportedException("A part that fails returns its failure.");
        return Refuses ? throw new InvalidOperationException("refused") : 1;
    }

    private async ValueTask WriteAsync(Transaction tx, long number)
    {
        if (Returning)
            await tx.NumberAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, '', 0) RETURNING number", number);
        else if (number % 2 == 0)
            await tx.SendAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, '', 0)", number);
        else
            await tx.ExecuteAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, '', 0)", number);
        await tx.PublishAsync(new Id<Tenant>(1), new ContractEvent(number));
    }
}

internal sealed record ContractEvent(long Key) : IEvent<ContractEvent>
{
    public static EventType<ContractEvent> Type { get; } = new("basin.contract.happened.v1", "thing", ContractJson.Default.ContractEvent);
}

[JsonSerializable(typeof(ContractEvent))]
internal sealed partial class ContractJson : JsonSerializerContext;

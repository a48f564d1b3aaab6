using System.Text.Json;
using Basin.Ledger;
using Basin.Testing;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>What other systems are told of the books.</summary>
public sealed class LedgerDoorTests
{
    [Fact]
    public async Task Accounts_and_transfers_are_of_one_moment_and_say_the_same_in_another_process()
    {
        await using var host = await TestHost.StartAsync(builder => builder.AddLedger());
        var (ledger, tenant) = (host.Get<LedgerApi>(), TestHost.DefaultCaller.Tenant);
        await ledger.OpenAsync(
            tenant, [new("till", "EUR", "till", History: true), new("sales", "EUR", "sales", DebitsMustNotExceedCredits: true)], CancellationToken.None);
        await ledger.TransferAsync(
            tenant,
            [
                new("promise", "till", "sales", 7, "EUR", "sale", TransferKind.Pending, TimeoutSeconds: 60, Reference: "ord_1"),
                new("sale", "till", "sales", 5, "EUR", "sale"),
            ],
            CancellationToken.None);

        var extract = await host.Get<ILedger>().FindAsync(tenant, ["till", "sales", "nobody"], ["promise", "sale", "nothing"], CancellationToken.None);

        var till = extract.Accounts.Single(account => account.Id == "till");
        Assert.Equal((new Side(7, 5), 2L), (till.Debits, till.Entries));
        Assert.Equal(["promise", "sale"], extract.Transfers.OrderBy(one => one.Number).Select(one => one.Transfer.Id));
        Assert.Equal(till.Newest, extract.Transfers.Max(one => one.Number));
        var json = new JsonSerializerOptions(host.Get<IOptions<JsonOptions>>().Value.SerializerOptions) { RespectRequiredConstructorParameters = false };
        var there = JsonSerializer.Deserialize<LedgerExtract>(JsonSerializer.Serialize(extract, json), json)!;
        Assert.Equal(extract.Accounts, there.Accounts);
        Assert.Equal(extract.Transfers, there.Transfers);
        Assert.Empty((await host.Get<ILedger>().FindAsync(new(9), ["till"], ["sale"], CancellationToken.None)).Accounts);
    }
}

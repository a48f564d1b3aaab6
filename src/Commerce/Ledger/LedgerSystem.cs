using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Ledger;

/// <summary>
/// Double-entry books: accounts whose sums only transfers change, and transfers that nothing changes. The names and rules are those of TigerBeetle
/// (https://docs.tigerbeetle.com/reference), with text for ids and ISO 4217 for ledgers.
/// </summary>
public static class LedgerSystem
{
    /// <summary>Of accounts or transfers in one request.</summary>
    public const int MaxBatch = 1000;

    internal const string Name = "ledger";

    private static readonly TimeSpan ExpiryPeriod = TimeSpan.FromSeconds(1);

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddLedger()
        {
            builder.AddSystem(Name, typeof(LedgerSystem).Assembly)
                .OnMany<TransfersRequested>(TransferRequests.RequestAsync)
                .Every<LedgerApi>(ExpiryPeriod, _ => LedgerApi.ExpireAsync)
                .Shows("Ledger", "/console/ledger", "book")
                .Offers<ILedger, LedgerApi, RemoteLedger>()
                .Refuses(LedgerProblems.All);
            builder.Services.AddSingleton<LedgerApi>();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapLedger()
        {
            LedgerEndpoints.Map(routes);
            LedgerCalls.Map(routes);
            return routes;
        }
    }
}

using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Bench;

/// <summary>The ledger in this process, without routes.</summary>
internal sealed class LedgerInProcess : IBooks
{
    private readonly WebApplication _app;
    private readonly PostgresServer? _server;
    private readonly LedgerApi _ledger;
    private readonly Id<Tenant> _tenant;
    private string[] _accounts = [];

    private LedgerInProcess(WebApplication app, PostgresServer? server)
    {
        (_app, _server, _ledger) = (app, server, app.Services.GetRequiredService<LedgerApi>());
        _tenant = app.Services.GetRequiredService<Tenants>().Shop;
    }

    public static Task<IBooks> OnFilesAsync(string directory, CancellationToken cancellation) =>
        StartAsync(new() { ["Basin:Store:Directory"] = directory }, server: null, cancellation);

    public static Task<IBooks> OnPostgresAsync(string directory, CancellationToken cancellation)
    {
        var server = PostgresFloor.StartServer();
        return StartAsync(
            new() { ["Basin:Store:Directory"] = directory, ["Basin:Postgres:ConnectionString"] = server.ConnectionText }, server, cancellation);
    }

    private static async Task<IBooks> StartAsync(Dictionary<string, string?> settings, PostgresServer? server, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddKernel();
        builder.AddAccess(static _ => { });
        builder.AddLedger();
        var app = builder.Build();
        await app.StartAsync(cancellation);
        return new LedgerInProcess(app, server);
    }

    public async Task OpenAsync(string[] accounts, CancellationToken cancellation)
    {
        _accounts = accounts;
        await _ledger.OpenAsync(_tenant, [.. accounts.Select(account => new NewAccount(account, "EUR", "bench"))], cancellation);
    }

    public async Task MoveAsync(IReadOnlyList<Move> moves, CancellationToken cancellation)
    {
        var asked = new NewTransfer[moves.Count];
        for (var i = 0; i < asked.Length; i++)
            asked[i] = new NewTransfer(moves[i].Name, _accounts[moves[i].Debit], _accounts[moves[i].Credit], moves[i].Amount, "EUR", "bench");
        foreach (var result in await _ledger.TransferAsync(_tenant, asked, cancellation))
        {
            if (result.Status != TransferStatus.Created)
                throw new BenchmarkException($"{result.Id} was refused: {result.Status}");
        }
    }

    public async Task<decimal> MovedAsync(CancellationToken cancellation) => (await _ledger.SumAsync(_tenant, cancellation)).Sum(sums => sums.Debits.Posted);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _server?.Dispose();
    }
}

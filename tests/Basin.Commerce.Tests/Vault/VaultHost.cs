using System.Collections.Concurrent;
using Basin.Catalog;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Vault;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Vault;

/// <summary>The vault, and a provider that takes card numbers.</summary>
internal sealed class VaultHost(TestHost host, PretendedProvider provider) : IAsyncDisposable
{
    public const string Visa = "4242424242424242";

    public static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    public static async Task<VaultHost> StartAsync(Dictionary<string, string?>? settings = null, TestHostOptions? options = null)
    {
        var provider = new PretendedProvider();
        return new VaultHost(
            await TestHost.StartAsync(
                builder =>
                {
                    builder.AddCatalog();
                    builder.AddVault();
                    builder.Services.AddSingleton<ICardProvider>(provider);
                },
                app =>
                {
                    app.MapCatalog();
                    app.MapVault();
                },
                options ?? new TestHostOptions { Settings = settings ?? [] }),
            provider);
    }

    public TestHost Host => host;

    public PretendedProvider Provider => provider;

    public VaultApi Vault => host.Get<VaultApi>();

    /// <summary>What other systems see.</summary>
    public IVault Door => host.Get<IVault>();

    public static NewCard Typed(string number = Visa, string? cvc = "123", string? name = "Ada Keller") => new(
        CardNumber.Of(number), 3, 2030, SecurityCode.Of(cvc), name is null ? null : new CardHolder(name, "Lindenstrasse 7", "10115"));

    public async Task<CardToken> TokenizeAsync(NewCard? card = null, Id<Tenant>? tenant = null)
    {
        var answer = await AskAsync(card ?? Typed(), null, tenant);
        Assert.Null(answer.Problem);
        return answer.Value!;
    }

    public Task<Answer<CardToken>> AskAsync(NewCard card, string? key = null, Id<Tenant>? tenant = null)
    {
        var caller = TestHost.DefaultCaller with { Tenant = tenant ?? Tenant };
        return Vault.TokenizeAsync(caller, card, host.Get<OnceRegistry>().For(caller, key, "tokenize"), CancellationToken.None);
    }

    public Task<CardRedemption> RedeemAsync(Id<CardToken> token, string redeemer, Id<Tenant>? tenant = null) =>
        Door.RedeemAsync(tenant ?? Tenant, token, redeemer, CancellationToken.None).AsTask();

    public async Task<Card> KeepAsync(string number = Visa, Id<Tenant>? tenant = null)
    {
        var token = await TokenizeAsync(Typed(number, cvc: null), tenant);
        return (await RedeemAsync(token.Id, "pm_of_the_test", tenant)).Card!;
    }

    /// <summary>The number of a card, as its provider is told it.</summary>
    public async Task<string> NumberOfAsync(Id<Card> card, Id<Tenant>? tenant = null)
    {
        await Door.ProviderTokenAsync(tenant ?? Tenant, card, PretendedProvider.Name, CancellationToken.None);
        return provider.Told[card];
    }

    public Store Store => host.StoreOf("vault");

    public async Task<long> CountAsync(string table, string where = "1 = 1") => (await Store.ReadAsync(
        ShardKey.First, snapshot => snapshot.NumberAsync($"SELECT COUNT(*) FROM {table} WHERE {where}"), CancellationToken.None))!.Value;

    public Task<int> ExecuteAsync(string sql, params SqlValue[] values) =>
        Store.WriteAsync(ShardKey.First, tx => tx.ExecuteAsync(sql, values), CancellationToken.None);

    public ValueTask DisposeAsync() => host.DisposeAsync();
}

/// <summary>Remembers what it was told.</summary>
internal sealed class PretendedProvider : ICardProvider
{
    public const string Name = "pretended";

    public ConcurrentDictionary<Id<Card>, string> Told { get; } = new();

    public int Calls;

    public Func<CardDetails, CancellationToken, ValueTask<string>>? Answer { get; set; }

    string ICardProvider.Provider => Name;

    public async ValueTask<string> TokenizeAsync(Id<Tenant> tenant, Id<Card> card, CardDetails details, CancellationToken cancellation)
    {
        Interlocked.Increment(ref Calls);
        Told[card] = details.Number.Reveal();
        return Answer is { } answer ? await answer(details, cancellation) : $"src_{card}";
    }
}

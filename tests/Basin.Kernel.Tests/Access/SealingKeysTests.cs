using Basin.Kernel.Access;
using Basin.Kernel.Storage;
using Basin.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Tests.Access;

/// <summary>Several processes keep their keys in one store.</summary>
public sealed class SealingKeysTests : IAsyncLifetime
{
    /// <summary>Long before the host made a key for itself.</summary>
    private static readonly DateTimeOffset Start = new(2019, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Start.AddDays(90);

    private const int Processes = 4;

    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await AccessHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public void Of_processes_that_make_a_key_at_the_same_time_the_first_wins()
    {
        var (one, other) = (NewProcess(), NewProcess());
        one.CreateNewKey(Start.AddSeconds(1), End);
        other.CreateNewKey(Start, End);
        Assert.Equal([Start.AddSeconds(1)], StartsOf(one));

        one.CreateNewKey(End, End.AddDays(90));
        other.CreateNewKey(End.AddSeconds(1), End.AddDays(90));
        Assert.Equal([Start.AddSeconds(1), End], StartsOf(other));
    }

    [Fact]
    public void After_a_revocation_there_is_always_a_new_key()
    {
        var keys = NewProcess();
        keys.RevokeKey(keys.CreateNewKey(Start, End).KeyId);
        keys.CreateNewKey(Start, End);
        Assert.Equal([true, false], keys.GetAllKeys().Where(key => key.ActivationDate == Start).Select(key => key.IsRevoked).OrderDescending());
    }

    [Fact]
    public async Task Processes_that_start_together_open_what_the_others_have_sealed()
    {
        using var start = new Barrier(Processes);
        var processes = await Task.WhenAll(Enumerable.Range(0, Processes).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var protector = ServicesOf().GetDataProtector("test");
                start.SignalAndWait();
                return (Protector: protector, Letter: protector.Protect("hello"));
            },
            TaskCreationOptions.LongRunning)));
        Assert.Single(NewProcess().GetAllKeys());
        Assert.All(processes, one => Assert.All(processes, other => Assert.Equal("hello", other.Protector.Unprotect(one.Letter))));
    }

    private static IEnumerable<DateTimeOffset> StartsOf(IKeyManager keys) =>
        keys.GetAllKeys().Select(key => key.ActivationDate).Where(start => start <= End).Order();

    private IKeyManager NewProcess() => ServicesOf().GetRequiredService<IKeyManager>();

    private ServiceProvider ServicesOf()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddDataProtection();
        var store = _host.Services.GetRequiredKeyedService<Store>(AccessSystem.Name);
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new SealingKeys(store));
        return services.BuildServiceProvider();
    }
}

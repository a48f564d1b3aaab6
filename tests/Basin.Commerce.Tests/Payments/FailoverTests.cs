using Basin.Kernel.Ids;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Two providers, and which of them a payment goes to: never to both.</summary>
public sealed class FailoverTests
{
    private const string Sandbox = "sandbox";
    private const string Reserve = "reserve";
    private const string Call = "IPaymentProvider.CallAsync";
    private const string Job = "job:payments:payments.provider-call.v1";

    /// <summary>How long a provider is left alone, above the time that a call may take.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, string?> Breaker = new()
    {
        ["Basin:Payments:BreakerCalls"] = "2",
        ["Basin:Payments:BreakerPause"] = $"{Pause}",
        ["Basin:Payments:LongestWait"] = "00:00:10",
    };

    [Fact]
    public async Task While_a_provider_fails_new_payments_go_to_the_next_and_after_the_pause_come_back()
    {
        await using var payments = await PaymentsHost.StartAsync(Breaker);
        var before = await payments.PayAsync();
        await BreakAsync(payments, Sandbox);

        var meanwhile = new[] { (await payments.PayAsync()).Payment, (await payments.PayAsync("mastercard")).Payment, await payments.RequestAsync() };
        await payments.Host.AdvanceAsync(Pause);
        var after = new[] { (await payments.PayAsync()).Payment, await payments.RequestAsync() };

        Assert.Equal([Sandbox], await ProvidersAsync(payments, before.Payment));
        Assert.Equal([Reserve], await ProvidersAsync(payments, meanwhile));
        Assert.Equal([Sandbox], await ProvidersAsync(payments, after));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_provider_that_still_fails_after_the_pause_is_left_alone_again()
    {
        await using var payments = await PaymentsHost.StartAsync(Breaker);
        await BreakAsync(payments, Sandbox);
        await payments.Host.AdvanceAsync(Pause);
        payments.Host.Faults.Throw(Call, failure: () => new IOException("The connection was refused."));

        var probe = await payments.RequestAsync();
        var next = await payments.RequestAsync();
        var between = await ProvidersAsync(payments, next);
        for (var i = 0; i < 12; i++)
            await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.Equal([Reserve], between);
        Assert.Equal([Sandbox], await ProvidersAsync(payments, probe));
        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(probe));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_payment_that_no_provider_was_asked_for_yet_goes_to_the_next()
    {
        await using var payments = await PaymentsHost.StartAsync(Breaker);
        var hold = payments.Host.Faults.Hold(Job);
        var id = payments.NewId();
        await payments.PublishAsync(new PaymentRequested(id, PaymentsHost.Amount, "EUR", "tok_visa"));
        await hold.Arrived;
        await BreakAsync(payments, Sandbox);
        payments.Host.Faults.Disarm(Job);
        hold.Release();
        await payments.Host.SettleAsync();

        Assert.Equal([Reserve], await ProvidersAsync(payments, id));
        Assert.Equal(["requested", "rerouted", "authorized"], await payments.StepsAsync(id));
        Assert.Empty(await payments.ChargesAsync(id));
        Assert.Single(await payments.Host.PublishedAsync<PaymentAuthorized>());
        await payments.CaptureAsync(id);
        await payments.ReleaseAsync(id);
        Assert.Equal(PaymentState.Refunded, await payments.StateAsync(id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_provider_that_says_it_did_nothing_is_followed_by_the_next()
    {
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync("tok_unavailable");
        await payments.CaptureAsync(id);

        Assert.Equal([Reserve], await ProvidersAsync(payments, id));
        Assert.Equal(["requested", "rerouted", "authorized", "capture_requested", "captured"], await payments.StepsAsync(id));
        Assert.Empty(await payments.ChargesAsync(id));
        Assert.Equal([new PaymentAuthorized(id, PaymentsHost.Amount, "EUR")], await payments.Host.PublishedAsync<PaymentAuthorized>());
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Where_nobody_is_left_to_ask_the_payment_is_declined()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:Routes:0:Providers:0"] = Sandbox });

        var id = await payments.RequestAsync("tok_unavailable");

        Assert.Equal((PaymentState.Declined, "provider_unavailable"), ((await payments.GetAsync(id)).State, (await payments.GetAsync(id)).Code));
        Assert.Empty(await payments.ChargesAsync(id));
        Assert.Empty(await payments.ChargesAsync(id, Reserve));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Faults.After)]
    public async Task A_payment_whose_provider_may_have_been_asked_waits_for_that_provider(string when)
    {
        await using var payments = await PaymentsHost.StartAsync(Breaker);
        payments.Host.Faults.Throw(Call + when, failure: () => new IOException("The connection broke."));
        var id = await payments.RequestAsync();
        await BreakAsync(payments, Sandbox);

        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(11));
        var waiting = await payments.GetAsync(id);
        await payments.Host.AdvanceAsync(Pause);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(11));

        Assert.Equal((PaymentState.Authorizing, true), (waiting.State, waiting.OutcomeUnknown));
        Assert.Contains("not asked", waiting.History![^1].Detail);
        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(id));
        Assert.Single(await payments.ChargesAsync(id));
        Assert.Empty(await payments.ChargesAsync(id, Reserve));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_payment_that_was_charged_before_the_host_stopped_never_goes_to_another_provider()
    {
        await using var payments = await PaymentsHost.StartAsync(Breaker);
        var called = payments.Host.Faults.Hold(Call + Faults.After);
        var id = payments.NewId();
        await payments.PublishAsync(new PaymentRequested(id, PaymentsHost.Amount, "EUR", "tok_visa"));
        await called.Arrived;
        await payments.Host.StopAsync();
        payments.Host.Faults.DisarmAll();
        var again = payments.Host.Faults.Hold(Job);

        await payments.Host.StartAgainAsync();
        await again.Arrived;
        await BreakAsync(payments, Sandbox);
        payments.Host.Faults.Disarm(Job);
        again.Release();
        await payments.Host.SettleAsync();
        Assert.Empty(await payments.ChargesAsync(id, Reserve));
        await payments.Host.AdvanceAsync(Pause);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(11));

        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(id));
        Assert.Single(await payments.ChargesAsync(id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("EUR", 1999, "visa", Sandbox)]
    [InlineData("EUR", 49_999, "visa", Sandbox)]
    [InlineData("EUR", 50_000, "visa", Reserve)]
    [InlineData("EUR", 99_999, "mastercard", Reserve)]
    [InlineData("EUR", 100_000, "visa", Sandbox)]
    [InlineData("SEK", 60, "visa", Reserve)]
    [InlineData("SEK", 200_000, "visa", Reserve)]
    [InlineData("USD", 1999, "amex", Reserve)]
    [InlineData("USD", 1999, "visa", Sandbox)]
    public async Task The_first_route_that_fits_says_who_is_asked(string currency, long amount, string card, string provider)
    {
        await using var payments = await PaymentsHost.StartAsync(new()
        {
            ["Basin:Payments:Routes:0:Currency"] = "sek",
            ["Basin:Payments:Routes:0:Providers:0"] = Reserve,
            ["Basin:Payments:Routes:1:FromMinor"] = "50000",
            ["Basin:Payments:Routes:1:BelowMinor"] = "100000",
            ["Basin:Payments:Routes:1:Providers:0"] = Reserve,
            ["Basin:Payments:Routes:1:Providers:1"] = Sandbox,
            ["Basin:Payments:Routes:2:Brand"] = "amex",
            ["Basin:Payments:Routes:2:Providers:0"] = Reserve,
        });

        var paid = await payments.PostAsync("payment_intents", $"amount={amount}&currency={currency}&confirm=true&payment_method=pm_card_{card}");
        var id = payments.NewId();
        if (card == "visa")
            await payments.PublishAsync(new PaymentRequested(id, amount, currency, "tok_visa"));
        await payments.AssertMoneyAgreesAsync();

        Assert.Equal([provider], await ProvidersAsync(payments, paid.Payment));
        if (card == "visa")
            Assert.Equal([provider], await ProvidersAsync(payments, id));
    }

    [Theory]
    [InlineData("amex", Sandbox)]
    [InlineData("visa", Reserve)]
    public async Task Who_comes_next_is_said_by_the_route_of_the_cards_brand(string card, string next)
    {
        await using var payments = await PaymentsHost.StartAsync(new(Breaker)
        {
            ["Basin:Payments:Routes:0:Brand"] = "amex",
            ["Basin:Payments:Routes:0:Providers:0"] = Reserve,
            ["Basin:Payments:Routes:0:Providers:1"] = Sandbox,
        });
        var hold = payments.Host.Faults.Hold(Job);
        var paying = payments.PayAsync(card);
        await hold.Arrived;
        await BreakAsync(payments, next == Sandbox ? Reserve : Sandbox);
        payments.Host.Faults.Disarm(Job);
        hold.Release();

        var paid = await paying;

        Assert.Equal("succeeded", paid.Text("status"));
        Assert.Equal([next], await ProvidersAsync(payments, paid.Payment));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_route_to_a_provider_that_is_not_there_ends_the_start()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => PaymentsHost.StartAsync(new() { ["Basin:Payments:Routes:0:Providers:0"] = "nobody" }));

        Assert.Equal("Basin:Payments:Routes names the provider 'nobody'. There are sandbox, reserve.", failure.Message);
    }

    /// <summary>Asks a provider in vain, until nobody asks it any more.</summary>
    private static async Task BreakAsync(PaymentsHost payments, string provider)
    {
        var desk = payments.Host.Get<ProviderDesk>();
        while (!desk.IsOpen(provider))
        {
            await Assert.ThrowsAsync<DependencyException>(async () => await desk.AskAsync<int>(
                provider, (_, _) => throw new IOException("The connection was refused."), CancellationToken.None));
        }
    }

    /// <summary>Who has charges of these payments, each one.</summary>
    private static async Task<IEnumerable<string>> ProvidersAsync(PaymentsHost payments, params Id<Payment>[] ids)
    {
        var found = new List<string>();
        foreach (var id in ids)
        {
            var charges = new[] { (Sandbox, await payments.ChargesAsync(id)), (Reserve, await payments.ChargesAsync(id, Reserve)) };
            var (provider, _) = Assert.Single(charges, each => each.Item2.Count > 0);
            var payment = await payments.Host.StoreOf("payments").ReadAsync(
                ShardKey.Of(id), snapshot => PaymentsStore.FindAsync(snapshot, PaymentsHost.Tenant, id), CancellationToken.None);
            Assert.Equal(provider, payment!.Provider);
            found.Add(provider);
        }
        return found.Distinct();
    }
}

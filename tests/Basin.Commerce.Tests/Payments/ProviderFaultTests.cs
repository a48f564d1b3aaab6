using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;
using Basin.Testing.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Payments in a whole host, with a provider that is slow, silent, or forgets to answer; and with crashes of the host itself.</summary>
public sealed class ProviderFaultTests
{
    private const string Call = "IPaymentProvider.CallAsync";
    private const string Find = "IPaymentProvider.FindAsync";
    private const string Job = "job:payments:payments.provider-call.v1";

    [Theory]
    [InlineData("tok_timeout")]
    [InlineData("tok_unknown")]
    public async Task A_lost_call_or_answer_leaves_the_outcome_unknown_until_the_provider_is_asked_again(string token)
    {
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync(token);
        var silent = await payments.GetAsync(id);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal((PaymentState.Authorizing, true), (silent.State, silent.OutcomeUnknown));
        Assert.Contains("no answer in time; try 1, asked again at", silent.History![^1].Detail);
        var view = await payments.GetAsync(id);
        Assert.Equal((PaymentState.Authorized, false), (view.State, view.OutcomeUnknown));
        Assert.Equal(["requested", "authorize_unanswered", "authorized"], view.History!.Select(step => step.What));
        Assert.Equal(token == "tok_timeout" ? 2 : 1, payments.Host.Faults.Met(Call));
        Assert.Equal(1, payments.Host.Faults.Met(Find));
        Assert.Single(await payments.Host.PublishedAsync<PaymentAuthorized>());
        Assert.Single(await payments.ChargesAsync(id));
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task The_first_calls_of_a_provider_may_come_at_the_same_time()
    {
        for (var turn = 0; turn < 50; turn++)
        {
            var (clock, options) = (new FakeClock(), new SandboxOptions());
            var chance = new Randomness(turn);
            using var desk = new ProviderDesk(
                [new SandboxProvider("sandbox", null!, options, () => "", clock, chance)], new PaymentsOptions(), clock, chance, NullLogger<ProviderDesk>.Instance);
            using var together = new Barrier(2);

            await Task.WhenAll(Task.Run(AskAsync), Task.Run(AskAsync));

            async Task AskAsync()
            {
                together.SignalAndWait(TimeSpan.FromSeconds(20));
                Assert.Equal("sandbox", await desk.AskAsync("sandbox", (provider, _) => Task.FromResult(provider.Name), CancellationToken.None));
            }
        }
    }

    [Fact]
    public async Task A_slow_answer_is_waited_for()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = payments.NewId();
        await payments.PublishAsync(new PaymentRequested(id, PaymentsHost.Amount, "EUR", "tok_slow"));
        await UntilAsync(() => payments.Host.Faults.Met(Call) == 1);
        Assert.Equal(PaymentState.Authorizing, await payments.StateAsync(id));

        await AdvanceUntilAsync(payments, TimeSpan.FromSeconds(1), async () => await payments.StateAsync(id) == PaymentState.Authorized);

        Assert.Equal(["requested", "authorized"], await payments.StepsAsync(id));
    }

    [Fact]
    public async Task An_answer_slower_than_the_timeout_counts_as_unknown_and_is_charged_once()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Sandbox:SlowAnswer"] = "00:00:08" });
        var id = payments.NewId();
        await payments.PublishAsync(new PaymentRequested(id, PaymentsHost.Amount, "EUR", "tok_slow"));
        await UntilAsync(() => payments.Host.Faults.Met(Call) == 1);
        await AdvanceUntilAsync(payments, TimeSpan.FromSeconds(1), async () => (await payments.GetAsync(id)).OutcomeUnknown);

        payments.Host.Get<SandboxOptions>().SlowAnswer = TimeSpan.Zero;
        await AdvanceUntilAsync(payments, TimeSpan.FromSeconds(1), async () => await payments.StateAsync(id) == PaymentState.Authorized);

        // Time may have run on to a second silence before the provider became quick.
        var steps = await payments.StepsAsync(id);
        Assert.Equal(["authorize_unanswered", "authorized", "requested"], steps.Distinct().Order());
        Assert.Single(await payments.ChargesAsync(id));
    }

    [Theory]
    [InlineData("authorize")]
    [InlineData("capture")]
    [InlineData("void")]
    [InlineData("refund")]
    public async Task Each_operation_survives_a_lost_answer_without_a_second_effect(string operation)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var faults = payments.Host.Faults;
        LoseAnswerTo("authorize");
        var id = await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        if (operation != "void")
        {
            LoseAnswerTo("capture");
            await payments.CaptureAsync(id);
            await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        }
        LoseAnswerTo("void");
        LoseAnswerTo("refund");
        await payments.ReleaseAsync(id);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(1, (await payments.StepsAsync(id)).Count(what => what == $"{operation}_unanswered"));
        Assert.Equal(operation == "void" ? PaymentState.Voided : PaymentState.Refunded, await payments.StateAsync(id));
        Assert.Equal([new PaymentReleased(id, operation == "void" ? 0 : 1999)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Single(await payments.ChargesAsync(id));
        await payments.AssertBooksAgreeAsync();

        void LoseAnswerTo(string each)
        {
            if (each == operation)
                faults.Throw(Call + Faults.After, failure: () => new IOException("The connection broke."));
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(Faults.After, true)]
    [InlineData("", false)]
    [InlineData(Faults.After, false)]
    public async Task What_a_customer_has_proved_survives_a_lost_call_or_answer(string lost, bool succeeds)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var asked = await payments.PayAsync("threeDSecure2Required", "&return_url=https://shop.example/back");
        var id = await payments.OnlyPaymentAsync();
        payments.Host.Faults.Throw(Call + lost, failure: () => new IOException("The connection broke."));

        await payments.ProveAsync(id, succeeds);
        var unknown = await payments.GetAsync(id);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal("requires_action", asked.Text("status"));
        Assert.Equal((PaymentState.Completing, true), (unknown.State, unknown.OutcomeUnknown));
        Assert.Equal(succeeds ? PaymentState.Captured : PaymentState.Declined, await payments.StateAsync(id));
        string[] before = ["requested", "action_required", "customer_returned", "complete_unanswered"];
        string[] expected = succeeds ? [.. before, "authorized", "captured"] : [.. before, "declined"];
        Assert.Equal(expected, await payments.StepsAsync(id));
        Assert.Equal(succeeds ? PaymentsHost.Amount : 0, Assert.Single(await payments.ChargesAsync(id)).CapturedMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(Faults.After)]
    public async Task An_increment_survives_a_lost_call_or_answer_and_is_followed_by_the_capture_that_came_meanwhile(string lost)
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:AnswerPatience"] = "00:00:00.5" });
        var held = await payments.HoldAsync();
        payments.Host.Faults.Throw(Call + lost, failure: () => new IOException("The connection broke."));

        var incrementing = payments.PostAsync($"payment_intents/{held.Id}/increment_authorization", "amount=2500", "increment");
        await UntilAsync(async () => (await payments.GetAsync(held.Payment)).OutcomeUnknown);
        var capturing = payments.PostAsync($"payment_intents/{held.Id}/capture", key: "capture");
        await UntilAsync(async () => (await payments.StepsAsync(held.Payment))[^1] == "capture_requested");
        await AdvanceUntilAsync(payments, TimeSpan.FromSeconds(1), () => Task.FromResult(incrementing.IsCompleted && capturing.IsCompleted));
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        string[] expected =
            ["requested", "authorized", "increment_requested", "increment_unanswered", "capture_requested", "incremented", "captured"];
        Assert.Equal(expected, await payments.StepsAsync(held.Payment));
        var charge = Assert.Single(await payments.ChargesAsync(held.Payment));
        Assert.Equal((2500, 2500), (charge.AuthorizedMinor, charge.CapturedMinor));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_release_while_authorizing_waits_for_the_outcome_and_then_voids()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync("tok_unknown");

        await payments.ReleaseAsync(id);
        Assert.Empty(await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(PaymentState.Voided, await payments.StateAsync(id));
        Assert.Equal([new PaymentReleased(id, 0)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Single(await payments.Host.PublishedAsync<PaymentAuthorized>());
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_release_while_capturing_waits_for_the_outcome_and_then_refunds()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        payments.Host.Faults.Throw(Call + Faults.After, failure: () => new TimeoutException());
        await payments.CaptureAsync(id);

        await payments.ReleaseAsync(id);
        Assert.Equal(PaymentState.Capturing, await payments.StateAsync(id));
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(PaymentState.Refunded, await payments.StateAsync(id));
        Assert.Equal([new PaymentReleased(id, 1999)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_crash_between_the_call_and_its_commit_asks_again_under_the_same_key()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await StopAfterTheCallAsync(payments);

        await payments.Host.StartAgainAsync();
        await payments.Host.SettleAsync();

        Assert.Equal(["requested", "authorized"], await payments.StepsAsync(id));
        Assert.Equal(2, payments.Host.Faults.Met(Call));
        Assert.Single(await payments.ChargesAsync(id));
        Assert.Single(await payments.Host.PublishedAsync<PaymentAuthorized>());
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_call_that_waited_for_hours_is_looked_for_before_it_is_made()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await StopAfterTheCallAsync(payments);
        payments.Host.Clock.Jump(TimeSpan.FromHours(30));
        await payments.Host.StartAgainAsync();
        await payments.Host.SettleAsync();

        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(id));
        Assert.Equal((1, 1), (payments.Host.Faults.Met(Call), payments.Host.Faults.Met(Find)));
    }

    [Fact]
    public async Task A_job_whose_end_is_repeated_takes_effect_once()
    {
        await using var payments = await PaymentsHost.StartAsync();
        payments.Host.Faults.Throw(Job + Faults.After);

        var id = await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(["requested", "authorized"], await payments.StepsAsync(id));
        Assert.Single(await payments.Host.PublishedAsync<PaymentAuthorized>());
    }

    [Fact]
    public async Task A_restart_in_the_middle_keeps_asking()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync("tok_unknown");

        await payments.Host.RestartAsync();
        Assert.True((await payments.GetAsync(id)).OutcomeUnknown);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        await payments.CaptureAsync(id);
        await payments.Host.RestartAsync();
        await payments.ReleaseAsync(id);

        Assert.Equal(PaymentState.Refunded, await payments.StateAsync(id));
        Assert.Single(await payments.ChargesAsync(id));
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_provider_that_stays_silent_is_asked_ever_less_often_and_in_the_end_left_to_the_operator()
    {
        await using var payments = await PaymentsHost.StartAsync(new()
        {
            ["Basin:Payments:MaxTries"] = "12",
            ["Basin:Payments:LongestWait"] = "00:01:00",
            // The clock may run a minute ahead of a call; a deadline that it passes on the way would end the try before the call.
            ["Basin:Payments:ProviderTimeout"] = "00:02:00",
        });
        payments.Host.Faults.Throw(Call, times: int.MaxValue, () => new IOException("The connection was refused."));

        var id = await payments.RequestAsync();
        for (var i = 0; i < 20; i++)
            await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        var view = await payments.GetAsync(id);
        var silences = view.History!.Where(step => step.What == "authorize_unanswered").ToList();
        Assert.Equal((PaymentState.Authorizing, true, 12), (view.State, view.OutcomeUnknown, silences.Count));
        Assert.Equal("no answer: IOException; try 12, left to the operator", silences[^1].Detail);
        Assert.Equal(12, payments.Host.Faults.Met(Call));
        Assert.Equal(1, await DeadJobsAsync(payments));
        Assert.Empty(await payments.Host.PublishedAsync<PaymentDeclined>());
    }

    [Fact]
    public async Task The_last_silence_is_noted_however_busy_the_store_is()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:MaxTries"] = "2" });
        var id = await payments.RequestAsync("tok_timeout");
        payments.Host.Faults.Hold(Call);
        payments.Host.Clock.Advance(TimeSpan.FromSeconds(2));
        await UntilAsync(() => payments.Host.Faults.Met(Call) == 2);
        var shard = payments.Host.StoreOf("payments").Shards[0];
        using (var gate = await Gate.CloseAsync(shard))
        {
            // First the deadline of the call passes, then the time that a request would wait for the writer.
            payments.Host.Clock.Advance(TimeSpan.FromSeconds(5));
            await UntilAsync(() => payments.Host.Log.Lines.Any(line => line.Text.Contains("try 2", StringComparison.Ordinal)) && shard.QueuedWrites > 0);
            payments.Host.Clock.Advance(TimeSpan.FromSeconds(6));
            await gate.OpenAsync();
        }
        for (var i = 0; i < 5; i++)
            await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(2, payments.Host.Faults.Met(Call));
        Assert.Equal("no answer in time; try 2, left to the operator", (await payments.GetAsync(id)).History![^1].Detail);
        Assert.Equal(1, await DeadJobsAsync(payments));
    }

    [Fact]
    public async Task A_refund_that_the_provider_refuses_stays_owed_and_visible_and_is_asked_for_again_under_another_key()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:LongestWait"] = "00:00:10" });
        var id = await payments.RequestAsync();
        await payments.CaptureAsync(id);
        // Somebody gives the money back at the provider, so that Basin's own refund is refused.
        var charge = Assert.Single(await payments.ChargesAsync(id));
        var elsewhere = new ProviderCall(payments.NewId(), PaymentOperation.Refund, 1999, "EUR", null, charge.Charge, payments.Host.Clock.GetUtcNow());
        await payments.Host.Get<ProviderDesk>().Of("sandbox").CallAsync(PaymentsHost.Tenant, elsewhere, CancellationToken.None);

        await payments.ReleaseAsync(id);
        for (var i = 0; i < 5; i++)
            await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        var view = await payments.GetAsync(id);
        Assert.Equal(PaymentState.Refunding, view.State);
        Assert.StartsWith("refused with amount_too_large; try ", view.History![^1].Detail);
        Assert.Equal(0, await DeadJobsAsync(payments));
        var keys = payments.Host.StoreOf("sandbox").ReadAllAsync(
            snapshot => snapshot.ListAsync("SELECT key FROM sandbox_call WHERE code = 'amount_too_large'", row => row.Text(0)), CancellationToken.None);
        Assert.True((await keys).Count > 3);
        Assert.Empty(await payments.Host.PublishedAsync<PaymentReleased>());
    }

    [Fact]
    public async Task The_audit_sees_a_second_charge_and_one_that_belongs_to_no_payment()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var (doubled, unknown) = (await payments.RequestAsync(), payments.NewId());
        var books = payments.Host.StoreOf("sandbox");
        foreach (var id in new[] { doubled, unknown })
        {
            var call = new ProviderCall(id, PaymentOperation.Authorize, 5, "EUR", "tok_visa", null, default);
            await books.WriteAsync(
                ShardKey.First,
                async tx =>
                {
                    await SandboxBooks.OpenChargeAsync(tx, PaymentsHost.Tenant, tx.NewId<SandboxCharge>(), call);
                    return 0;
                },
                CancellationToken.None);
        }

        var audit = await payments.Host.Get<PaymentsApi>().AuditAsync(PaymentsHost.Tenant, CancellationToken.None);

        Assert.Equal(
            [new MoneyDifference(doubled, "The provider holds 2 charges."), new MoneyDifference(unknown, "Only the provider knows it.")],
            audit.Differences);
        Assert.Equal((1999, 2009), (audit.Ours["EUR"].AuthorizedMinor, audit.Provider["EUR"].AuthorizedMinor));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Through_a_bad_hour_with_restarts_every_payment_ends_and_the_books_agree(int seed)
    {
        await using var payments = await PaymentsHost.StartAsync(
            new() { ["Basin:Sandbox:ErrorRate"] = "0.5", ["Basin:Payments:LongestWait"] = "00:00:10", ["Basin:Store:Shards:payments"] = "2" }, seed);
        var chance = new Randomness(seed);
        string[] tokens = ["tok_visa", "tok_unknown", "tok_timeout", "tok_captureFails", "tok_chargeDeclined"];
        var ids = Enumerable.Range(0, 60).Select(_ => payments.NewId()).ToList();
        var (captures, releases) = (new HashSet<long>(), new HashSet<long>());

        foreach (var id in ids)
            await payments.PublishAsync(new PaymentRequested(id, 100 + chance.Next(900), "EUR", tokens[chance.Next(tokens.Length)]));
        for (var step = 0; step < 150; step++)
        {
            var id = ids[chance.Next(ids.Count)];
            if (chance.Next(3) == 0 && releases.Add(id.Value) | chance.Next(2) == 0)
                await payments.PublishAsync(new PaymentReleaseRequested(id));
            else if (captures.Add(id.Value) | chance.Next(2) == 0)
                await payments.PublishAsync(new PaymentCaptureRequested(id));
            if (chance.Next(5) == 0)
                payments.Host.Clock.Advance(TimeSpan.FromMilliseconds(chance.Next(3000)));
            if (step is 50 or 100)
                await payments.Host.RestartAsync();
        }
        for (var i = 0; i < 60; i++)
            await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(10));

        await payments.AssertBooksAgreeAsync();
        Assert.Equal(0, await DeadJobsAsync(payments));
        var authorized = (await payments.Host.PublishedAsync<PaymentAuthorized>()).Select(e => e.Key);
        var declined = (await payments.Host.PublishedAsync<PaymentDeclined>()).Select(e => e.Key);
        Assert.Equal(ids.Select(id => id.Value).Order(), authorized.Concat(declined).Order());
        var captured = (await payments.Host.PublishedAsync<PaymentCaptured>()).Select(e => e.Key);
        var failed = (await payments.Host.PublishedAsync<PaymentCaptureFailed>()).Select(e => e.Key);
        Assert.Equal(captures.Order(), captured.Concat(failed).Order());
        Assert.Equal(releases.Order(), (await payments.Host.PublishedAsync<PaymentReleased>()).Select(e => e.Key).Order());
    }

    private static async Task<long> DeadJobsAsync(PaymentsHost payments)
    {
        var dead = 0L;
        foreach (var shard in payments.Host.StoreOf("payments").Shards)
        {
            dead += await shard.ReadAsync(
                async snapshot => (await snapshot.NumberAsync("SELECT COUNT(*) FROM basin_job WHERE dead = 1"))!.Value, CancellationToken.None);
        }
        return dead;
    }

    private static Task AdvanceUntilAsync(PaymentsHost payments, TimeSpan by, Func<Task<bool>> condition) => UntilAsync(async () =>
    {
        payments.Host.Clock.Advance(by / 10);
        return await condition();
    });

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

#pragma warning disable RS0030 // How long a test waits is real time, whatever its clock says.
    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, limit.Token);
    }
#pragma warning restore RS0030

    /// <summary>The provider has charged; the host ends before it could note that.</summary>
    private static async Task<Id<Payment>> StopAfterTheCallAsync(PaymentsHost payments)
    {
        var hold = payments.Host.Faults.Hold(Call + Faults.After);
        var id = payments.NewId();
        await payments.PublishAsync(new PaymentRequested(id, PaymentsHost.Amount, "EUR", "tok_visa"));
        await hold.Arrived;
        await payments.Host.StopAsync();
        payments.Host.Faults.DisarmAll();
        return id;
    }
}

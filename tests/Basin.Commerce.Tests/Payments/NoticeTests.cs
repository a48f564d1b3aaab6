using System.Text.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Ids;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>What providers tell by themselves: many times, at once, too early, or not at all them.</summary>
public sealed class NoticeTests
{
    private const int Many = 20;
    private const long Part = 500;
    private const string Sandbox = "sandbox";
    private const string Call = "IPaymentProvider.CallAsync";

    /// <summary>Brings the sandbox's own notices.</summary>
    private const string Courier = "job:sandbox:sandbox.notice.v1";

    [Theory]
    [InlineData(NoticeKind.CustomerReturned, "authorized")]
    [InlineData(NoticeKind.DisputeOpened, null)]
    [InlineData(NoticeKind.DisputeWon, null)]
    [InlineData(NoticeKind.DisputeLost, null)]
    [InlineData(NoticeKind.RefundSucceeded, "refunded")]
    [InlineData(NoticeKind.RefundFailed, "refund_returned")]
    public async Task A_notice_that_is_brought_twenty_times_at_once_takes_effect_once(NoticeKind kind, string? step)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var (id, notice) = await PrepareAsync(payments, kind);
        var before = await LookAsync(payments, id);

        await BringAsync(payments, notice);
        var once = await LookAsync(payments, id);
        await BringAsync(payments, notice);
        await BringOwnAsync(payments);

        Assert.NotEqual(before, once);
        Assert.Equal(once, await LookAsync(payments, id));
        if (step is not null)
            Assert.Single(await payments.StepsAsync(id), step);
        Assert.Equal(DisputeMoves(kind), await DisputedAsync(payments));
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData(NoticeKind.CustomerReturned)]
    [InlineData(NoticeKind.DisputeOpened)]
    [InlineData(NoticeKind.DisputeWon)]
    [InlineData(NoticeKind.DisputeLost)]
    [InlineData(NoticeKind.RefundSucceeded)]
    [InlineData(NoticeKind.RefundFailed)]
    public async Task The_same_news_under_other_names_changes_nothing_more(NoticeKind kind)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var (id, notice) = await PrepareAsync(payments, kind);
        await BringAsync(payments, notice);
        var once = await LookAsync(payments, id);

        for (var i = 0; i < 3; i++)
            await BringAsync(payments, notice with { Id = $"{notice.Id}-{i}" });
        await BringOwnAsync(payments);

        Assert.Equal(once, await LookAsync(payments, id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task The_decision_of_a_bank_is_the_first_that_it_tells()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var (id, won) = await PrepareAsync(payments, NoticeKind.DisputeWon);

        await BringAsync(payments, won);
        var once = await LookAsync(payments, id);
        await BringAsync(payments, won with { Id = "later", Kind = NoticeKind.DisputeLost });

        Assert.Equal(once, await LookAsync(payments, id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("another")]
    [InlineData("upper")]
    [InlineData("body")]
    [InlineData("reserve")]
    [InlineData("nobody")]
    public async Task What_the_provider_has_not_signed_is_refused_and_changes_nothing(string wrong)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var (id, notice) = await PrepareAsync(payments, NoticeKind.DisputeOpened);
        var before = await LookAsync(payments, id);
        var body = BodyOf(notice);
        var signature = wrong switch
        {
            "another" => SandboxSignature.Of(BodyOf(notice with { AmountMinor = 1 })),
            "upper" => SandboxSignature.Of(body).ToUpperInvariant(),
            "body" or "reserve" or "nobody" => SandboxSignature.Of(body),
            _ => wrong,
        };

        var refusal = await SendAsync(
            payments, wrong is "reserve" or "nobody" ? wrong : Sandbox, wrong == "body" ? [.. body, (byte)' '] : body, signature);

        // Both sandboxes sign alike; a payment is its own provider's all the same.
        Assert.Equal(wrong == "reserve" ? (409, "notice_too_early") : (400, "notice_not_signed"), refusal);
        Assert.Equal(before, await LookAsync(payments, id));
        await BringAsync(payments, notice);
        Assert.NotEqual(before, await LookAsync(payments, id));
    }

    [Fact]
    public async Task A_return_that_comes_before_the_answer_that_asked_for_it_is_sent_again_and_works()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var answered = payments.Host.Faults.Hold(Call + Faults.After);
        var paying = payments.PayAsync("threeDSecure2Required");
        await answered.Arrived;
        var id = await payments.OnlyPaymentAsync();
        var notice = new ProviderNotice("returned", NoticeKind.CustomerReturned, PaymentsHost.Tenant, id);

        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice));
        payments.Host.Faults.Disarm(Call + Faults.After);
        answered.Release();
        await paying;
        payments.Host.Faults.Throw(Courier, int.MaxValue);
        await payments.ProveAsync(id);
        await BringAsync(payments, notice);

        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_dispute_that_comes_before_the_capture_is_known_is_sent_again_and_works()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var held = await payments.HoldAsync();
        var notice = new ProviderNotice(
            "disputed", NoticeKind.DisputeOpened, PaymentsHost.Tenant, held.Payment, "dispute_1", PaymentsHost.Amount, 1500, "fraudulent");

        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice with { Payment = payments.NewId() }));
        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice with { Tenant = new(77) }));
        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice));
        await payments.PostAsync($"payment_intents/{held.Id}/capture");
        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice with { Id = "won", Kind = NoticeKind.DisputeWon }));
        await BringAsync(payments, notice);
        await BringAsync(payments, notice with { Id = "won", Kind = NoticeKind.DisputeWon });

        Assert.Equal([-PaymentsHost.Amount, PaymentsHost.Amount], await DisputedAsync(payments));
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("re_0000000000000")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task News_of_a_refund_that_nobody_knows_waits(string? refund)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var paid = await payments.PayAsync();

        Assert.Equal(
            (409, "notice_too_early"),
            await TooEarlyAsync(payments, new("refund", NoticeKind.RefundSucceeded, PaymentsHost.Tenant, paid.Payment, refund, PaymentsHost.Amount)));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Money_of_a_released_payment_that_comes_back_is_given_again_by_hand_and_answered_to_nobody()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync("tok_refundFail");
        await payments.CaptureAsync(id);
        await payments.ReleaseAsync(id);
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));

        var again = await payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}&amount=500");
        await payments.Host.SettleAsync();

        Assert.Equal(200, again.Status);
        Assert.Equal([new PaymentReleased(id, PaymentsHost.Amount)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_release_of_what_was_given_back_already_is_answered_once_though_it_comes_back()
    {
        await using var payments = await PaymentsHost.StartAsync();
        payments.Host.Faults.Throw(Courier, int.MaxValue);
        var id = await payments.RequestAsync("tok_refundFail");
        await payments.CaptureAsync(id);
        await payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}");
        await payments.ReleaseAsync(id);
        await BringOwnAsync(payments);
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));

        await payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}&amount={Part}");
        await payments.Host.SettleAsync();

        Assert.Equal([new PaymentReleased(id, PaymentsHost.Amount)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertMoneyAgreesAsync();
    }

    /// <summary>Of a refund that is owed: what has become of its call hides nothing that happened after it.</summary>
    [Fact]
    public async Task A_refund_that_comes_back_before_its_answer_is_known_is_told_again()
    {
        await using var payments = await PaymentsHost.StartAsync();
        payments.Host.Faults.Throw(Courier, int.MaxValue);
        var id = await payments.RequestAsync("tok_refundFail");
        await payments.CaptureAsync(id);
        payments.Host.Faults.Throw(Call + Faults.After, failure: () => new IOException("The connection broke."));
        await payments.ReleaseAsync(id);
        var refund = new Id<Refund>(id.Value).ToString();

        var notice = new ProviderNotice("back", NoticeKind.RefundFailed, PaymentsHost.Tenant, id, refund, PaymentsHost.Amount, Reason: "expired_or_canceled_card");
        Assert.Equal((409, "notice_too_early"), await TooEarlyAsync(payments, notice));
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));
        await BringOwnAsync(payments);

        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_refund_that_is_owed_and_fails_on_its_way_is_asked_for_again()
    {
        await using var payments = await PaymentsHost.StartAsync();
        payments.Host.Faults.Throw(Courier, int.MaxValue);
        var id = await payments.RequestAsync("tok_pendingRefund");
        await payments.CaptureAsync(id);
        await payments.ReleaseAsync(id);
        Assert.Equal("refund_accepted", (await payments.StepsAsync(id))[^1]);

        var refund = new Id<Refund>(id.Value).ToString();
        await BringAsync(payments, new("back", NoticeKind.RefundFailed, PaymentsHost.Tenant, id, refund, PaymentsHost.Amount, Reason: "closed"));

        Assert.Contains("refund_refused", await payments.StepsAsync(id));
        var keys = await payments.Host.StoreOf("sandbox").ReadAllAsync(
            snapshot => snapshot.ListAsync("SELECT key FROM sandbox_call WHERE key LIKE '%:refund%'", row => row.Text(0)), CancellationToken.None);
        Assert.Equal([$"{id}:refund", $"{id}:refund:1"], keys.Order().Take(2));
        Assert.Empty(await payments.Host.PublishedAsync<PaymentReleased>());
    }

    /// <summary>A payment that waits for a notice, and the notice as the sandbox sends it, whose own waits.</summary>
    private static async Task<(Id<Payment> Payment, ProviderNotice Notice)> PrepareAsync(PaymentsHost payments, NoticeKind kind)
    {
        payments.Host.Faults.Throw(Courier, int.MaxValue);
        return kind switch
        {
            NoticeKind.CustomerReturned => await PrepareReturnAsync(payments),
            NoticeKind.RefundSucceeded => await PrepareRefundAsync(payments, kind, "pendingRefund", "arrived"),
            NoticeKind.RefundFailed => await PrepareRefundAsync(payments, kind, "refundFail", "returned"),
            _ => await PrepareDisputeAsync(payments, kind),
        };
    }

    private static async Task<(Id<Payment>, ProviderNotice)> PrepareReturnAsync(PaymentsHost payments)
    {
        await payments.PayAsync("threeDSecure2Required", "&capture_method=manual");
        var id = await payments.OnlyPaymentAsync();
        await payments.ProveAsync(id);
        return (id, new ProviderNotice($"{await ReferenceAsync(payments, id)}:returned", NoticeKind.CustomerReturned, PaymentsHost.Tenant, id));
    }

    private static async Task<(Id<Payment>, ProviderNotice)> PrepareRefundAsync(PaymentsHost payments, NoticeKind kind, string card, string what)
    {
        payments.Host.Get<PaymentsOptions>().AnswerPatience = TimeSpan.Zero;
        var id = await payments.RequestAsync($"tok_{card}");
        await payments.CaptureAsync(id);
        var refund = await payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}&amount={Part}");
        await payments.Host.SettleAsync();
        var reason = kind == NoticeKind.RefundFailed ? "account_closed" : null;
        return (id, new ProviderNotice($"{id}:refund:{refund.Id}:{what}", kind, PaymentsHost.Tenant, id, refund.Id, Part, Reason: reason));
    }

    private static async Task<(Id<Payment>, ProviderNotice)> PrepareDisputeAsync(PaymentsHost payments, NoticeKind kind)
    {
        var id = (await payments.PayAsync("createDispute")).Payment;
        var charge = await ReferenceAsync(payments, id);
        var opened = new ProviderNotice(
            $"{charge}:disputed", NoticeKind.DisputeOpened, PaymentsHost.Tenant, id, $"dispute_{charge}", PaymentsHost.Amount, 1500, "fraudulent");
        if (kind == NoticeKind.DisputeOpened)
            return (id, opened);
        await BringAsync(payments, opened);
        return (id, new ProviderNotice($"{charge}:decided", kind, PaymentsHost.Tenant, id, opened.Object));
    }

    /// <summary>Many at once.</summary>
    private static async Task BringAsync(PaymentsHost payments, ProviderNotice notice)
    {
        var body = BodyOf(notice);
        await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => Task.Run(() => payments.Host.Get<ProviderNotices>().ReceiveAsync(
            Sandbox, body, SandboxSignature.Of(body), CancellationToken.None))));
        await payments.Host.SettleAsync();
    }

    /// <summary>At last the sandbox tells it too, and changes its own books.</summary>
    private static async Task BringOwnAsync(PaymentsHost payments)
    {
        payments.Host.Faults.Disarm(Courier);
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(5));
    }

    private static async Task<(int Status, string? Code)> TooEarlyAsync(PaymentsHost payments, ProviderNotice notice) =>
        await SendAsync(payments, Sandbox, BodyOf(notice), SandboxSignature.Of(BodyOf(notice)));

    /// <summary>As the provider does, over HTTP.</summary>
    private static async Task<(int Status, string? Code)> SendAsync(PaymentsHost payments, string provider, byte[] body, string signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/payments/notices/{provider}") { Content = new ByteArrayContent(body) };
        request.Headers.TryAddWithoutValidation("Basin-Signature", signature);
        using var answer = await payments.Host.ClientOf(null).SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text)!["code"]!.GetValue<string>());
    }

    private static byte[] BodyOf(ProviderNotice notice) => JsonSerializer.SerializeToUtf8Bytes(notice, RecordsJson.Default.ProviderNotice);

    private static async Task<string> ReferenceAsync(PaymentsHost payments, Id<Payment> id) => Assert.Single(await payments.ChargesAsync(id)).Charge;

    /// <summary>All that a notice could change: the payment, its records and events, the lines, and how often the provider was asked.</summary>
    private static async Task<string> LookAsync(PaymentsHost payments, Id<Payment> id)
    {
        var records = await payments.Host.StoreOf("payments").ReadAllAsync(
            snapshot => snapshot.ListAsync(
                "SELECT kind, id, body FROM record ORDER BY kind, id", row => $"{row.Text(0)} {row.Integer(1)} {row.Text(2)}"),
            CancellationToken.None);
        return string.Join('\n', [
            JsonSerializer.Serialize(await payments.GetAsync(id)),
            $"{payments.Host.Faults.Met(Call)} calls",
            .. (await payments.ListLinesAsync()).OrderBy(line => line.Id).Select(line => line.ToString()),
            .. records,
        ]);
    }

    /// <summary>What a bank's dispute does to the balance.</summary>
    private static IEnumerable<long> DisputeMoves(NoticeKind kind) => kind switch
    {
        NoticeKind.DisputeOpened or NoticeKind.DisputeLost => [-PaymentsHost.Amount],
        NoticeKind.DisputeWon => [-PaymentsHost.Amount, PaymentsHost.Amount],
        _ => [],
    };

    private static async Task<IEnumerable<long>> DisputedAsync(PaymentsHost payments) => (await payments.ListLinesAsync())
        .Where(line => line.Kind is MovementKind.Dispute or MovementKind.DisputeWon).OrderBy(line => line.Id).Select(line => line.AmountMinor);
}

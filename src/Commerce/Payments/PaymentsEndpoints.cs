using Basin.Kernel.Load;
using Basin.Payments.Disputes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>A payment as people and programs see it.</summary>
/// <param name="State">Such as <c>captured</c>; those that end in -ing wait for the provider.</param>
/// <param name="AmountMinor">As requested, in the currency's minor unit.</param>
/// <param name="AuthorizedMinor">What was ever held.</param>
/// <param name="CapturedMinor">What was ever taken.</param>
/// <param name="RefundedMinor">What was given back of it.</param>
/// <param name="OutcomeUnknown">The provider did not answer and is asked again.</param>
/// <param name="Code">Why it was declined or not captured.</param>
/// <param name="History">Oldest first; only where one payment is asked for.</param>
public sealed record PaymentView(
    Id<Payment> Id,
    PaymentState State,
    long AmountMinor,
    string Currency,
    long AuthorizedMinor,
    long CapturedMinor,
    long RefundedMinor,
    bool OutcomeUnknown,
    string? Code,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    List<PaymentStep>? History)
{
    internal static PaymentView Of(Payment p, List<PaymentStep>? history = null) => new(
        p.Id, p.State, p.AmountMinor, p.Currency, p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor, p.OutcomeUnknown, p.Code,
        p.CreatedAt, p.ChangedAt, history);
}

/// <summary>One thing that happened to a payment.</summary>
/// <param name="What">Such as <c>authorized</c> or <c>release_requested</c>.</param>
/// <param name="State">The state that it led to.</param>
/// <param name="Detail">For people.</param>
public sealed record PaymentStep(DateTimeOffset At, string What, PaymentState State, string? Detail);

/// <summary>Gives the whole amount back.</summary>
/// <param name="Reason">For the history; 1 to 200 characters.</param>
public sealed record RefundRequest(string Reason) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Reason, "reason", maximum: 200);
        checks.That(!CardDigits.AreIn(Reason), "reason", "This looks like a card number, which is never kept.");
    }
}

/// <summary>HTTP of Payments.</summary>
internal static class PaymentsEndpoints
{
    private const string SignatureHeader = "Basin-Signature";
    private const int MaxNotice = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/v1/payments").WithTags("Payments").WithChecks();
        payments.MapGet("/", ListAsync).RequireScope("payments:read");
        payments.MapGet("/{id}", FindAsync).RequireScope("payments:read");
        routes.MapPost("/payments/notices/{provider}", TakeNoticeAsync).ExcludeFromDescription().ServeAs(RequestClass.Checkout);
        payments.MapPost("/{id}/refunds", RefundAsync).RequireScope("payments:write").ServeAs(RequestClass.Checkout).Answers(StatusCodes.Status202Accepted);
    }

    /// <summary>Lists payments, newest first.</summary>
    /// <param name="limit">1 to 200; 50 by default.</param>
    /// <param name="cursor">Of the page before.</param>
    private static async Task<Answer<Page<PaymentView>>> ListAsync(
        int? limit, string? cursor, Caller caller, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        var paging = Paging.Of(limit, cursor);
        var found = await PaymentsStore.ListAsync(store, caller.Tenant, paging.AfterNumber(long.MaxValue), paging.Limit + 1, cancellation);
        return paging.PageOf(found.ConvertAll(payment => PaymentView.Of(payment)), view => view.Id.Value.ToString());
    }

    /// <summary>Shows a payment with its history.</summary>
    private static async Task<Answer<PaymentView>> FindAsync(
        Id<Payment> id, Caller caller, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        var view = await store.ReadAsync(
            ShardKey.Of(id),
            async snapshot => await PaymentsStore.FindAsync(snapshot, caller.Tenant, id) is { } payment
                ? PaymentView.Of(payment, await PaymentsStore.HistoryAsync(snapshot, caller.Tenant, id))
                : null,
            cancellation);
        return view is null ? KernelProblems.NotFound : view;
    }

    /// <summary>Takes what a provider tells by itself. Its signature is its key.</summary>
    private static async Task<NoContent> TakeNoticeAsync(
        string provider, HttpRequest request, ProviderNotices notices, CancellationToken cancellation)
    {
        if (request.ContentLength is null or > MaxNotice)
            throw KernelProblems.TooLarge.Refusal();
        var body = new byte[request.ContentLength.Value];
        await request.Body.ReadExactlyAsync(body, cancellation);
        await notices.ReceiveAsync(provider, body, request.Headers[SignatureHeader].ToString(), cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>Gives a captured payment back, whole.</summary>
    /// <remarks>The answer is 202: the provider is asked next, and the state tells when it is done.</remarks>
    private static Task<Answer<PaymentView>> RefundAsync(
        Id<Payment> id, RefundRequest request, Caller caller, Once once, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation) =>
        once.WriteAsync(store, ShardKey.Of(id), request, tx => BeginRefundAsync(tx, caller, id, amountMinor: null, request.Reason), cancellation);

    /// <param name="amountMinor">Null for all that is left.</param>
    internal static async ValueTask<Answer<PaymentView>> BeginRefundAsync(Transaction tx, Caller caller, Id<Payment> id, long? amountMinor, string reason)
    {
        if (await PaymentsStore.FindAsync(tx, caller.Tenant, id) is not { } payment)
            return KernelProblems.NotFound;
        if (await DisputeSteps.HoldMoneyAsync(tx, payment))
            return PaymentsProblems.Disputed;
        var decision = payment.Refund(tx.NewId<Refund>(), amountMinor, reason);
        await Consequences.FollowAsync(tx, decision);
        return Answer.Accepted($"/v1/payments/{id}", PaymentView.Of(decision.Payment));
    }
}

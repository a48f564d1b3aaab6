using System.Text.Json;
using Basin.Payments.Customers;
using Basin.Payments.Providers;
using Basin.Payments.Stripe;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>How an intent is confirmed.</summary>
/// <param name="Method">The id of a payment method; null where the intent has one, or a token makes one.</param>
/// <param name="Token">Of a card, for a new method.</param>
/// <param name="IsOffSession">Whether the customer is not there to prove who they are.</param>
internal sealed record Confirmation(string? Method, string? Token, BillingDetails Billing, bool IsOffSession, string? ReturnUrl, string? FutureUsage);

/// <summary>The use cases of payment intents.</summary>
internal sealed class IntentsApi(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, MethodsApi methods, ProviderDesk providers, ProviderNews news)
{
    /// <param name="asked">Without id, customer and method, which are looked up.</param>
    /// <param name="confirms">Whether it is confirmed at once; otherwise the confirmation says the method at most.</param>
    public Task<StripeAnswer> CreateAsync(
        StripeRequest request, PaymentIntent asked, string? customer, Confirmation confirmation, bool confirms, CancellationToken cancellation) =>
        request.WriteAsync(
            store,
            request.ShardFor(store),
            async cancelled =>
            {
                var known = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancelled);
                var intent = asked with { Customer = known?.Id };
                var names = confirms || confirmation.Token is not null || confirmation.Method is not null;
                return (intent, Choice: names ? await ChooseAsync(request, intent, confirmation, cancelled) : (MethodChoice?)null);
            },
            async (tx, plan) =>
            {
                var chosen = plan.Choice is { } choice ? await choice.InAsync(tx) : null;
                var intent = plan.intent with { Id = tx.NewId<PaymentIntent>(), CreatedAt = tx.Now, Method = chosen?.Id };
                await Records.AddAsync(tx, intent);
                await IntentNews.CreatedAsync(tx, new IntentState(intent, null, null));
                if (confirms)
                    await ConfirmAsync(tx, new IntentState(intent, null, null), chosen!, confirmation);
                return intent.Id.ToString();
            },
            (reference, cancelled) => AnswerAsync(request.Tenant, reference, confirms, cancelled),
            cancellation);

    public Task<StripeAnswer> ConfirmAsync(StripeRequest request, string id, Confirmation confirmation, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled =>
            {
                var state = await FindAsync(request.Tenant, known, cancelled);
                state.Intent.Demand("confirm", state.Attempt, IntentStatus.RequiresPaymentMethod, IntentStatus.RequiresConfirmation);
                return await ChooseAsync(request, state.Intent, confirmation, cancelled);
            },
            async (tx, choice) =>
            {
                var state = await FindAsync(tx, request.Tenant, known);
                var changed = state.Intent with
                {
                    ReturnUrl = confirmation.ReturnUrl ?? state.Intent.ReturnUrl,
                    FutureUsage = confirmation.FutureUsage ?? state.Intent.FutureUsage,
                };
                await ConfirmAsync(tx, state with { Intent = changed }, await choice.InAsync(tx), confirmation);
                return known.ToString();
            },
            (reference, cancelled) => AnswerAsync(request.Tenant, reference, confirms: true, cancelled),
            cancellation);
    }

    public Task<StripeAnswer> CaptureAsync(StripeRequest request, string id, long? amountMinor, CancellationToken cancellation) =>
        ChangeAsync(
            request,
            id,
            async (tx, state) => await Consequences.FollowAsync(tx, state.Intent.Capture(state.Attempt, amountMinor)),
            state => state.Attempt!.State == PaymentState.CaptureFailed ? Declined(state) : null,
            cancellation);

    public Task<StripeAnswer> CancelAsync(StripeRequest request, string id, string? reason, CancellationToken cancellation) => ChangeAsync(
        request,
        id,
        async (tx, state) =>
        {
            var (canceled, release) = state.Intent.Cancel(state.Attempt, reason, tx.Now);
            await Records.ChangeAsync(tx, canceled);
            await Consequences.FollowAsync(tx, release);
            await IntentNews.CanceledAsync(tx, await IntentState.OfAsync(tx, canceled));
        },
        _ => null,
        cancellation);

    public Task<StripeAnswer> IncrementAsync(StripeRequest request, string id, long amountMinor, CancellationToken cancellation) => ChangeAsync(
        request,
        id,
        async (tx, state) => await Consequences.FollowAsync(tx, state.Intent.Increment(state.Attempt, amountMinor)),
        state => state.IsSettled && state.Attempt!.AuthorizedMinor < amountMinor ? Declined(state) : null,
        cancellation);

    /// <param name="change">What becomes of it; refuses by an exception.</param>
    public Task<StripeAnswer> UpdateAsync(
        StripeRequest request, string id, string? customer, string? method, Func<IntentState, PaymentIntent> change, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled =>
            {
                var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancelled);
                MethodChoice? chosen = method is null ? null : await methods.ChooseAsync(request.Tenant, method, "payment_method", RedeemerOf(request), cancelled);
                return (Owner: owner, Chosen: chosen);
            },
            async (tx, plan) =>
            {
                var state = await FindAsync(tx, request.Tenant, known);
                var changed = change(state);
                if (plan.Owner is not null)
                    changed = changed with { Customer = plan.Owner.Id };
                if (plan.Chosen is { } choice)
                    changed = changed with { Method = (await choice.InAsync(tx)).Id };
                DemandSameCustomer(changed, plan.Chosen?.Method);
                await Records.ChangeAsync(tx, changed);
                return known.ToString();
            },
            async (_, cancelled) => Show(await FindAsync(request.Tenant, known, cancelled)),
            cancellation);
    }

    public async Task<IntentState> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) => await FindAsync(tenant, IdOf(id), cancellation);

    public async Task<List<IntentState>> ListAsync(Id<Tenant> tenant, RecordQuery query, CancellationToken cancellation)
    {
        var intents = await Records.ListAsync<PaymentIntent>(store, tenant, query, cancellation);
        var states = new List<IntentState>(intents.Count);
        foreach (var intent in intents)
            states.Add(await store.ReadAsync(ShardKey.Of(intent.Id), snapshot => IntentState.OfAsync(snapshot, intent), cancellation));
        return states;
    }

    public static StripeAnswer Show(IntentState state) => StripeAnswer.Ok(state.Shape, StripeJson.Default.PaymentIntentShape);

    /// <param name="change">In the transaction.</param>
    /// <param name="failure">What the provider has made of it, when that is an error.</param>
    private Task<StripeAnswer> ChangeAsync(
        StripeRequest request, string id, Func<Transaction, IntentState, ValueTask> change, Func<IntentState, StripeAnswer?> failure, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                await change(tx, await FindAsync(tx, request.Tenant, known));
                return known.ToString();
            },
            async (_, cancelled) =>
            {
                var state = await WaitAsync(request.Tenant, known, cancelled);
                return failure(state) ?? Show(state);
            },
            cancellation);
    }

    private async ValueTask<MethodChoice> ChooseAsync(StripeRequest request, PaymentIntent intent, Confirmation confirmation, CancellationToken cancellation)
    {
        var choice = (confirmation.Token, confirmation.Method ?? intent.Method?.ToString()) switch
        {
            ({ } token, _) => await methods.MakeAsync(
                request.Tenant, token, confirmation.Billing, "payment_method_data[card][token]", RedeemerOf(request), cancellation),
            (_, { } method) => await methods.ChooseAsync(request.Tenant, method, "payment_method", RedeemerOf(request), cancellation),
            _ => throw StripeErrors.Invalid(
                null,
                "You cannot confirm this PaymentIntent because it's missing a payment method. Update the PaymentIntent with a payment method, or name one here.",
                "payment_intent_unexpected_state").Refusal(),
        };
        DemandSameCustomer(intent, choice.Method);
        return choice;
    }

    private static void DemandSameCustomer(PaymentIntent intent, PaymentMethod? method)
    {
        if (method?.Customer is { } owner && owner != intent.Customer)
        {
            throw StripeErrors.Invalid(
                "payment_method",
                $"The payment method {method.Id} belongs to the customer {owner}. Name that customer on the PaymentIntent.",
                "payment_method_customer_mismatch").Refusal();
        }
    }

    private async ValueTask ConfirmAsync(Transaction tx, IntentState state, PaymentMethod method, Confirmation confirmation)
    {
        // What could not be taken is still held, and nobody would ask for it any more.
        if (state.Attempt is { State: PaymentState.CaptureFailed } held)
            await Consequences.FollowAsync(tx, held.RequestRelease());
        var provider = providers.Choose(state.Intent.Amount, method.Card.Brand);
        var (intent, decision) = state.Intent.Confirm(state.Attempt, tx.NewId<Payment>(), method, provider);
        await Records.ChangeAsync(tx, intent);
        await ChargesStore.AddAsync(tx, intent.Tenant, decision.Payment.Id, ChargeOf(intent, method));
        await Consequences.BeginAsync(tx, decision, method.Source with { IsOffSession = confirmation.IsOffSession, ReturnUrl = intent.ReturnUrl });
    }

    private static Charge ChargeOf(PaymentIntent intent, PaymentMethod method) => new()
    {
        Intent = intent.Id,
        Method = method.Id,
        Card = method.Card,
        Billing = method.Billing,
        Customer = intent.Customer,
        Description = intent.Description,
        ReceiptEmail = intent.ReceiptEmail,
        StatementDescriptor = intent.StatementDescriptor,
        StatementDescriptorSuffix = intent.StatementDescriptorSuffix,
        TransferGroup = intent.TransferGroup,
        Shipping = intent.Shipping,
        Metadata = intent.Metadata,
    };

    private async Task<StripeAnswer> AnswerAsync(Id<Tenant> tenant, string reference, bool confirms, CancellationToken cancellation)
    {
        var state = await WaitAsync(tenant, IdOf(reference), cancellation);
        if (confirms && state.Attempt is { State: PaymentState.Declined or PaymentState.CaptureFailed })
            return Declined(state);
        if (state is { Intent: { FutureUsage: not null, Customer: { } customer, AttemptMethod: { } method }, Attempt.AuthorizedMinor: > 0 })
            await methods.KeepForAsync(tenant, method, customer, cancellation);
        return Show(state);
    }

    private static StripeAnswer Declined(IntentState state)
    {
        var attempt = state.Attempt!;
        return Declines.Of(attempt.Code!) with
        {
            Charge = Charge.IdOf(attempt.Id).ToString(),
            PaymentIntent = JsonSerializer.SerializeToNode(state.Shape, StripeJson.Default.PaymentIntentShape),
            PaymentMethod = state.Charge is { } charge
                ? JsonSerializer.SerializeToNode(PaymentMethodShape.Of(charge, attempt), StripeJson.Default.PaymentMethodShape)
                : null,
        };
    }

    private async Task<IntentState> WaitAsync(Id<Tenant> tenant, Id<PaymentIntent> id, CancellationToken cancellation)
    {
        var state = await FindAsync(tenant, id, cancellation);
        return state.IsSettled
            ? state
            : await news.WaitAsync(state.Attempt!.Id, () => FindAsync(tenant, id, cancellation), later => later.IsSettled, cancellation);
    }

    private async Task<IntentState> FindAsync(Id<Tenant> tenant, Id<PaymentIntent> id, CancellationToken cancellation) =>
        await store.ReadAsync(ShardKey.Of(id), snapshot => IntentState.FindAsync(snapshot, tenant, id), cancellation) ?? throw NoSuch(id.ToString());

    private static async ValueTask<IntentState> FindAsync(Transaction tx, Id<Tenant> tenant, Id<PaymentIntent> id) =>
        await IntentState.FindAsync(tx, tenant, id) ?? throw NoSuch(id.ToString());

    private static Id<PaymentIntent> IdOf(string text) => Id<PaymentIntent>.TryParse(text, null, out var id) ? id : throw NoSuch(text);

    private static ProblemException NoSuch(string id) =>
        (StripeErrors.NoSuch("payment_intent", id, "intent") with { Status = StatusCodes.Status404NotFound }).Refusal();

    /// <summary>Whoever repeats a request under its key gets the card again that its token has given.</summary>
    public static string RedeemerOf(StripeRequest request) => request.IdempotencyKey is { } key
        ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{request.Caller.Subject}\n{key}")))
        : SecretToken.New();
}

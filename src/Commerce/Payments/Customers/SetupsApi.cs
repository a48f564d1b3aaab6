using System.Text.Json;
using Basin.Payments.Providers;
using Basin.Payments.Stripe;
using Basin.Vault;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Payments.Customers;

/// <summary>What a request wants to keep.</summary>
/// <param name="Method">The id of a payment method; null where the intent has one, or a token makes one.</param>
/// <param name="Token">Of a card, for a new method.</param>
internal sealed record SetupChoice(string? Method, string? Token, BillingDetails Billing, string? ReturnUrl)
{
    public bool IsGiven => Method is not null || Token is not null;
}

/// <summary>The use cases of setup intents. No money moves, so a provider that did not answer is asked again by whoever confirms again.</summary>
internal sealed class SetupsApi(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, MethodsApi methods, ProviderDesk providers, IVault vault, ILogger<SetupsApi> log)
{
    private const string Noun = "setupintent";

    /// <param name="asked">Without id, customer and method, which are looked up.</param>
    public Task<StripeAnswer> CreateAsync(
        StripeRequest request, SetupIntent asked, string? customer, SetupChoice choice, bool confirms,
        CancellationToken cancellation) => request.WriteAsync(
        store,
        request.ShardFor(store),
        async cancelled =>
        {
            var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancelled);
            var intent = asked with { Customer = owner?.Id, ReturnUrl = choice.ReturnUrl };
            return (Intent: intent, Chosen: await ChooseAsync(request, intent, choice, confirms, cancelled));
        },
        async (tx, plan) =>
        {
            var method = plan.Chosen is { } chosen ? await chosen.InAsync(tx) : null;
            var intent = plan.Intent with { Id = tx.NewId<SetupIntent>(), CreatedAt = tx.Now };
            intent = method is null ? intent : intent.Choose(method.Id);
            await Records.AddAsync(tx, intent);
            await TellAsync(tx, intent, "setup_intent.created");
            return confirms ? await ConfirmAsync(tx, intent, method!) : intent.AttemptKey;
        },
        (reference, cancelled) => AnswerAsync(request.Tenant, reference, cancelled),
        cancellation);

    public async Task<StripeAnswer> ConfirmAsync(StripeRequest request, string id, SetupChoice choice, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled =>
            {
                var intent = await FindAsync(request.Tenant, known, cancelled);
                intent.Demand("confirm", SetupStatus.RequiresPaymentMethod, SetupStatus.RequiresConfirmation);
                return (await ChooseAsync(request, intent, choice, isNeeded: true, cancelled))!.Value;
            },
            async (tx, chosen) =>
            {
                var intent = await FindAsync(tx, request.Tenant, known);
                return await ConfirmAsync(tx, intent with { ReturnUrl = choice.ReturnUrl ?? intent.ReturnUrl }, await chosen.InAsync(tx));
            },
            (reference, cancelled) => AnswerAsync(request.Tenant, reference, cancelled),
            cancellation);
    }

    /// <param name="change">What becomes of its description; refuses by an exception.</param>
    public async Task<StripeAnswer> UpdateAsync(
        StripeRequest request, string id, string? customer, SetupChoice choice, Func<SetupIntent, SetupIntent> change, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async cancelled =>
            {
                var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancelled);
                var intent = Owned(await FindAsync(request.Tenant, known, cancelled), owner);
                return (Owner: owner, Chosen: choice.IsGiven ? await ChooseAsync(request, intent, choice, isNeeded: true, cancelled) : null);
            },
            async (tx, plan) =>
            {
                var intent = await FindAsync(tx, request.Tenant, known);
                if (plan.Owner is not null || plan.Chosen is not null)
                    intent.Demand("update", SetupStatus.RequiresPaymentMethod, SetupStatus.RequiresConfirmation, SetupStatus.RequiresAction);
                var changed = change(Owned(intent, plan.Owner));
                if (plan.Chosen is { } chosen)
                    changed = changed.Choose((await chosen.InAsync(tx)).Id);
                await Records.ChangeAsync(tx, changed);
                return changed.AttemptKey;
            },
            (_, cancelled) => ShowAsync(request.Tenant, known, cancelled),
            cancellation);

        static SetupIntent Owned(SetupIntent intent, Customer? owner) => owner is null ? intent : intent with { Customer = owner.Id };
    }

    public async Task<StripeAnswer> CancelAsync(StripeRequest request, string id, string? reason, CancellationToken cancellation)
    {
        var known = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(known),
            async tx =>
            {
                var canceled = (await FindAsync(tx, request.Tenant, known)).Cancel(reason);
                await Records.ChangeAsync(tx, canceled);
                await TellAsync(tx, canceled, "setup_intent.canceled");
                return Show(canceled);
            },
            cancellation);
    }

    /// <summary>Asks the provider what has become of an attempt whose customer was to prove who they are. Nothing happens twice.</summary>
    /// <param name="key">What the provider was given for the attempt.</param>
    public async Task CompleteAsync(Id<Tenant> tenant, string key, CancellationToken cancellation)
    {
        var intent = await FindOfAsync(tenant, key, cancellation);
        if (intent.AttemptKey == key && intent.Status == SetupStatus.RequiresAction)
            await SettleAsync(intent, cancellation);
    }

    public ValueTask<SetupIntent> FindAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        FindAsync(tenant, IdOf(id), cancellation);

    public ValueTask<List<SetupIntent>> ListAsync(
        Id<Tenant> tenant, StripeWindow<SetupIntent> window, Id<Customer>? owner, string? method,
        CancellationToken cancellation) => methods.ListAsync(
        tenant, window, RecordQuery.Of(window) with { Owner = owner?.Value, Labels = method is null ? [] : [method] }, cancellation);

    public static StripeAnswer Show(SetupIntent intent) => StripeAnswer.Ok(SetupIntentShape.Of(intent), StripeJson.Default.SetupIntentShape);

    /// <param name="isNeeded">Whether nothing can be done without a method; the intent's own will do.</param>
    private async ValueTask<MethodChoice?> ChooseAsync(
        StripeRequest request, SetupIntent intent, SetupChoice asked, bool isNeeded, CancellationToken cancellation)
    {
        MethodChoice? choice = (asked.Token, asked.Method ?? intent.Method?.ToString()) switch
        {
            ({ } token, _) => await methods.MakeAsync(
                request.Tenant, token, asked.Billing, "payment_method_data[card][token]", IntentsApi.RedeemerOf(request), cancellation),
            (_, { } method) => await methods.ChooseAsync(request.Tenant, method, "payment_method", IntentsApi.RedeemerOf(request), cancellation),
            _ when isNeeded => throw StripeErrors.Invalid(
                null,
                "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method, "
                + "or name one here.",
                "setup_intent_unexpected_state").Refusal(),
            _ => null,
        };
        intent.DemandSameCustomer(choice?.Method);
        return choice;
    }

    /// <returns>The key of the attempt.</returns>
    private async ValueTask<string> ConfirmAsync(Transaction tx, SetupIntent intent, PaymentMethod method)
    {
        var asking = intent.Confirm(method, providers.Choose(new Money(0, ""), method.Card.Brand));
        await Records.ChangeAsync(tx, asking);
        return asking.AttemptKey;
    }

    private async Task<StripeAnswer> AnswerAsync(Id<Tenant> tenant, string key, CancellationToken cancellation)
    {
        var intent = await FindOfAsync(tenant, key, cancellation);
        if (intent.AttemptKey == key && intent.IsAsking)
            intent = await SettleAsync(intent, cancellation);
        return intent.AttemptKey == key && intent.FailureCode is not null ? await FailedAsync(intent, cancellation) : Show(intent);
    }

    private async Task<StripeAnswer> FailedAsync(SetupIntent intent, CancellationToken cancellation)
    {
        var method = intent.FailedMethod is { } id ? await methods.FindAsync(intent.Tenant, id.ToString(), cancellation) : null;
        return Declines.Of(intent.FailureCode!) with
        {
            SetupIntent = JsonSerializer.SerializeToNode(SetupIntentShape.Of(intent), StripeJson.Default.SetupIntentShape),
            PaymentMethod = method is null
                ? null
                : JsonSerializer.SerializeToNode(PaymentMethodShape.Of(method), StripeJson.Default.PaymentMethodShape),
        };
    }

    /// <summary>Asks the provider, and keeps what it says unless something else has become of the intent meanwhile.</summary>
    private async Task<SetupIntent> SettleAsync(SetupIntent asking, CancellationToken cancellation)
    {
        var outcome = await AskAsync(asking, cancellation);
        // The method first: an intent that has succeeded has kept it.
        if (outcome is { Code: null, ActionUrl: null })
            await methods.SetUpAsync(asking.Tenant, asking.Method!.Value, asking.Customer, cancellation);
        return await store.WriteAsync(
            ShardKey.Of(asking.Id),
            async tx =>
            {
                var intent = await FindAsync(tx, asking.Tenant, asking.Id);
                if (intent.AttemptKey != asking.AttemptKey || !(intent.IsAsking || intent.Status == SetupStatus.RequiresAction))
                    return intent;
                var settled = intent.After(outcome);
                if (settled == intent)
                    return intent;
                await Records.ChangeAsync(tx, settled);
                await TellAsync(tx, settled, NameOf(settled));
                return settled;
            },
            cancellation);
    }

    private async Task<ProviderOutcome> AskAsync(SetupIntent intent, CancellationToken cancellation)
    {
        var method = await methods.FindAsync(intent.Tenant, intent.Method!.Value.ToString(), cancellation);
        try
        {
            var token = method.VaultCard is { } card
                ? await vault.ProviderTokenAsync(intent.Tenant, Id<Card>.Parse(card, null), intent.Provider!, cancellation)
                : method.Token!;
            var setup = new ProviderSetup(intent.AttemptKey, token);
            return await providers.AskAsync(
                intent.Provider!, (provider, waiting) => provider.SetUpAsync(intent.Tenant, setup, waiting), cancellation);
        }
        catch (ProblemException refusal) when (refusal.Problem.Status < 500)
        {
            return new ProviderOutcome(null, refusal.Problem.Code);
        }
        catch (Exception failure) when (failure is not ProblemException && !cancellation.IsCancellationRequested)
        {
            PaymentsLog.NoSetup(log, intent.Id, failure);
            throw PaymentsProblems.ProviderUnavailable.Refusal();
        }
    }

    private static string NameOf(SetupIntent settled) => settled.Status switch
    {
        SetupStatus.Succeeded => "setup_intent.succeeded",
        SetupStatus.RequiresAction => "setup_intent.requires_action",
        _ => "setup_intent.setup_failed",
    };

    private async Task<StripeAnswer> ShowAsync(Id<Tenant> tenant, Id<SetupIntent> id, CancellationToken cancellation) =>
        Show(await FindAsync(tenant, id, cancellation));

    private ValueTask<SetupIntent> FindOfAsync(Id<Tenant> tenant, string key, CancellationToken cancellation) =>
        FindAsync(tenant, key.Split(':')[0], cancellation);

    private async ValueTask<SetupIntent> FindAsync(Id<Tenant> tenant, Id<SetupIntent> id, CancellationToken cancellation) =>
        await store.ReadAsync(ShardKey.Of(id), snapshot => Records.FindAsync(snapshot, tenant, id), cancellation) ?? throw NoSuch(id.ToString());

    private static async ValueTask<SetupIntent> FindAsync(Transaction tx, Id<Tenant> tenant, Id<SetupIntent> id) =>
        await Records.FindAsync(tx, tenant, id) ?? throw NoSuch(id.ToString());

    private static ValueTask TellAsync(Transaction tx, SetupIntent intent, string type) => StripeEvents.TellAsync(
        tx, intent.Tenant, type, intent.Id.ToString(), SetupIntentShape.Of(intent), StripeJson.Default.SetupIntentShape);

    private static Id<SetupIntent> IdOf(string text) => Id<SetupIntent>.TryParse(text, null, out var id) ? id : throw NoSuch(text);

    private static ProblemException NoSuch(string id) =>
        (StripeErrors.NoSuch(Noun, id, "intent") with { Status = StatusCodes.Status404NotFound }).Refusal();
}

using System.Security.Cryptography;
using System.Text;
using Basin.Payments.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payment_intents.</summary>
internal static class PaymentIntentRoutes
{
    private const string CapturesManually = "manual";
    private const int MaxStatement = 22;

    private static readonly string[] CancellationReasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];

    public static void Map(RouteGroupBuilder stripe)
    {
        var intents = stripe.MapGroup("/payment_intents");
        intents.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
        intents.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(PaymentIntent.Prefix);
        intents.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(PaymentIntent.Prefix);
        intents.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
        intents.MapPost("/{id}/confirm", ConfirmAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
        intents.MapPost("/{id}/capture", CaptureAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
        intents.MapPost("/{id}/cancel", CancelAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
        intents.MapPost("/{id}/increment_authorization", IncrementAsync).RequireScope(StripeRoutes.Write).Expands(PaymentIntent.Prefix);
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var form = request.Form;
        var amount = new Money(form.Amount("amount"), form.Currency("currency").ToUpperInvariant());
        DemandEnough(amount);
        form.RequireCards();
        var (confirms, method) = (form.BooleanOrNull("confirm") == true, form.TextOrNull("payment_method"));
        var asked = ReadDescription(form)(new PaymentIntent
        {
            Id = default,
            Tenant = request.Tenant,
            Amount = amount,
            Secret = SecretToken.New(),
            CapturesManually = form.OneOfOrNull("capture_method", "automatic", "automatic_async", CapturesManually) == CapturesManually,
            HasAutomaticMethods = form.ChildOrNull("automatic_payment_methods") is { } automatic && ReadAutomatic(automatic),
        });
        // After a proof the payment goes on by itself: a server that wants to be asked once more would find it paid.
        form.OneOfOrNull("confirmation_method", "automatic");
        var confirmation = ReadConfirmation(form, method);
        if (!confirms && form.Has("off_session"))
            throw StripeErrors.Invalid("off_session", "The parameter `off_session` cannot be passed when creating a PaymentIntent unless `confirm` is set to true.").Refusal();
        var customer = form.TextOrNull("customer");
        form.Pass("payment_method_options", "mandate_data", "use_stripe_sdk", "radar_options");
        form.RefuseOthers();
        return intents.CreateAsync(
            request, asked with { ReturnUrl = confirmation.ReturnUrl, FutureUsage = confirmation.FutureUsage }, customer, confirmation, confirms, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var secret = request.Form.TextOrNull("client_secret");
        request.Form.RefuseOthers();
        var state = await intents.FindAsync(request.Tenant, id, cancellation);
        return secret is null || IsSame(secret, state.Shape.ClientSecret)
            ? IntentsApi.Show(state)
            : StripeErrors.Invalid("client_secret", "The client_secret provided does not match the client_secret associated with this PaymentIntent.");
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, IntentsApi intents, MethodsApi methods, CancellationToken cancellation)
    {
        var window = request.Form.Window<PaymentIntent>("payment_intent");
        var customer = request.Form.TextOrNull("customer");
        request.Form.RefuseOthers();
        var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancellation);
        if (window.Cursor is { } cursor)
            await intents.FindAsync(request.Tenant, cursor.ToString(), cancellation);
        var found = await intents.ListAsync(request.Tenant, RecordQuery.Of(window) with { Owner = owner?.Id.Value }, cancellation);
        return StripeAnswer.Ok(
            window.PageOf(found, state => state.Intent.Id, state => state.Shape, "/v1/payment_intents"), StripeJson.Default.StripeListPaymentIntentShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var form = request.Form;
        var (amount, currency) = (form.AmountOrNull("amount"), form.CurrencyOrNull("currency")?.ToUpperInvariant());
        var (customer, method) = (form.TextOrNull("customer"), form.TextOrNull("payment_method"));
        var futureUsage = form.OneOfOrNull("setup_future_usage", "off_session", "on_session");
        var captures = form.OneOfOrNull("capture_method", "automatic", "automatic_async", CapturesManually);
        form.RequireCards();
        form.Pass("payment_method_options");
        var described = ReadDescription(form);
        form.RefuseOthers();
        var isDeep = amount is not null || currency is not null || customer is not null || method is not null || captures is not null;
        return intents.UpdateAsync(request, id, customer, method, state =>
        {
            // A proof that the customer is asked for is of the sum that it began with.
            if (isDeep)
                state.Intent.Demand("update", state.Attempt, IntentStatus.RequiresPaymentMethod, IntentStatus.RequiresConfirmation);
            var sum = new Money(amount ?? state.Intent.Amount.Minor, currency ?? state.Intent.Amount.Currency);
            DemandEnough(sum);
            return described(state.Intent) with
            {
                Amount = sum,
                FutureUsage = futureUsage ?? state.Intent.FutureUsage,
                CapturesManually = captures is null ? state.Intent.CapturesManually : captures == CapturesManually,
            };
        }, cancellation);
    }

    private static Task<StripeAnswer> ConfirmAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var confirmation = ReadConfirmation(request.Form, request.Form.TextOrNull("payment_method"));
        request.Form.RequireCards();
        request.Form.Pass("client_secret", "payment_method_options", "mandate_data", "mandate", "use_stripe_sdk", "radar_options");
        request.Form.RefuseOthers();
        return intents.ConfirmAsync(request, id, confirmation, cancellation);
    }

    private static Task<StripeAnswer> CaptureAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var amount = request.Form.AmountOrNull("amount_to_capture");
        request.Form.RefuseOthers();
        return intents.CaptureAsync(request, id, amount, cancellation);
    }

    private static Task<StripeAnswer> CancelAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var reason = request.Form.OneOfOrNull("cancellation_reason", CancellationReasons);
        request.Form.RefuseOthers();
        return intents.CancelAsync(request, id, reason, cancellation);
    }

    private static Task<StripeAnswer> IncrementAsync(string id, StripeRequest request, IntentsApi intents, CancellationToken cancellation)
    {
        var amount = request.Form.Amount("amount");
        request.Form.RefuseOthers();
        return intents.IncrementAsync(request, id, amount, cancellation);
    }

    private static bool IsSame(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));

    private static Confirmation ReadConfirmation(StripeForm form, string? method)
    {
        var data = form.ChildOrNull("payment_method_data");
        var token = data is null ? null : MethodRoutes.ReadToken(data);
        var billing = data?.BillingOr(BillingDetails.None) ?? BillingDetails.None;
        data?.Pass("metadata", "allow_redisplay", "radar_options");
        var offSession = form.OneOfOrNull("off_session", "true", "false", "one_off", "recurring");
        return new Confirmation(
            method,
            token,
            billing,
            offSession is not null and not "false" || form.BooleanOrNull("error_on_requires_action") == true,
            form.TextOrNull("return_url", 2048),
            form.OneOfOrNull("setup_future_usage", "off_session", "on_session"));
    }

    private static bool ReadAutomatic(StripeForm automatic)
    {
        automatic.Pass("allow_redirects");
        return automatic.Boolean("enabled");
    }

    /// <summary>Reads what may be said at any time.</summary>
    private static Func<PaymentIntent, PaymentIntent> ReadDescription(StripeForm form)
    {
        var (description, email, group) = (form.TextChange("description", 1000), form.TextChange("receipt_email", 800), form.TextOrNull("transfer_group"));
        var (statement, suffix) = (form.TextChange("statement_descriptor", MaxStatement), form.TextChange("statement_descriptor_suffix", MaxStatement));
        var (shipping, metadata) = (form.ShippingChange(), form.Metadata());
        return intent => intent with
        {
            Description = description.Or(intent.Description),
            ReceiptEmail = email.Or(intent.ReceiptEmail),
            StatementDescriptor = statement.Or(intent.StatementDescriptor),
            StatementDescriptorSuffix = suffix.Or(intent.StatementDescriptorSuffix),
            TransferGroup = group ?? intent.TransferGroup,
            Shipping = shipping.Or(intent.Shipping),
            Metadata = metadata.ApplyTo(intent.Metadata),
        };
    }

    /// <summary>What cards are charged at least, in the minor unit.</summary>
    private static void DemandEnough(Money amount)
    {
        const long least = 50;
        if (amount.Minor < least)
            throw StripeErrors.Invalid("amount", $"Amount must be at least {amount with { Minor = least }}.", "amount_too_small").Refusal();
    }
}

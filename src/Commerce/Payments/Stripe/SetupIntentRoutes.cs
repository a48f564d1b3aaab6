using System.Security.Cryptography;
using System.Text;
using Basin.Payments.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/setup_intents.</summary>
internal static class SetupIntentRoutes
{
    private static readonly string[] CancellationReasons = ["abandoned", "duplicate", "requested_by_customer"];

    public static void Map(RouteGroupBuilder stripe)
    {
        var setups = stripe.MapGroup("/setup_intents");
        setups.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(SetupIntent.Prefix);
        setups.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(SetupIntent.Prefix);
        setups.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(SetupIntent.Prefix);
        setups.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(SetupIntent.Prefix);
        setups.MapPost("/{id}/confirm", ConfirmAsync).RequireScope(StripeRoutes.Write).Expands(SetupIntent.Prefix);
        setups.MapPost("/{id}/cancel", CancelAsync).RequireScope(StripeRoutes.Write).Expands(SetupIntent.Prefix);
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, SetupsApi setups, CancellationToken cancellation)
    {
        var form = request.Form;
        form.RequireCards();
        var confirms = form.BooleanOrNull("confirm") == true;
        var (customer, choice) = (form.TextOrNull("customer"), ReadChoice(form));
        if (choice.ReturnUrl is not null && !confirms)
            throw StripeErrors.Invalid("return_url", "The parameter `return_url` can only be used when `confirm` is set to true.").Refusal();
        var asked = ReadDescription(form)(new SetupIntent
        {
            Id = default,
            Tenant = request.Tenant,
            Secret = SecretToken.New(),
            Usage = form.OneOfOrNull("usage", "off_session", "on_session") ?? "off_session",
            HasAutomaticMethods = form.ChildOrNull("automatic_payment_methods") is { } automatic && ReadAutomatic(automatic),
        });
        form.Pass("payment_method_options", "mandate_data", "use_stripe_sdk", "flow_directions");
        form.RefuseOthers();
        return setups.CreateAsync(request, asked, customer, choice, confirms, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, SetupsApi setups, CancellationToken cancellation)
    {
        var secret = request.Form.TextOrNull("client_secret");
        request.Form.RefuseOthers();
        var intent = await setups.FindAsync(request.Tenant, id, cancellation);
        return secret is null || IsSame(secret, SetupIntentShape.Of(intent).ClientSecret)
            ? SetupsApi.Show(intent)
            : StripeErrors.Invalid("client_secret", "The client_secret provided does not match the client_secret associated with this SetupIntent.");
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, SetupsApi setups, MethodsApi methods, CancellationToken cancellation)
    {
        var window = request.Form.Window<SetupIntent>("setupintent");
        var (customer, method) = (request.Form.TextOrNull("customer"), request.Form.TextOrNull("payment_method"));
        request.Form.RefuseOthers();
        var owner = await methods.FindCustomerAsync(request.Tenant, customer, "customer", cancellation);
        if (method is not null)
            await methods.FindAsync<PaymentMethod>(request.Tenant, method, "PaymentMethod", "payment_method", cancellation);
        var found = await setups.ListAsync(request.Tenant, window, owner?.Id, method, cancellation);
        return StripeAnswer.Ok(
            window.PageOf(found, intent => intent.Id, SetupIntentShape.Of, "/v1/setup_intents"), StripeJson.Default.StripeListSetupIntentShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, SetupsApi setups, CancellationToken cancellation)
    {
        var form = request.Form;
        form.RequireCards();
        var (customer, choice) = (form.TextOrNull("customer"), ReadChoice(form, isConfirmed: false));
        var described = ReadDescription(form);
        form.Pass("payment_method_options", "flow_directions");
        form.RefuseOthers();
        return setups.UpdateAsync(request, id, customer, choice, described, cancellation);
    }

    private static Task<StripeAnswer> ConfirmAsync(string id, StripeRequest request, SetupsApi setups, CancellationToken cancellation)
    {
        var choice = ReadChoice(request.Form);
        request.Form.Pass("client_secret", "payment_method_options", "mandate_data", "use_stripe_sdk");
        request.Form.RefuseOthers();
        return setups.ConfirmAsync(request, id, choice, cancellation);
    }

    private static Task<StripeAnswer> CancelAsync(string id, StripeRequest request, SetupsApi setups, CancellationToken cancellation)
    {
        var reason = request.Form.OneOfOrNull("cancellation_reason", CancellationReasons);
        request.Form.RefuseOthers();
        return setups.CancelAsync(request, id, reason, cancellation);
    }

    /// <param name="isConfirmed">Whether the customer may be sent elsewhere now, and has to come back.</param>
    private static SetupChoice ReadChoice(StripeForm form, bool isConfirmed = true)
    {
        var data = form.ChildOrNull("payment_method_data");
        var token = data is null ? null : MethodRoutes.ReadToken(data);
        var billing = data?.BillingOr(BillingDetails.None) ?? BillingDetails.None;
        data?.Pass("metadata", "allow_redisplay", "radar_options");
        return new SetupChoice(form.TextOrNull("payment_method"), token, billing, isConfirmed ? form.TextOrNull("return_url", 2048) : null);
    }

    private static bool ReadAutomatic(StripeForm automatic)
    {
        automatic.Pass("allow_redirects");
        return automatic.Boolean("enabled");
    }

    /// <summary>Reads what may be said at any time.</summary>
    private static Func<SetupIntent, SetupIntent> ReadDescription(StripeForm form)
    {
        var (description, metadata) = (form.TextChange("description", 1000), form.Metadata());
        return intent => intent with { Description = description.Or(intent.Description), Metadata = metadata.ApplyTo(intent.Metadata) };
    }

    private static bool IsSame(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}

using Basin.Payments.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/customers.</summary>
internal static class CustomerRoutes
{
    private const int MaxName = 256;
    private const int MaxPhone = 20;

    public static void Map(RouteGroupBuilder stripe)
    {
        var customers = stripe.MapGroup("/customers");
        customers.MapPost("/", CreateAsync).RequireScope(StripeRoutes.Write).Expands(Customer.Prefix);
        customers.MapGet("/", ListAsync).RequireScope(StripeRoutes.Read).ExpandsList(Customer.Prefix);
        customers.MapGet("/{id}", FindAsync).RequireScope(StripeRoutes.Read).Expands(Customer.Prefix);
        customers.MapPost("/{id}", UpdateAsync).RequireScope(StripeRoutes.Write).Expands(Customer.Prefix);
        customers.MapDelete("/{id}", DeleteAsync).RequireScope(StripeRoutes.Write);
        customers.MapGet("/{id}/payment_methods", ListMethodsAsync).RequireScope(StripeRoutes.Read).ExpandsList(PaymentMethod.Prefix);
        customers.MapGet("/{id}/payment_methods/{method}", FindMethodAsync).RequireScope(StripeRoutes.Read).Expands(PaymentMethod.Prefix);
    }

    private static Task<StripeAnswer> CreateAsync(StripeRequest request, CustomersApi customers, CancellationToken cancellation)
    {
        var form = request.Form;
        var method = form.TextOrNull("payment_method");
        var (described, preferred) = ReadDescription(form);
        form.RefuseOthers();
        return customers.CreateAsync(request, described(new Customer { Id = default, Tenant = request.Tenant }), method, preferred, cancellation);
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, CustomersApi customers, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return CustomersApi.Show(await customers.FindAsync(request.Tenant, id, cancellation));
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, CustomersApi customers, CancellationToken cancellation)
    {
        var window = request.Form.Window<Customer>("customer");
        var email = request.Form.TextOrNull("email");
        request.Form.RefuseOthers();
        var found = await customers.ListAsync(request.Tenant, window, email, cancellation);
        return StripeAnswer.Ok(
            window.PageOf(found, customer => customer.Id, CustomerShape.Of, "/v1/customers"), StripeJson.Default.StripeListCustomerShape);
    }

    private static Task<StripeAnswer> UpdateAsync(string id, StripeRequest request, CustomersApi customers, CancellationToken cancellation)
    {
        var (described, preferred) = ReadDescription(request.Form);
        request.Form.RefuseOthers();
        return customers.UpdateAsync(request, id, described, preferred, cancellation);
    }

    private static Task<StripeAnswer> DeleteAsync(string id, StripeRequest request, CustomersApi customers, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return customers.DeleteAsync(request, id, cancellation);
    }

    private static async Task<StripeAnswer> ListMethodsAsync(string id, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        var window = request.Form.Window<PaymentMethod>("payment_method");
        var type = request.Form.TextOrNull("type");
        request.Form.RefuseOthers();
        var owner = await methods.FindCustomerAsync(request.Tenant, id, "id", cancellation);
        return await MethodRoutes.PageAsync(request.Tenant, window, owner!.Id, type, $"/v1/customers/{id}/payment_methods", methods, cancellation);
    }

    private static async Task<StripeAnswer> FindMethodAsync(
        string id, string method, StripeRequest request, MethodsApi methods, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        var owner = await methods.FindCustomerAsync(request.Tenant, id, "id", cancellation);
        var found = await methods.FindAsync(request.Tenant, method, cancellation);
        return found.Customer == owner!.Id ? MethodsApi.Show(found) : StripeErrors.NoSuch("PaymentMethod", method);
    }

    /// <summary>Reads what may be said at any time.</summary>
    private static (Func<Customer, Customer> Describe, DefaultChange Preferred) ReadDescription(StripeForm form)
    {
        var (name, email, phone, description) =
            (form.TextChange("name", MaxName), form.EmailChange(), form.TextChange("phone", MaxPhone), form.TextChange("description"));
        var (address, shipping, metadata) = (form.AddressChange("address"), form.ShippingChange(), form.Metadata());
        var settings = form.ChildOrNull("invoice_settings");
        settings?.Pass("custom_fields", "footer", "rendering_options");
        var method = settings?.TextChange("default_payment_method") ?? default;
        form.Pass(
            "preferred_locales", "tax_exempt", "tax", "tax_id_data", "balance", "cash_balance", "invoice_prefix", "next_invoice_sequence", "validate",
            "business_name", "individual_name");
        return (
            customer => customer with
            {
                Name = name.Or(customer.Name),
                Email = email.Or(customer.Email),
                Phone = phone.Or(customer.Phone),
                Description = description.Or(customer.Description),
                Address = address.Or(customer.Address),
                Shipping = shipping.Or(customer.Shipping),
                Metadata = metadata.ApplyTo(customer.Metadata),
            },
            new DefaultChange(method.IsGiven, method.Value));
    }
}

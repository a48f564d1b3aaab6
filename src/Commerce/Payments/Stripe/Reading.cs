using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>Objects that many requests hold.</summary>
internal static class Reading
{
    extension(StripeForm form)
    {
        public PostalAddress? AddressOrNull(string name) => form.AddressChange(name).Value;

        /// <summary>An address as a whole; one that is empty takes away what was there.</summary>
        public Change<PostalAddress> AddressChange(string name)
        {
            var address = form.ChildChange(name);
            if (address.Value is not { } given)
                return address.IsGiven ? Change<PostalAddress>.Unset : default;
            return Change<PostalAddress>.To(new PostalAddress(
                given.TextChange("city").Value,
                given.TextChange("country", 2).Value,
                given.TextChange("line1").Value,
                given.TextChange("line2").Value,
                given.TextChange("postal_code").Value,
                given.TextChange("state").Value));
        }

        public Change<ShippingDetails> ShippingChange()
        {
            var shipping = form.ChildChange("shipping");
            if (shipping.Value is not { } given)
                return shipping.IsGiven ? Change<ShippingDetails>.Unset : default;
            return Change<ShippingDetails>.To(new ShippingDetails(
                given.AddressOrNull("address"),
                given.TextOrNull("carrier"),
                given.Text("name"),
                given.TextOrNull("phone"),
                given.TextOrNull("tracking_number")));
        }

        public BillingDetails BillingOr(BillingDetails before) => form.BillingChange()(before);

        /// <summary>What becomes of billing details.</summary>
        public Func<BillingDetails, BillingDetails> BillingChange()
        {
            if (form.ChildOrNull("billing_details") is not { } billing)
                return before => before;
            var (address, email) = (billing.AddressChange("address"), billing.EmailChange());
            var (name, phone) = (billing.TextChange("name"), billing.TextChange("phone", 20));
            billing.Pass("tax_id");
            return before => new BillingDetails(address.Or(before.Address), email.Or(before.Email), name.Or(before.Name), phone.Or(before.Phone));
        }

        /// <summary>An e-mail address, which may be unset.</summary>
        public Change<string> EmailChange()
        {
            var email = form.TextChange("email", 512);
            return email.Value is not { } text || (text.Count('@') == 1 && text[0] != '@' && text[^1] != '@' && !text.Any(char.IsWhiteSpace))
                ? email
                : throw StripeErrors.Invalid(form.PathOf("email"), $"Invalid email address: {StripeErrors.Echo(text)}", "email_invalid").Refusal();
        }

        /// <summary>Reads what says how a customer may pay; only cards are taken.</summary>
        public void RequireCards()
        {
            foreach (var type in form.Texts("payment_method_types", 20))
            {
                if (type != "card")
                {
                    throw StripeErrors.Invalid(
                        "payment_method_types", $"The payment method type \"{StripeErrors.Echo(type)}\" is invalid: only card is taken.").Refusal();
                }
            }
        }

        /// <summary>Options that make no difference here, yet every integration sends.</summary>
        public void Pass(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                form.Skip(name);
        }
    }
}

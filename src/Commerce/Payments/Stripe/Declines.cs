namespace Basin.Payments.Stripe;

/// <summary>What a provider's refusal is called (https://docs.stripe.com/declines/codes, https://docs.stripe.com/error-codes).</summary>
internal static class Declines
{
    /// <param name="code">As a payment keeps it.</param>
    public static StripeError Of(string code) => code switch
    {
        "card_declined" => StripeErrors.CardError("card_declined", "Your card was declined.", "generic_decline"),
        "insufficient_funds" => StripeErrors.CardError("card_declined", "Your card has insufficient funds.", code),
        "lost_card" or "stolen_card" or "fraudulent" or "invalid_token" or "provider_unavailable" =>
            StripeErrors.CardError("card_declined", "Your card was declined.", code is "invalid_token" ? "test_mode_live_card" : code is "provider_unavailable" ? "try_again_later" : code),
        "card_velocity_exceeded" => StripeErrors.CardError(
            "card_declined", "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.", code),
        "expired_card" => StripeErrors.CardError("expired_card", "Your card has expired.") with { Param = "exp_month" },
        "incorrect_cvc" => StripeErrors.CardError("incorrect_cvc", "Your card's security code is incorrect.") with { Param = "cvc" },
        "processing_error" => StripeErrors.CardError(
            "processing_error", "An error occurred while processing your card. Try again in a little bit."),
        "authentication_required" => StripeErrors.CardError(
            "authentication_required", "Your card was declined. This transaction requires authentication.", "authentication_required"),
        "authentication_failed" => new StripeError(
            402, StripeError.InvalidRequest, "payment_intent_authentication_failure",
            "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again."),
        "setup_authentication_failed" => new StripeError(
            402, StripeError.InvalidRequest, "setup_intent_authentication_failure",
            "The latest attempt to set up the payment method has failed because authentication failed."),
        _ => StripeErrors.CardError("card_declined", "Your card was declined.", code),
    };
}

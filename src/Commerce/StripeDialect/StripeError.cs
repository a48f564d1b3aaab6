using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Basin.StripeDialect;

/// <summary>
/// A refusal in Stripe's words. It travels as every other problem does and is written as Stripe's error object below <c>/stripe</c>. Source:
/// https://docs.stripe.com/api/errors.
/// </summary>
/// <param name="Type"><c>invalid_request_error</c>, <c>card_error</c>, <c>idempotency_error</c> or <c>api_error</c>.</param>
/// <param name="ErrorCode">Stripe's code; null for an error without one.</param>
/// <param name="Message">What people read; for a card error the customer may read it too.</param>
public sealed record StripeError(int Status, string Type, string? ErrorCode, string Message) : Problem(Status, ErrorCode ?? Type, Message)
{
    public const string InvalidRequest = "invalid_request_error";
    public const string Card = "card_error";
    public const string Idempotency = "idempotency_error";
    public const string Api = "api_error";

    /// <summary>The code while the first request under a key still runs.</summary>
    internal const string KeyInUse = "idempotency_key_in_use";

    /// <summary>The parameter that is wrong, such as <c>card[number]</c>.</summary>
    public string? Param { get; init; }

    /// <summary>Why the bank declined, for a card error.</summary>
    public string? DeclineCode { get; init; }

    /// <summary>The id of the charge that failed.</summary>
    public string? Charge { get; init; }

    /// <summary>The payment intent as the failure has left it.</summary>
    public JsonNode? PaymentIntent { get; init; }

    /// <summary>The payment method that failed.</summary>
    public JsonNode? PaymentMethod { get; init; }

    /// <summary>The setup intent as the failure has left it.</summary>
    public JsonNode? SetupIntent { get; init; }
}

/// <summary>Errors that any route may give, in Stripe's own sentences where they are known.</summary>
public static partial class StripeErrors
{
    private const int LongestEcho = 100;

    public static StripeError Invalid(string? param, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, StripeError.InvalidRequest, code, message) { Param = param };

    public static StripeError Missing(string param) => Invalid(param, $"Missing required param: {param}.", "parameter_missing");

    public static StripeError Unknown(IReadOnlyList<string> parameters) => Invalid(
        parameters[0],
        parameters.Count == 1 ? $"Received unknown parameter: {parameters[0]}" : $"Received unknown parameters: {string.Join(", ", parameters)}",
        "parameter_unknown");

    public static StripeError Empty(string param) => Invalid(
        param,
        $"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; however '{param}' cannot be unset. "
        + $"You should remove '{param}' from your request or supply a non-empty value.",
        "parameter_invalid_empty");

    /// <param name="param">Not repeated where it is the number.</param>
    public static StripeError HoldsCard(string param) => Invalid(
        Echo(param),
        $"The value of {Echo(param)} looks like a card number, which is taken only by POST /v1/tokens as card[number], and kept nowhere else.");

    public static StripeError NotAnInteger(string param, string value) =>
        Invalid(param, $"Invalid integer: {Echo(value)}", "parameter_invalid_integer");

    /// <summary>There is no such object: 404 when the path names it, otherwise 400.</summary>
    /// <param name="noun">Such as <c>customer</c>.</param>
    /// <param name="param">The parameter that names it; <c>id</c> for the path.</param>
    public static StripeError NoSuch(string noun, string id, string param = "id") =>
        Invalid(param, $"No such {noun}: '{Echo(id)}'", "resource_missing") with
        {
            Status = param == "id" ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest,
        };

    /// <summary>The card cannot be charged, or is none.</summary>
    public static StripeError CardError(string code, string message, string? declineCode = null) =>
        new(StatusCodes.Status402PaymentRequired, StripeError.Card, code, message) { DeclineCode = declineCode };

    /// <summary>A value as an error may repeat it: not long, and without what may be a card's number.</summary>
    public static string Echo(string value)
    {
        var shown = CardNumber().Replace(value, "(hidden)");
        return shown.Length <= LongestEcho ? shown : $"{shown.AsSpan(0, LongestEcho)}…";
    }

    [GeneratedRegex("[0-9]([ .-]{0,3}[0-9]){11,}", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex CardNumber();
}

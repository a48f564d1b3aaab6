using System.Globalization;
using System.Text.Json;
using Basin.Payments.Disputes;
using Basin.Payments.Reconciling;

namespace Basin.Payments;

/// <summary>How states are named, and what they look like.</summary>
internal static class PaymentWords
{
    /// <summary>Far above every payment, and far below what overflows.</summary>
    private const decimal MaxTyped = 1_000_000_000_000;

    private static readonly Dictionary<string, PaymentState> ByCode = Enum.GetValues<PaymentState>().ToDictionary(Code);

    /// <summary>As in the API.</summary>
    public static string Code<T>(T state)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>As people read it.</summary>
    public static string Of<T>(T state)
        where T : struct, Enum
    {
        var words = Code(state).Replace('_', ' ');
        return $"{char.ToUpperInvariant(words[0])}{words[1..]}";
    }

    public static PaymentState? StateOf(string? code) => code is not null && ByCode.TryGetValue(code, out var state) ? state : null;

    /// <summary>The look of its badge.</summary>
    public static string Badge(PaymentState state) => state switch
    {
        PaymentState.Authorized => "authorized",
        PaymentState.Captured => "captured",
        PaymentState.Refunded => "refunded",
        PaymentState.Declined => "declined",
        PaymentState.CaptureFailed => "failed",
        PaymentState.Voided => "requested",
        PaymentState.ActionRequired => "waiting",
        _ => "running",
    };

    /// <inheritdoc cref="Badge(PaymentState)"/>
    public static string Badge(RefundState state) => state switch
    {
        RefundState.Pending => "running",
        RefundState.Succeeded => "ok",
        _ => "failed",
    };

    /// <inheritdoc cref="Badge(PaymentState)"/>
    public static string Badge(Reconciliation report) => report switch
    {
        { State: ReconciliationState.Running } => "running",
        { State: ReconciliationState.Failed } => "failed",
        { NeedsALook: true } => "down",
        { Counts.Count: > 0 } => "waiting",
        _ => "ok",
    };

    /// <inheritdoc cref="Badge(PaymentState)"/>
    public static string Badge(DisputeStatus status) => status switch
    {
        DisputeStatus.Won or DisputeStatus.WarningClosed => "ok",
        DisputeStatus.Lost => "failed",
        _ => "waiting",
    };

    /// <inheritdoc cref="Badge(PaymentState)"/>
    public static string Badge(DifferenceKind kind) => kind.PassesByItself ? "waiting" : "down";

    /// <summary>An amount as people write it, such as <c>12.50</c>, in the currency's minor unit.</summary>
    /// <returns>Null when it is none above zero, or finer than the currency.</returns>
    public static long? MinorOf(string text, string currency)
    {
        if (!decimal.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount > MaxTyped)
            return null;
        for (var digits = Currencies.DigitsOf(currency); digits > 0; digits--)
            amount *= 10;
        return amount > 0 && amount == decimal.Truncate(amount) ? (long)amount : null;
    }

    /// <summary>The reverse of <see cref="MinorOf"/>.</summary>
    public static string Typed(long minor, string currency)
    {
        var digits = Currencies.DigitsOf(currency);
        var amount = new decimal(minor);
        for (var digit = 0; digit < digits; digit++)
            amount /= 10;
        return amount.ToString($"F{digits}", CultureInfo.InvariantCulture);
    }

    /// <summary>What came out, in three words.</summary>
    public static string Of(Reconciliation report) => report switch
    {
        { State: ReconciliationState.Running } => "Running",
        { State: ReconciliationState.Failed } => "Failed",
        { NeedsALook: true } => "Differences",
        { Counts.Count: > 0 } => "On its way",
        _ => "In order",
    };
}

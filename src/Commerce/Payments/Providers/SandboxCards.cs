using System.Collections.Frozen;
using Basin.Vault;

namespace Basin.Payments.Providers;

/// <summary>What the sandbox makes of a card.</summary>
internal enum Behaviour
{
    Succeeds,

    /// <summary>Refused, with the code beside it.</summary>
    Declines,

    /// <summary>The same, but only when money is asked for: the card can be kept for later.</summary>
    DeclinesCharges,

    /// <summary>Never even asked, because the risk is too high.</summary>
    Blocked,

    /// <summary>The customer has to prove who they are, each time.</summary>
    AsksCustomer,

    /// <summary>The same, unless they have done so when the card was set up.</summary>
    AsksCustomerUnlessSetUp,

    /// <summary>Refused after the customer has proved who they are.</summary>
    AsksCustomerThenDeclines,

    /// <summary>The customer takes the money back, for the reason beside it.</summary>
    Disputed,

    /// <summary>The same, first as a question that moves no money.</summary>
    Inquired,

    /// <summary>A refund takes its time.</summary>
    RefundsLate,

    /// <summary>A refund succeeds, and fails afterwards.</summary>
    RefundFails,

    /// <summary>What is taken can be paid out at once.</summary>
    AvailableAtOnce,

    /// <summary>Can be held, not taken.</summary>
    CaptureFails,

    /// <summary>The first call is lost.</summary>
    LosesCall,

    /// <summary>The first answer is lost.</summary>
    LosesAnswer,

    Slow,

    /// <summary>The provider says that it did nothing.</summary>
    Unavailable,
}

/// <summary>What a token leads to.</summary>
/// <param name="Code">Why it is declined, or what is disputed.</param>
/// <param name="FailedChecks">Of <c>cvc</c>, <c>zip</c> and <c>line1</c>.</param>
internal sealed record SandboxCard(Behaviour Behaviour, string? Code, IReadOnlyList<string> FailedChecks);

/// <summary>
/// What the sandbox does with the tokens of test cards, where it is not to succeed; the last have no number, and are for faults of Basin's own. Source:
/// https://docs.stripe.com/testing.
/// </summary>
internal static class SandboxCards
{
    private const string Prefix = "tok_";

    private const string Table = """
        chargeDeclined                                             Declines card_declined
        visa_chargeDeclined                                        Declines card_declined
        chargeDeclinedInsufficientFunds                            Declines insufficient_funds
        visa_chargeDeclinedInsufficientFunds                       Declines insufficient_funds
        visa_chargeDeclinedLostCard                                Declines lost_card
        visa_chargeDeclinedStolenCard                              Declines stolen_card
        chargeDeclinedExpiredCard                                  Declines expired_card
        chargeDeclinedIncorrectCvc                                 Declines incorrect_cvc cvc
        chargeDeclinedProcessingError                              Declines processing_error
        visa_chargeDeclinedVelocityLimitExceeded                   Declines card_velocity_exceeded
        chargeCustomerFail                                         DeclinesCharges card_declined
        radarBlock                                                 Blocked fraudulent
        riskLevelHighest                                           Blocked fraudulent
        cvcCheckFail                                               Succeeds - cvc
        avsZipFail                                                 Succeeds - zip
        avsLine1Fail                                               Succeeds - line1
        avsFail                                                    Succeeds - zip line1
        createDispute                                              Disputed fraudulent
        createDisputeProductNotReceived                            Disputed product_not_received
        createDisputeInquiry                                       Inquired fraudulent
        pendingRefund                                              RefundsLate
        refundFail                                                 RefundFails expired_or_canceled_card
        bypassPending                                              AvailableAtOnce
        bypassPendingInternational                                 AvailableAtOnce
        authenticationRequiredOnSetup                              AsksCustomerUnlessSetUp
        authenticationRequired                                     AsksCustomer
        authenticationRequiredSetupForOffSession                   AsksCustomerUnlessSetUp
        authenticationRequiredChargeDeclinedInsufficientFunds      AsksCustomerThenDeclines insufficient_funds
        threeDSecure2Required                                      AsksCustomer
        threeDSecureRequired                                       AsksCustomer
        threeDSecureRequiredChargeDeclined                         AsksCustomerThenDeclines card_declined
        threeDSecureRequiredProcessingError                        AsksCustomerThenDeclines processing_error
        captureFails                                               CaptureFails capture_failed
        timeout                                                    LosesCall
        unknown                                                    LosesAnswer
        slow                                                       Slow
        unavailable                                                Unavailable
        """;

    private static readonly SandboxCard Plain = new(Behaviour.Succeeds, null, []);

    private static readonly FrozenDictionary<string, SandboxCard> ByName =
        Table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToFrozenDictionary(row => row.Name, row => row.Card);

    /// <summary>Null for a token that the sandbox has not given.</summary>
    public static SandboxCard? Find(string? token)
    {
        if (token is null || !token.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var name = token[Prefix.Length..];
        return ByName.TryGetValue(name, out var card) ? card : TestCards.Has(name) ? Plain : null;
    }

    /// <summary>A card that is no test card gets a token that is declined: a sandbox moves no real money.</summary>
    public static string TokenOf(CardNumber number) => $"{Prefix}{TestCards.Find(number)?.Name ?? "live"}";

    private static (string Name, SandboxCard Card) Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (words[0], new SandboxCard(Enum.Parse<Behaviour>(words[1]), words.ElementAtOrDefault(2) is "-" ? null : words.ElementAtOrDefault(2), [.. words.Skip(3)]));
    }
}

/// <summary>The sandbox's way of taking cards from the vault.</summary>
internal sealed class SandboxCardDesk(string provider) : ICardProvider
{
    public string Provider => provider;

    public ValueTask<string> TokenizeAsync(Id<Tenant> tenant, Id<Card> card, CardDetails details, CancellationToken cancellation) =>
        ValueTask.FromResult(SandboxCards.TokenOf(details.Number));
}

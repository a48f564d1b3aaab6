using System.Collections.Frozen;

namespace Basin.Vault;

/// <summary>A card number that exists for tests, and who would have issued it.</summary>
/// <param name="Name">What Stripe calls its token after <c>tok_</c>, such as <c>visa</c>.</param>
public sealed record TestCard(string Number, CardFunding Funding, string Country, string Name);

/// <summary>
/// The card numbers that exist for tests (https://docs.stripe.com/testing). Who has issued real ones is not known here: it takes a list of the networks
/// that has to be bought.
/// </summary>
public static class TestCards
{
    private const string Table = """
        4242424242424242    credit  US visa
        4000056655665556    debit   US visa_debit
        5555555555554444    credit  US mastercard
        2223003122003222    credit  US mastercard_2series
        5200828282828210    debit   US mastercard_debit
        5105105105105100    prepaid US mastercard_prepaid
        378282246310005     credit  US amex
        371449635398431     credit  US amex_2
        6011111111111117    credit  US discover
        6011000990139424    credit  US discover_2
        6011981111111113    debit   US discover_debit
        3056930009020004    credit  US diners
        36227206271667      credit  US diners_14digits
        6555900000604105    credit  KR bccard_dinacard
        3566002020360505    credit  JP jcb
        6200000000000005    credit  CN unionpay
        6200000000000047    debit   CN unionpay_debit
        6205500000000000004 credit  CN unionpay_19digits
        4000000320000021    credit  AR ar
        4000000760000002    credit  BR br
        4000001240000000    credit  CA ca
        4000001520000001    credit  CL cl
        4000001700000003    credit  CO co
        4000001880000005    credit  CR cr
        4000002180000000    credit  EC ec
        4000004840008001    credit  MX mx
        4000005910000000    credit  PA pa
        4000006000000066    credit  PY py
        4000006040000068    credit  PE pe
        4000008580000003    credit  UY uy
        4000007840000001    credit  AE ae
        4000000400000008    credit  AT at
        4000000560000004    credit  BE be
        4000001000000000    credit  BG bg
        4000001120000005    credit  BY by
        4000001910000009    credit  HR hr
        4000001960000008    credit  CY cy
        4000002030000002    credit  CZ cz
        4000002080000001    credit  DK dk
        4000002330000009    credit  EE ee
        4000002460000001    credit  FI fi
        4000002500000003    credit  FR fr
        4000002760000016    credit  DE de
        4000002920000005    credit  GI gi
        4000003000000030    credit  GR gr
        4000003480000005    credit  HU hu
        4000003720000005    credit  IE ie
        4000003800000008    credit  IT it
        4000004280000005    credit  LV lv
        4000004380000004    credit  LI li
        4000004400000000    credit  LT lt
        4000004420000006    credit  LU lu
        4000004700000007    credit  MT mt
        4000005280000002    credit  NL nl
        4000005780000007    credit  NO no
        4000006160000005    credit  PL pl
        4000006200000007    credit  PT pt
        4000006420000001    credit  RO ro
        4000006820000007    credit  SA sa
        4000007030000001    credit  SK sk
        4000007050000006    credit  SI si
        4000007240000007    credit  ES es
        4000007520000008    credit  SE se
        4000007560000009    credit  CH ch
        4000008260000000    credit  GB gb
        4000058260000005    debit   GB gb_debit
        4000000360000006    credit  AU au
        4000001560000002    credit  CN cn
        4000003440000004    credit  HK hk
        4000003560000008    credit  IN in
        4000003920000003    credit  JP jp
        4000004580000002    credit  MY my
        4000005540000008    credit  NZ nz
        4000007020000003    credit  SG sg
        4000001580000008    credit  TW tw
        4000007640000003    credit  TH th_credit
        4000000000000002    credit  US chargeDeclined
        4000000000000002    credit  US visa_chargeDeclined
        4000000000009995    credit  US chargeDeclinedInsufficientFunds
        4000000000009995    credit  US visa_chargeDeclinedInsufficientFunds
        4000000000009987    credit  US visa_chargeDeclinedLostCard
        4000000000009979    credit  US visa_chargeDeclinedStolenCard
        4000000000000069    credit  US chargeDeclinedExpiredCard
        4000000000000127    credit  US chargeDeclinedIncorrectCvc
        4000000000000119    credit  US chargeDeclinedProcessingError
        4000000000006975    credit  US visa_chargeDeclinedVelocityLimitExceeded
        4000000000000341    credit  US chargeCustomerFail
        4100000000000019    credit  US radarBlock
        4000000000004954    credit  US riskLevelHighest
        4000000000009235    credit  US riskLevelElevated
        4000000000000101    credit  US cvcCheckFail
        4000000000000036    credit  US avsZipFail
        4000000000000028    credit  US avsLine1Fail
        4000000000000010    credit  US avsFail
        4000000000000044    credit  US avsUnchecked
        4000000000000259    credit  US createDispute
        4000000000002685    credit  US createDisputeProductNotReceived
        4000000000001976    credit  US createDisputeInquiry
        4000000000005423    credit  US createIssuerFraudRecord
        4000000000007726    credit  US pendingRefund
        4000000000005126    credit  US refundFail
        4000000000000077    credit  US bypassPending
        4000003720000278    credit  IE bypassPendingInternational
        4000002500003155    credit  FR authenticationRequiredOnSetup
        4000002760003184    credit  DE authenticationRequired
        4000003800000446    credit  IT authenticationRequiredSetupForOffSession
        4000008260003178    credit  GB authenticationRequiredChargeDeclinedInsufficientFunds
        4000000000003220    credit  US threeDSecure2Required
        4000000000003063    credit  US threeDSecureRequired
        4000008400001629    credit  US threeDSecureRequiredChargeDeclined
        4000008400001280    credit  US threeDSecureRequiredProcessingError
        4000000000003055    credit  US threeDSecureOptional
        4000000000003097    credit  US threeDSecureOptionalProcessingError
        378282246310005     credit  US amex_threeDSecureNotSupported
        """;

    private static readonly IReadOnlyList<TestCard> All = [.. Table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static readonly FrozenDictionary<string, TestCard> ByName = All.ToFrozenDictionary(card => card.Name);

    /// <summary>A number may have several names; the first is told.</summary>
    private static readonly FrozenDictionary<string, TestCard> ByNumber = All.DistinctBy(card => card.Number).ToFrozenDictionary(card => card.Number);

    public static IEnumerable<string> Names => ByName.Keys.Order(StringComparer.Ordinal);

    public static bool Has(string? name) => name is not null && ByName.ContainsKey(name);

    /// <summary>Null for a number that may be a real card's.</summary>
    public static TestCard? Find(CardNumber number) => ByNumber.GetValueOrDefault(number.Reveal());

    /// <summary>A card that is good for years.</summary>
    /// <returns>Null when there is none of this name.</returns>
    internal static NewCard? Find(string name, DateTimeOffset now) => ByName.TryGetValue(name, out var card)
        ? new NewCard(CardNumber.Of(card.Number), ExpMonth: 12, now.UtcDateTime.Year + 5)
        : null;

    internal static (CardFunding Funding, string? Country) IssuerOf(CardNumber number) =>
        Find(number) is { } card ? (card.Funding, card.Country) : (CardFunding.Unknown, null);

    private static TestCard Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new TestCard(words[0], Enum.Parse<CardFunding>(words[1], ignoreCase: true), words[2], words[3]);
    }
}

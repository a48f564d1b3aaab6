using Basin.Ledger;
using Basin.Payments.Providers;

namespace Basin.Payments.Reconciling;

/// <summary>A payment as the own books have it.</summary>
/// <param name="Lines">All lines of the balance that are about it.</param>
/// <param name="Legs">What the ledger must have.</param>
internal sealed record OwnSide(Payment Payment, IReadOnlyList<BalanceTransaction> Lines, IReadOnlyList<ExpectedLeg> Legs)
{
    public static OwnSide Of(Payment payment, IReadOnlyList<BalanceTransaction> lines) => new(payment, lines, [.. ExpectedLegs.Of(payment, lines)]);

    public BookTotals Totals
    {
        get
        {
            var fromLegs = Legs.Select(leg => leg.TotalsOf(leg.Leg.Amount ?? 0)).Aggregate(BookTotals.None, (sum, one) => sum.Plus(one));
            return fromLegs with
            {
                AuthorizedMinor = Payment.AuthorizedMinor,
                CapturedMinor = Payment.CapturedMinor,
                FeesMinor = Payment.FeeMinor,
                RefundsMinor = Payment.RefundedMinor,
            };
        }
    }
}

/// <summary>What the ledger has, and what waits on the way there.</summary>
/// <param name="Transfers">By id.</param>
/// <param name="Letters">Requests that the ledger could not do yet, by subject; looked for only where something is missing.</param>
internal sealed record LedgerSide(IReadOnlyDictionary<string, TransferView> Transfers, IReadOnlyDictionary<string, DeadLetter> Letters)
{
    /// <summary>So long a request may be on its way, where nothing is known of it.</summary>
    private static readonly TimeSpan LongestWay = TimeSpan.FromMinutes(15);

    public IEnumerable<Difference> Compare(string subject, IEnumerable<ExpectedLeg> legs, DateTimeOffset now) =>
        legs.Select(leg => Compare(subject, leg, now)).OfType<Difference>();

    private Difference? Compare(string subject, ExpectedLeg leg, DateTimeOffset now) => Transfers.TryGetValue(leg.Id, out var booked)
        ? WhatDiffers(leg.Leg, booked) is { } what
            ? new Difference(DifferenceKind.LegDiffers, subject, $"The ledger's {leg.Id} {what}.", leg.Currency, ApartOf(leg, booked))
            : null
        : Absent(subject, leg, now);

    private static long? ApartOf(ExpectedLeg leg, TransferView booked) => leg.Leg.Amount is { } amount ? booked.Amount - amount : null;

    private Difference Absent(string subject, ExpectedLeg leg, DateTimeOffset now)
    {
        var amount = leg.Leg.Amount is { } minor ? -minor : default(long?);
        var letter = Letters.GetValueOrDefault(leg.Posting.ToString());
        return letter switch
        {
            { State: "dead" } => Say(DifferenceKind.LegMissing, $"The ledger has refused {leg.Id}, and it is a dead letter: {letter.Error}"),
            not null => Say(DifferenceKind.LegOnItsWay, $"The ledger has not booked {leg.Id} yet and tries again: {letter.Error}"),
            _ when now - leg.AskedAt < LongestWay => Say(DifferenceKind.LegOnItsWay, $"The ledger has not booked {leg.Id} yet."),
            _ => Say(
                DifferenceKind.LegMissing, $"The ledger does not have {leg.Id}, which it was asked for by {leg.AskedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}."),
        };

        Difference Say(DifferenceKind kind, string sentence) => new(kind, subject, sentence, leg.Currency, amount);
    }

    private static string? WhatDiffers(NewTransfer asked, TransferView booked) => asked switch
    {
        _ when asked.Kind != booked.Kind => $"is {booked.Kind.ToString().ToLowerInvariant()}, not {asked.Kind.ToString().ToLowerInvariant()}",
        _ when asked.Amount is { } amount && amount != booked.Amount =>
            $"moves {new Money(booked.Amount, booked.Currency)}, not {new Money(amount, booked.Currency)}",
        _ when asked.Debit is { } debit && debit != booked.Debit => $"takes from {booked.Debit}, not from {debit}",
        _ when asked.Credit is { } credit && credit != booked.Credit => $"gives to {booked.Credit}, not to {credit}",
        _ when asked.PendingId != booked.PendingId => $"ends {booked.PendingId ?? "nothing"}, not {asked.PendingId ?? "nothing"}",
        _ => null,
    };
}

/// <summary>Finds what the books do not say alike. Nothing here asks anybody.</summary>
internal static class Comparison
{
    /// <param name="charges">The provider's for this payment.</param>
    public static IReadOnlyList<Difference> Compare(OwnSide own, IReadOnlyList<ProviderCharge> charges, LedgerSide ledger, DateTimeOffset now) =>
    [
        .. Settled(own.Payment, [.. WithProvider(own, charges)]),
        .. WithLines(own),
        .. ledger.Compare($"{own.Payment.Id}", own.Legs, now),
        .. ExpectedLegs.UnexpectedOf(own.Payment).Where(ledger.Transfers.ContainsKey).Select(id => new Difference(
            DifferenceKind.LegUnexpected, $"{own.Payment.Id}", $"The ledger has {id}, which Payments has not asked for.", own.Payment.Currency,
            ledger.Transfers[id].Amount)),
    ];

    /// <summary>A charge for which there is no payment.</summary>
    /// <param name="provider">Whom the payment went to, where there is one.</param>
    public static Difference Unknown(ProviderCharge charge, string? provider) => new(
        DifferenceKind.UnknownToUs, $"{charge.Payment}",
        provider is null
            ? $"Only the provider knows it: {Describe(charge)}."
            : $"Payments has asked {provider} for it, and here is {Describe(charge)}.",
        charge.Currency, Held(charge));

    /// <summary>While a payment waits for the provider, its books may differ.</summary>
    private static List<Difference> Settled(Payment payment, List<Difference> differences) => !payment.IsSettling || differences.Count == 0
        ? differences
        :
        [
            new Difference(
                DifferenceKind.Settling, $"{payment.Id}",
                $"It waits for the provider ({PaymentWords.Code(payment.State)}). {string.Join(' ', differences.Select(one => one.Sentence))}",
                payment.Currency, differences[0].ApartMinor),
        ];

    private static IEnumerable<Difference> WithProvider(OwnSide own, IReadOnlyList<ProviderCharge> charges)
    {
        var payment = own.Payment;
        var known = charges.FirstOrDefault(charge => charge.Charge == payment.Charge);
        foreach (var other in charges.Where(charge => charge != known))
        {
            yield return new Difference(
                DifferenceKind.UnknownToUs, $"{payment.Id}", $"The provider has another charge for it: {Describe(other)}.", other.Currency, Held(other));
        }
        if (known is null)
        {
            if (payment.AuthorizedMinor > 0)
                yield return Missing(payment);
            yield break;
        }
        foreach (var difference in Amounts(own, known))
            yield return difference;
        if (known.Voided != (payment.State == PaymentState.Voided))
        {
            yield return new Difference(
                DifferenceKind.StateDiffers, $"{payment.Id}",
                known.Voided ? "The provider has voided it, Payments has not." : "Payments has voided it, the provider still holds it.",
                payment.Currency, payment.AuthorizedMinor);
        }
    }

    private static Difference Missing(Payment payment) => new(
        DifferenceKind.MissingAtProvider, $"{payment.Id}",
        $"The provider does not know {payment.Charge ?? "it"}, for which Payments has {In(payment, Math.Max(payment.CapturedMinor, payment.AuthorizedMinor))}.",
        payment.Currency, -payment.AuthorizedMinor);

    private static IEnumerable<Difference> Amounts(OwnSide own, ProviderCharge charge)
    {
        var payment = own.Payment;
        if (charge.Currency != payment.Currency)
        {
            yield return new Difference(
                DifferenceKind.AmountDiffers, $"{payment.Id}", $"The provider counts in {charge.Currency}, Payments in {payment.Currency}.");
            yield break;
        }
        var kind = DifferenceKind.AmountDiffers;
        if (charge.AuthorizedMinor != payment.AuthorizedMinor)
            yield return Apart(payment, kind, "held", charge.AuthorizedMinor, payment.AuthorizedMinor);
        if (charge.CapturedMinor != payment.CapturedMinor)
            yield return Apart(payment, kind, "taken", charge.CapturedMinor, payment.CapturedMinor);
        if (charge.RefundedMinor != payment.RefundedMinor)
            yield return Apart(payment, CameBack(own, charge) ? DifferenceKind.Returned : kind, "given back", charge.RefundedMinor, payment.RefundedMinor);
        if (charge.FeeMinor != payment.FeeMinor)
            yield return Apart(payment, DifferenceKind.FeeDiffers, "kept as its fee", charge.FeeMinor, payment.FeeMinor);
    }

    /// <summary>Whether what the provider has given back too much is a refund that came back.</summary>
    private static bool CameBack(OwnSide own, ProviderCharge charge)
    {
        var more = charge.RefundedMinor - own.Payment.RefundedMinor;
        return own.Lines.Any(line => line.Kind == MovementKind.RefundReturned && line.AmountMinor == more);
    }

    /// <summary>The lines of the balance are written together with the payment.</summary>
    private static IEnumerable<Difference> WithLines(OwnSide own)
    {
        var payment = own.Payment;
        if (payment.Holds == 0)
            yield break;
        var taken = Sum(MovementKind.Capture);
        var given = -Sum(MovementKind.Refund) - Sum(MovementKind.RefundReturned);
        if (taken != payment.CapturedMinor || given != payment.RefundedMinor)
        {
            yield return new Difference(
                DifferenceKind.AmountDiffers, $"{payment.Id}",
                $"Its lines of the balance have {In(payment, taken)} taken and {In(payment, given)} given back; it says {In(payment, payment.CapturedMinor)} and "
                + $"{In(payment, payment.RefundedMinor)}.",
                payment.Currency, taken - given - payment.CapturedMinor + payment.RefundedMinor);
        }

        long Sum(MovementKind kind) => own.Lines.Where(line => line.Kind == kind).Sum(line => line.AmountMinor);
    }

    private static Difference Apart(Payment payment, DifferenceKind kind, string verb, long theirs, long ours) => new(
        kind, $"{payment.Id}", $"The provider has {verb} {In(payment, theirs)}, Payments says {In(payment, ours)}.", payment.Currency, theirs - ours);

    private static string In(Payment payment, long minor) => $"{new Money(minor, payment.Currency)}";

    private static long Held(ProviderCharge charge) => charge.CapturedMinor > 0 ? charge.CapturedMinor - charge.RefundedMinor : charge.AuthorizedMinor;

    private static string Describe(ProviderCharge charge)
    {
        var state = charge switch { { Voided: true } => "voided", { CapturedMinor: > 0 } => "taken", _ => "held" };
        return $"{charge.Charge}, {new Money(Held(charge), charge.Currency)}, {state}";
    }
}

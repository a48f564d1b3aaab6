using Basin.Ledger;

namespace Basin.Payments.Reconciling;

/// <summary>A transfer that Payments has asked the ledger for.</summary>
/// <param name="Leg">As it was asked for; without an amount where that is not known any more.</param>
/// <param name="Posting">The number that it was asked for under.</param>
/// <param name="IsFee">Whether it is what the provider keeps of the movement.</param>
/// <param name="AskedAt">At the latest.</param>
internal sealed record ExpectedLeg(NewTransfer Leg, Id<Posting> Posting, MovementKind Kind, bool IsFee, string Currency, DateTimeOffset AskedAt)
{
    public string Id => Leg.Id;

    /// <summary>Whether a later one has taken its place.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>What it does to the balance of the provider's account.</summary>
    public long GainOf(long amountMinor) => (Kind, IsFee) switch
    {
        (_, true) or (MovementKind.Refund or MovementKind.Dispute or MovementKind.Payout, _) => -amountMinor,
        (MovementKind.Capture or MovementKind.RefundReturned or MovementKind.DisputeWon, _) => amountMinor,
        _ => 0,
    };

    /// <summary>Where it counts in the sums.</summary>
    public BookTotals TotalsOf(long amountMinor) => (Kind, IsFee) switch
    {
        (MovementKind.Hold, _) when !IsReplaced => BookTotals.None with { AuthorizedMinor = amountMinor },
        (MovementKind.Capture, false) => BookTotals.None with { CapturedMinor = amountMinor },
        (MovementKind.Capture, true) => BookTotals.None with { FeesMinor = amountMinor },
        (MovementKind.Refund, _) => BookTotals.None with { RefundsMinor = amountMinor },
        (MovementKind.RefundReturned, _) => BookTotals.None with { RefundsMinor = -amountMinor },
        (MovementKind.Dispute, false) => BookTotals.None with { DisputesMinor = amountMinor },
        (MovementKind.Dispute, true) => BookTotals.None with { DisputeFeesMinor = amountMinor },
        (MovementKind.DisputeWon, _) => BookTotals.None with { DisputesMinor = -amountMinor },
        (MovementKind.Payout, _) => BookTotals.None with { PayoutsMinor = amountMinor },
        _ => BookTotals.None,
    };
}

/// <summary>What the ledger must have, out of what Payments knows.</summary>
internal static class ExpectedLegs
{
    /// <summary>All legs of a payment, in the order in which they were asked for.</summary>
    /// <param name="lines">All lines of the balance that are about it.</param>
    public static IEnumerable<ExpectedLeg> Of(Payment payment, IEnumerable<BalanceTransaction> lines) =>
        WasBegunBeforeTheLedger(payment) ? [] : [.. HoldsOf(payment), .. lines.SelectMany(line => OfLine(payment, line)), .. ReleaseOf(payment)];

    /// <summary>The legs of one line of the balance, payouts too.</summary>
    public static IEnumerable<ExpectedLeg> OfLine(Id<Tenant> tenant, BalanceTransaction line) => line.Payment is { } payment
        ? OfLine(StandInFor(tenant, payment, line), line)
        : OfPayout(line);

    /// <summary>Transfers that a payment must not have as it is.</summary>
    public static IEnumerable<string> UnexpectedOf(Payment payment)
    {
        if (WasBegunBeforeTheLedger(payment))
            yield break;
        if (payment.CapturedMinor == 0)
            yield return $"{payment.Id}.capture";
        if (payment.State != PaymentState.Voided)
            yield return $"{payment.Id}.void";
    }

    /// <summary>Versions before the ledger have counted no holds.</summary>
    private static bool WasBegunBeforeTheLedger(Payment payment) => payment is { Holds: 0, AuthorizedMinor: > 0 };

    private static IEnumerable<ExpectedLeg> HoldsOf(Payment payment)
    {
        for (var number = 1; number <= payment.Holds; number++)
        {
            // Of the holds that were replaced the amount is not known any more.
            var isReplaced = number < payment.Holds;
            var movement = Movement.Hold(payment.AuthorizedMinor, replaced: number - 1);
            foreach (var leg in Legs.Of(payment with { Holds = number }, movement))
            {
                yield return leg.Kind == TransferKind.Void
                    ? Expect(payment, leg, MovementKind.Release, payment.ChangedAt)
                    : Expect(payment, isReplaced ? leg with { Amount = null } : leg, MovementKind.Hold, payment.ChangedAt) with { IsReplaced = isReplaced };
            }
        }
    }

    private static IEnumerable<ExpectedLeg> ReleaseOf(Payment payment) => payment is { State: PaymentState.Voided, AuthorizedMinor: > 0 }
        ? Legs.Of(payment, Movement.Release(payment.AuthorizedMinor)).Select(leg => Expect(payment, leg, MovementKind.Release, payment.ChangedAt))
        : [];

    private static IEnumerable<ExpectedLeg> OfLine(Payment payment, BalanceTransaction line)
    {
        var source = line.Kind == MovementKind.Capture ? null : line.Source;
        var movement = new Movement(line.Kind, Math.Abs(line.AmountMinor), line.FeeMinor, Source: source);
        return Legs.Of(payment, movement).Select(leg => Expect(payment, leg, line.Kind, line.CreatedAt));
    }

    private static IEnumerable<ExpectedLeg> OfPayout(BalanceTransaction line)
    {
        var number = EntityText.TryParse(line.Source, out _, out var value) ? value : 0;
        return Legs.OfPayout(line.Source, line.Provider, new Money(-line.AmountMinor, line.Currency))
            .Select(leg => new ExpectedLeg(leg, new Id<Posting>(number), line.Kind, IsFee: false, line.Currency, line.CreatedAt));
    }

    private static ExpectedLeg Expect(Payment payment, NewTransfer leg, MovementKind kind, DateTimeOffset at) =>
        new(leg, new Id<Posting>(payment.Id.Value), kind, leg.Code == "fee", payment.Currency, at);

    /// <summary>Has all that the names of its legs are made of.</summary>
    private static Payment StandInFor(Id<Tenant> tenant, Id<Payment> id, BalanceTransaction line) => new()
    {
        Id = id,
        Tenant = tenant,
        State = PaymentState.Captured,
        Currency = line.Currency,
        Provider = line.Provider,
    };
}

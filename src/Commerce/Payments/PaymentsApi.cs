using Basin.Payments.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments;

/// <summary>Sums of one currency, in its minor unit.</summary>
public sealed record MoneyTotals(long Count, long AuthorizedMinor, long CapturedMinor, long RefundedMinor)
{
    public static readonly MoneyTotals None = new(0, 0, 0, 0);

    internal MoneyTotals Plus(long authorized, long captured, long refunded) =>
        new(Count + 1, AuthorizedMinor + authorized, CapturedMinor + captured, RefundedMinor + refunded);
}

/// <summary>A payment whose books do not agree.</summary>
public sealed record MoneyDifference(Id<Payment> Payment, string Sentence);

/// <summary>The own books beside the provider's.</summary>
/// <param name="Ours">By currency.</param>
/// <param name="Provider">By currency; its count is of charges.</param>
/// <param name="Unsettled">Payments that wait for the provider; their books may differ for now and are not compared.</param>
/// <param name="Differences">The first of them.</param>
public sealed record MoneyAudit(
    IReadOnlyDictionary<string, MoneyTotals> Ours,
    IReadOnlyDictionary<string, MoneyTotals> Provider,
    long Unsettled,
    IReadOnlyList<MoneyDifference> Differences);

/// <summary>What other systems may ask Payments.</summary>
public sealed class PaymentsApi([FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers)
{
    private const int AuditStep = 500;
    private const int MaxDifferences = 100;

    /// <summary>Compares every payment of a tenant with what the provider has in its books, page by page.</summary>
    public async Task<MoneyAudit> AuditAsync(Id<Tenant> tenant, CancellationToken cancellation)
    {
        var (ours, theirs) = (new Dictionary<string, MoneyTotals>(), new Dictionary<string, MoneyTotals>());
        var differences = new List<MoneyDifference>();
        var unsettled = 0L;
        for (var after = default(Id<Payment>); ;)
        {
            var payments = await PaymentsStore.ListAfterAsync(store, tenant, after, AuditStep, cancellation);
            var through = payments.Count < AuditStep ? new Id<Payment>(long.MaxValue) : payments[^1].Id;
            var charges = (await ListChargesAsync(tenant, after, through, cancellation)).ToLookup(charge => charge.Payment);
            foreach (var payment in payments)
            {
                Add(ours, payment.Currency, payment.AuthorizedMinor, payment.CapturedMinor, payment.RefundedMinor);
                if (payment.IsSettling)
                    unsettled++;
                else if (DifferenceOf(payment, [.. charges[payment.Id]]) is { } sentence)
                    Note(differences, payment.Id, sentence);
            }
            foreach (var charge in charges.SelectMany(group => group))
                Add(theirs, charge.Currency, charge.AuthorizedMinor, charge.CapturedMinor, charge.RefundedMinor);
            var known = payments.Select(payment => payment.Id).ToHashSet();
            foreach (var strange in charges.Where(group => !known.Contains(group.Key)))
                Note(differences, strange.Key, "Only the provider knows it.");
            if (payments.Count < AuditStep)
                return new MoneyAudit(ours, theirs, unsettled, differences);
            after = through;
        }
    }

    private async Task<IReadOnlyList<ProviderCharge>> ListChargesAsync(
        Id<Tenant> tenant, Id<Payment> after, Id<Payment> through, CancellationToken cancellation)
    {
        var charges = new List<ProviderCharge>();
        foreach (var name in providers.Names)
            charges.AddRange(await providers.Of(name).ListChargesAsync(tenant, after, through, cancellation));
        return charges;
    }

    private static void Note(List<MoneyDifference> differences, Id<Payment> payment, string sentence)
    {
        if (differences.Count < MaxDifferences)
            differences.Add(new MoneyDifference(payment, sentence));
    }

    private static void Add(Dictionary<string, MoneyTotals> totals, string currency, long authorized, long captured, long refunded) =>
        totals[currency] = totals.GetValueOrDefault(currency, MoneyTotals.None).Plus(authorized, captured, refunded);

    private static string? DifferenceOf(Payment payment, ProviderCharge[] charges) => charges switch
    {
        [] => payment.AuthorizedMinor == 0 ? null : "The provider does not know it.",
        [var charge] => Agree(payment, charge) ? null : $"The provider says {charge}.",
        _ => $"The provider holds {charges.Length} charges.",
    };

    private static bool Agree(Payment payment, ProviderCharge charge) =>
        charge.Charge == payment.Charge
        && charge.Currency == payment.Currency
        && charge.AuthorizedMinor == payment.AuthorizedMinor
        && charge.CapturedMinor == payment.CapturedMinor
        && charge.RefundedMinor == payment.RefundedMinor
        && charge.Voided == (payment.State == PaymentState.Voided);
}

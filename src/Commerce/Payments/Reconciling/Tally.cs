namespace Basin.Payments.Reconciling;

/// <summary>Adds to what a comparison has found so far.</summary>
internal sealed class Tally(Reconciliation report)
{
    private readonly Dictionary<string, CurrencyTotals> _totals = report.Totals.ToDictionary(totals => totals.Currency);
    private readonly Dictionary<DifferenceKind, long> _counts = report.Counts.ToDictionary(count => count.Kind, count => count.Count);
    private readonly List<Difference> _differences = [.. report.Differences];
    private readonly List<BalanceComparison> _balances = [.. report.Balances];
    private long _compared = report.Compared;

    public void CountPayment() => _compared++;

    public void Add(IEnumerable<Difference> differences)
    {
        foreach (var difference in differences)
        {
            _counts[difference.Kind] = _counts.GetValueOrDefault(difference.Kind) + 1;
            if (_differences.Count < Reconciliation.MaxDifferences)
                _differences.Add(difference);
        }
    }

    public void Add(BalanceComparison balance) => _balances.Add(balance);

    public void AddMoved(string currency, BookTotals moved) => Change(currency, totals => totals with { Moved = totals.Moved.Plus(moved) });

    public void AddPayments(string currency, BookTotals own) => Change(currency, totals => totals with { Payments = totals.Payments.Plus(own) });

    public void AddProvider(string currency, BookTotals theirs) => Change(currency, totals => totals with { Provider = totals.Provider.Plus(theirs) });

    public void AddLedger(string currency, BookTotals booked) => Change(currency, totals => totals with { Ledger = totals.Ledger.Plus(booked) });

    public Reconciliation Close() => report with
    {
        Compared = _compared,
        Totals = [.. _totals.Values.OrderBy(totals => totals.Currency, StringComparer.Ordinal)],
        Counts = [.. _counts.OrderBy(count => count.Key).Select(count => new DifferenceCount(count.Key, count.Value))],
        Differences = [.. _differences],
        Balances = [.. _balances],
        Trouble = null,
    };

    private void Change(string currency, Func<CurrencyTotals, CurrencyTotals> change) =>
        _totals[currency] = change(_totals.GetValueOrDefault(currency, CurrencyTotals.None(currency)));
}

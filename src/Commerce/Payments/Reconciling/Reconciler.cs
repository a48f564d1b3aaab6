using Basin.Ledger;
using Basin.Payments.Providers;

namespace Basin.Payments.Reconciling;

/// <summary>Reads the books and compares them, a page at a time. It changes nothing but the report in its hand.</summary>
/// <param name="letters">Known once the host has started, which needs whoever runs jobs.</param>
internal sealed class Reconciler(Store store, ProviderDesk providers, ILedger ledger, Func<DeadLetters> letters, TimeProvider time)
{
    private const int PageSize = 100;

    /// <summary>Of transfers in one question to the ledger.</summary>
    private const int MaxAsked = 1000;

    /// <summary>Of the newest lines, in all shards, that are looked for in the ledger one by one.</summary>
    private const int MaxNewest = 2000;

    /// <summary>Pages of dead letters that are looked through.</summary>
    private const int MaxLetterPages = 5;

    /// <returns>The report a page further, at last done.</returns>
    public Task<Reconciliation> GoOnAsync(Reconciliation report, CancellationToken cancellation) => report.Place.Phase switch
    {
        Phase.Made => CompareMadeAsync(report, cancellation),
        Phase.Moved => CompareMovedAsync(report, cancellation),
        Phase.Changed => CompareChangedAsync(report, cancellation),
        _ => CompareBalancesAsync(report, cancellation),
    };

    private async Task<Reconciliation> CompareMadeAsync(Reconciliation report, CancellationToken cancellation)
    {
        var payments = await ReconciliationStore.ListMadeAsync(store, report, PageSize, cancellation);
        var isLast = payments.Count < PageSize;
        var (after, through) = (new Id<Payment>(report.Place.After), isLast ? new Id<Payment>(Snowflake.FirstAt(report.Through) - 1) : payments[^1].Id);
        var charges = after < through ? await ListChargesAsync(report, after, through, cancellation) : [];
        var tally = new Tally(report);
        await CompareAsync(report, tally, payments, charges, cancellation);
        await TellUnknownAsync(report, tally, payments, charges, cancellation);
        return isLast ? tally.Close().GoTo(Phase.Moved) : tally.Close() with { Place = new Place(Phase.Made, through.Value) };
    }

    private async Task<Reconciliation> CompareMovedAsync(Reconciliation report, CancellationToken cancellation)
    {
        var lines = await ReconciliationStore.ListMovedAsync(store, report, PageSize, cancellation);
        var tally = new Tally(report);
        foreach (var leg in lines.SelectMany(line => ExpectedLegs.OfLine(report.Tenant, line)))
            tally.AddMoved(leg.Currency, leg.TotalsOf(leg.Leg.Amount!.Value));
        await ComparePayoutsAsync(report, tally, [.. lines.Where(line => line.Payment is null)], cancellation);
        var older = await ListAsync(report, [.. lines.Select(line => line.Payment).OfType<Id<Payment>>()], cancellation);
        // A payment with several lines in the day is looked at with the first of them.
        var first = await ListFirstLinesAsync(report, older, cancellation);
        await CompareAsync(report, tally, older.FindAll(payment => first[payment.Id] > report.Place.After), cancellation);
        return lines.Count < PageSize ? tally.Close().GoTo(Phase.Changed) : tally.Close() with { Place = new Place(Phase.Moved, lines[^1].Id.Value) };
    }

    private async Task<Reconciliation> CompareChangedAsync(Reconciliation report, CancellationToken cancellation)
    {
        var payments = await ReconciliationStore.ListChangedAsync(store, report, PageSize, cancellation);
        var tally = new Tally(report);
        var moved = await ListFirstLinesAsync(report, payments, cancellation);
        await CompareAsync(report, tally, payments.FindAll(payment => !moved.ContainsKey(payment.Id)), cancellation);
        return payments.Count < PageSize
            ? tally.Close().GoTo(Phase.Balances)
            : tally.Close() with { Place = new Place(Phase.Changed, payments[^1].Id.Value, payments[^1].ChangedAt.ToUnixTimeMilliseconds()) };
    }

    /// <summary>Those that were made before the day.</summary>
    private async Task<List<Payment>> ListAsync(Reconciliation report, IReadOnlyCollection<Id<Payment>> ids, CancellationToken cancellation)
    {
        var begin = Snowflake.FirstAt(report.From);
        return await ReconciliationStore.ListPaymentsAsync(
            store, report, [.. ids.Select(id => id.Value).Where(id => id < begin).Distinct()], cancellation);
    }

    /// <summary>The first line of the day of each payment that has one.</summary>
    private async Task<Dictionary<Id<Payment>, long>> ListFirstLinesAsync(
        Reconciliation report, IReadOnlyCollection<Payment> payments, CancellationToken cancellation)
    {
        var (begin, end) = (Snowflake.FirstAt(report.From), Snowflake.FirstAt(report.Through));
        var lines = await ReconciliationStore.ListLinesAsync(store, report.Tenant, [.. payments.Select(payment => payment.Id.Value)], cancellation);
        return lines
            .Where(line => line.Id.Value >= begin && line.Id.Value < end)
            .GroupBy(line => line.Payment!.Value)
            .ToDictionary(group => group.Key, group => group.Min(line => line.Id.Value));
    }

    /// <summary>Older payments are few: the provider is asked for each.</summary>
    private async Task CompareAsync(Reconciliation report, Tally tally, List<Payment> payments, CancellationToken cancellation)
    {
        var charges = new List<ProviderCharge>();
        foreach (var payment in payments)
            charges.AddRange(await ListChargesAsync(report, new Id<Payment>(payment.Id.Value - 1), payment.Id, cancellation));
        await CompareAsync(report, tally, payments, charges, cancellation);
    }

    /// <summary>
    /// The own books are read before the provider's and the ledger's, and again where something differs: what has changed meanwhile is no difference.
    /// </summary>
    private async Task CompareAsync(
        Reconciliation report, Tally tally, List<Payment> payments, IReadOnlyCollection<ProviderCharge> charges, CancellationToken cancellation)
    {
        if (payments.Count == 0)
            return;
        var lines = (await ReconciliationStore.ListLinesAsync(store, report.Tenant, [.. payments.Select(payment => payment.Id.Value)], cancellation))
            .ToLookup(line => line.Payment!.Value);
        var own = payments.ConvertAll(payment => OwnSide.Of(payment, [.. lines[payment.Id]]));
        var books = await ReadLedgerAsync(
            report.Tenant, [.. own.SelectMany(side => side.Legs)], own.SelectMany(side => ExpectedLegs.UnexpectedOf(side.Payment)), cancellation);
        var ofPayment = charges.ToLookup(charge => charge.Payment);
        foreach (var side in own)
        {
            var differences = Comparison.Compare(side, [.. ofPayment[side.Payment.Id]], books, time.GetUtcNow());
            tally.CountPayment();
            tally.AddPayments(side.Payment.Currency, side.Totals);
            AddBooked(tally, side.Legs, books);
            tally.Add(await ConfirmAsync(side.Payment, differences, cancellation));
        }
        var known = own.ToDictionary(side => side.Payment.Id);
        foreach (var charge in charges.Where(charge => known.ContainsKey(charge.Payment)))
            AddCharge(tally, charge);
    }

    private async ValueTask<IReadOnlyList<Difference>> ConfirmAsync(
        Payment payment, IReadOnlyList<Difference> differences, CancellationToken cancellation)
    {
        if (differences.All(difference => difference.PassesByItself))
            return differences;
        var now = await FindAsync(payment.Tenant, payment.Id, cancellation);
        return now == payment
            ? differences
            : [new Difference(DifferenceKind.Settling, $"{payment.Id}", "It has changed while it was compared.", payment.Currency)];
    }

    private ValueTask<Payment?> FindAsync(Id<Tenant> tenant, Id<Payment> id, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.Of(id), snapshot => PaymentsStore.FindAsync(snapshot, tenant, id), cancellation);

    /// <summary>Charges without a payment; a payment that was requested meanwhile is one.</summary>
    private async Task TellUnknownAsync(
        Reconciliation report, Tally tally, List<Payment> payments, IEnumerable<ProviderCharge> charges, CancellationToken cancellation)
    {
        var known = payments.Select(payment => payment.Id).ToHashSet();
        foreach (var charge in charges.Where(charge => !known.Contains(charge.Payment)))
        {
            var payment = await FindAsync(report.Tenant, charge.Payment, cancellation);
            if (payment?.Provider == report.Provider)
                continue;
            AddCharge(tally, charge);
            tally.Add([Comparison.Unknown(charge, payment?.Provider is { Length: > 0 } other ? other : null)]);
        }
    }

    private async Task ComparePayoutsAsync(Reconciliation report, Tally tally, List<BalanceTransaction> payouts, CancellationToken cancellation)
    {
        var legs = payouts.ConvertAll(line => (line.Source, Legs: ExpectedLegs.OfLine(report.Tenant, line).ToList()));
        var books = await ReadLedgerAsync(report.Tenant, [.. legs.SelectMany(payout => payout.Legs)], [], cancellation);
        foreach (var (payout, ofPayout) in legs)
        {
            foreach (var leg in ofPayout)
                tally.AddPayments(leg.Currency, leg.TotalsOf(leg.Leg.Amount!.Value));
            AddBooked(tally, ofPayout, books);
            tally.Add(books.Compare(payout, ofPayout, time.GetUtcNow()));
        }
    }

    private static void AddBooked(Tally tally, IEnumerable<ExpectedLeg> legs, LedgerSide books)
    {
        foreach (var leg in legs)
        {
            if (books.Transfers.TryGetValue(leg.Id, out var booked))
                tally.AddLedger(leg.Currency, leg.TotalsOf(booked.Amount));
        }
    }

    private static void AddCharge(Tally tally, ProviderCharge charge) => tally.AddProvider(charge.Currency, BookTotals.NoCharges with
    {
        AuthorizedMinor = charge.AuthorizedMinor,
        CapturedMinor = charge.CapturedMinor,
        FeesMinor = charge.FeeMinor,
        RefundsMinor = charge.RefundedMinor,
    });

    private ValueTask<IReadOnlyList<ProviderCharge>> ListChargesAsync(
        Reconciliation report, Id<Payment> after, Id<Payment> through, CancellationToken cancellation) => providers.AskAsync(
        report.Provider, (provider, limited) => provider.ListChargesAsync(report.Tenant, after, through, limited), cancellation);

    private async Task<LedgerSide> ReadLedgerAsync(
        Id<Tenant> tenant, IReadOnlyCollection<ExpectedLeg> legs, IEnumerable<string> others, CancellationToken cancellation)
    {
        var booked = new Dictionary<string, TransferView>();
        foreach (var ids in legs.Select(leg => leg.Id).Concat(others).Distinct().Chunk(MaxAsked))
        {
            foreach (var one in (await ledger.FindAsync(tenant, [], ids, cancellation)).Transfers)
                booked.Add(one.Transfer.Id, one.Transfer);
        }
        var isAllThere = legs.All(leg => booked.ContainsKey(leg.Id));
        return new LedgerSide(booked, isAllThere ? new Dictionary<string, DeadLetter>() : await FindLettersAsync(tenant, cancellation));
    }

    /// <summary>Requests that the ledger could not do yet, or not at all, by subject: the first of each, which the others wait behind.</summary>
    private async Task<Dictionary<string, DeadLetter>> FindLettersAsync(Id<Tenant> tenant, CancellationToken cancellation)
    {
        var found = new Dictionary<string, DeadLetter>();
        var paging = new Paging(Paging.MaxLimit, null);
        for (var pages = 0; pages < MaxLetterPages; pages++)
        {
            var page = await letters().ListAsync(tenant, paging, cancellation);
            foreach (var letter in page.Items.Where(letter => letter.Type == TransfersRequested.Type.Name))
                found.TryAdd(letter.Subject, letter);
            if (page.NextCursor is null)
                break;
            paging = Paging.Of(Paging.MaxLimit, page.NextCursor);
        }
        return found;
    }

    private async Task<Reconciliation> CompareBalancesAsync(Reconciliation report, CancellationToken cancellation)
    {
        var tally = new Tally(report);
        var sums = await ReadBalanceAsync(report, cancellation);
        var names = sums.NetMinor.Keys.ToDictionary(currency => currency, currency => Legs.AccountOf(report.Provider, currency));
        var newest = sums.Newest.SelectMany(line => ExpectedLegs.OfLine(report.Tenant, line)).ToList();
        var extract = await ledger.FindAsync(report.Tenant, [.. names.Values], [.. newest.Select(leg => leg.Id)], cancellation);
        var ahead = await ReadAheadAsync(report, sums, cancellation);
        foreach (var (currency, net) in sums.NetMinor.OrderBy(sum => sum.Key, StringComparer.Ordinal))
        {
            var account = extract.Accounts.FirstOrDefault(account => account.Id == names[currency]);
            var booked = extract.Transfers.Select(one => one.Transfer.Id).ToHashSet();
            var onTheWay = newest.Where(leg => leg.Currency == currency && !booked.Contains(leg.Id)).Sum(leg => leg.GainOf(leg.Leg.Amount!.Value));
            // What has moved since the sums were read, and the ledger has counted already.
            var early = ahead.Where(one => one.Number <= account?.Newest && one.Leg.Currency == currency)
                .Sum(one => one.Leg.GainOf(one.Leg.Leg.Amount!.Value));
            var balance = account is null ? 0 : account.Debits.Posted - account.Credits.Posted;
            var compared = new BalanceComparison(currency, names[currency], net, onTheWay, balance - early);
            tally.Add(compared);
            if (compared.ApartMinor != 0)
                tally.Add([Apart(compared)]);
        }
        return tally.Close() with { State = ReconciliationState.Done };
    }

    private static Difference Apart(BalanceComparison compared)
    {
        var (ours, theirs) = (new Money(compared.PaymentsMinor, compared.Currency), new Money(compared.LedgerMinor, compared.Currency));
        var way = compared.OnTheWayMinor == 0 ? "" : $", of which {new Money(compared.OnTheWayMinor, compared.Currency)} is on its way";
        return new Difference(
            DifferenceKind.BalanceDiffers, compared.Account, $"The lines of the balance sum up to {ours}{way}; the ledger has {theirs}.", compared.Currency,
            -compared.ApartMinor);
    }

    /// <summary>What the provider owes by the own books.</summary>
    /// <param name="NetMinor">By currency.</param>
    /// <param name="Newest">The last lines that the sums count.</param>
    /// <param name="Last">The id of the newest of each shard; 0 when there is none.</param>
    private sealed record OwnBalance(Dictionary<string, long> NetMinor, List<BalanceTransaction> Newest, List<long> Last);

    private async Task<OwnBalance> ReadBalanceAsync(Reconciliation report, CancellationToken cancellation)
    {
        var sums = new OwnBalance([], [], []);
        var limit = Math.Max(1, MaxNewest / store.Shards.Count);
        foreach (var shard in store.Shards)
        {
            var (days, newest) = await shard.ReadAsync(
                async snapshot => (
                    await BalanceStore.ListDaysAsync(snapshot, report.Tenant),
                    await ReconciliationStore.ListNewestAsync(snapshot, report.Tenant, report.Provider, after: 0, limit)),
                cancellation);
            foreach (var day in days.Where(day => day.Provider == report.Provider))
                sums.NetMinor[day.Currency] = sums.NetMinor.GetValueOrDefault(day.Currency) + day.NetMinor;
            sums.Newest.AddRange(newest);
            sums.Last.Add(newest is [var last, ..] ? last.Id.Value : 0);
        }
        return sums;
    }

    /// <summary>Legs of lines that were written after the sums were read, with their places in the journal of the ledger.</summary>
    private async Task<List<(ExpectedLeg Leg, long Number)>> ReadAheadAsync(Reconciliation report, OwnBalance sums, CancellationToken cancellation)
    {
        var lines = new List<BalanceTransaction>();
        foreach (var (shard, last) in store.Shards.Zip(sums.Last))
        {
            lines.AddRange(await shard.ReadAsync(
                snapshot => ReconciliationStore.ListNewestAsync(snapshot, report.Tenant, report.Provider, last, MaxNewest), cancellation));
        }
        var legs = lines.SelectMany(line => ExpectedLegs.OfLine(report.Tenant, line)).ToDictionary(leg => leg.Id);
        var ahead = new List<(ExpectedLeg, long)>();
        foreach (var ids in legs.Keys.Chunk(MaxAsked))
            ahead.AddRange((await ledger.FindAsync(report.Tenant, [], ids, cancellation)).Transfers.Select(one => (legs[one.Transfer.Id], one.Number)));
        return ahead;
    }
}

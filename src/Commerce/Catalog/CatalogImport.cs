namespace Basin.Catalog;

/// <summary>One row of an import: a product, or why it is none.</summary>
/// <param name="Row">The number of its line; the first is 1.</param>
internal readonly record struct ImportRow(long Row, ProductDetails? Details, Problem? Refusal);

public enum ImportOutcome
{
    Created,
    Updated,
    Unchanged,
    Refused,
}

/// <summary>What became of one row.</summary>
/// <param name="Row">The number of its line; the first is 1.</param>
/// <param name="Id">The product, unless the row was refused.</param>
/// <param name="Code">The problem's code when the row was refused.</param>
/// <param name="Errors">Sentences by the JSON path of the member that they are about.</param>
public sealed record ImportVerdict(
    long Row,
    ImportOutcome Verdict,
    Id<Product>? Id = null,
    string? Code = null,
    string? Detail = null,
    IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>What became of an import; the last line of its answer.</summary>
/// <param name="Complete">Whether every row was looked at. When not, the code says why; what has a verdict stays done.</param>
public sealed record ImportSummary(
    bool Complete, long Rows, long Created, long Updated, long Unchanged, long Refused, string? Code = null, string? Detail = null);

/// <summary>
/// Creates or changes products row by row. A row is the product that has its SKUs, so the same file may be sent again: what it
/// has done already is unchanged.
/// </summary>
internal sealed class CatalogImport(Store store, CatalogOptions options, TimeProvider time)
{
    private const int MaxTries = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Imports what is in memory already.</summary>
    public async Task<ImportSummary> RunAsync(Id<Tenant> tenant, IEnumerable<ProductDetails> products, CancellationToken cancellation)
    {
        var tally = new ImportTally();
        foreach (var chunk in products.Chunk(options.ImportBatchRows))
        {
            var rows = chunk.Select((details, i) => Checked(tally.Rows + i + 1, details)).ToList();
            tally.Count(await ApplyAsync(tenant, rows, cancellation));
        }
        return tally.Summary();
    }

    /// <summary>Imports what arrives, and hands on the verdicts of each batch as soon as it is committed.</summary>
    public async Task<ImportSummary> RunAsync(
        Id<Tenant> tenant, ImportReader reader, Func<IReadOnlyList<ImportVerdict>, ValueTask> answer, CancellationToken cancellation)
    {
        var tally = new ImportTally();
        var rows = new List<ImportRow>(options.ImportBatchRows);
        try
        {
            while (await reader.ReadAsync(rows, cancellation))
            {
                var verdicts = await ApplyAsync(tenant, rows, cancellation);
                tally.Count(verdicts);
                await answer(verdicts);
            }
            return tally.Summary();
        }
        catch (StoreUnavailableException unavailable)
        {
            return tally.Interrupted(KernelProblems.Of(unavailable));
        }
    }

    /// <summary>The row, or its refusal when its product is not valid.</summary>
    public static ImportRow Checked(long row, ProductDetails details)
    {
        var checks = new Checks();
        details.Check(checks);
        return new ImportRow(row, details, checks.Problem);
    }

    /// <summary>Writes a batch in one transaction. A busy store is asked again: an import has time.</summary>
    private async Task<IReadOnlyList<ImportVerdict>> ApplyAsync(Id<Tenant> tenant, List<ImportRow> rows, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await store.WriteAsync(ShardKey.First, tx => ApplyAsync(tx, tenant, rows), cancellation);
            }
            catch (StoreUnavailableException busy) when (busy.Reason == StoreUnavailableException.Reasons.Busy && attempt < MaxTries)
            {
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }

    private static async ValueTask<IReadOnlyList<ImportVerdict>> ApplyAsync(Transaction tx, Id<Tenant> tenant, List<ImportRow> rows)
    {
        var verdicts = new List<ImportVerdict>(rows.Count);
        foreach (var row in rows)
            verdicts.Add(row.Refusal is { } refusal ? Refused(row.Row, refusal) : await ApplyAsync(tx, tenant, row.Row, row.Details!));
        return verdicts;
    }

    private static async ValueTask<ImportVerdict> ApplyAsync(Transaction tx, Id<Tenant> tenant, long row, ProductDetails details)
    {
        var owners = await CatalogStore.OwnersAsync(tx, tenant, details.Variants);
        var owner = owners.FirstOrDefault(id => id is not null);
        if (Product.RefuseTaken(owners, owner) is { } taken)
            return Refused(row, taken);
        var before = owner is { } id ? await CatalogStore.FindAsync(tx, tenant, id) : null;
        var after = before?.Change(details, tx.Now) ?? Product.Create(tx.NewId<Product>(), tenant, details, tx.Now);
        if (after == before)
            return new ImportVerdict(row, ImportOutcome.Unchanged, after.Id);
        await CatalogStore.SaveAsync(tx, before, after);
        return new ImportVerdict(row, before is null ? ImportOutcome.Created : ImportOutcome.Updated, after.Id);
    }

    private static ImportVerdict Refused(long row, Problem refusal) => new(
        row, ImportOutcome.Refused, Code: refusal.Code, Detail: refusal.Detail, Errors: refusal.Errors.Count == 0 ? null : refusal.Errors);
}

/// <summary>Counts verdicts.</summary>
internal sealed class ImportTally
{
    private readonly long[] _counts = new long[Enum.GetValues<ImportOutcome>().Length];

    public long Rows => _counts.Sum();

    public void Count(IReadOnlyList<ImportVerdict> verdicts)
    {
        foreach (var verdict in verdicts)
            _counts[(int)verdict.Verdict]++;
    }

    public ImportSummary Summary() => new(
        Complete: true, Rows, Of(ImportOutcome.Created), Of(ImportOutcome.Updated), Of(ImportOutcome.Unchanged), Of(ImportOutcome.Refused));

    public ImportSummary Interrupted(Problem why) => Summary() with { Complete = false, Code = why.Code, Detail = why.Title };

    private long Of(ImportOutcome outcome) => _counts[(int)outcome];
}

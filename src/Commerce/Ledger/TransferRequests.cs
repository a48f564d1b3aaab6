namespace Basin.Ledger;

/// <summary>Takes the requests that other systems publish.</summary>
internal static class TransferRequests
{
    /// <summary>Of what was refused, in the sentence that an operator reads.</summary>
    private const int MaxNamed = 20;

    /// <exception cref="ProblemException">Something has no shape.</exception>
    /// <exception cref="InvalidOperationException">Something was refused. Nothing is kept, so that no id has failed for ever.</exception>
    public static async ValueTask RequestAsync(Transaction tx, TransfersRequested asked, EventContext context)
    {
        LedgerApi.Check(asked);
        var opened = await LedgerApi.OpenAsync(tx, context.Tenant, asked.Accounts);
        Demand("accounts", opened.Where(one => one.Status is not (AccountStatus.Created or AccountStatus.Exists)), one => $"{one.Id} {one.Status}");
        var moved = await LedgerApi.TransferAsync(tx, context.Tenant, asked.Transfers);
        Demand("transfers", moved.Where(one => one.Status is not (TransferStatus.Created or TransferStatus.Exists)), one => $"{one.Id} {one.Status}");
    }

    private static void Demand<T>(string what, IEnumerable<T> refused, Func<T, string> name)
    {
        string[] named = [.. refused.Take(MaxNamed).Select(name)];
        if (named.Length > 0)
            throw new InvalidOperationException($"The ledger refused {what}: {string.Join(", ", named)}.");
    }
}

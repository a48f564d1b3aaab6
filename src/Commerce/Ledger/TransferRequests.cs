namespace Basin.Ledger;

/// <summary>Takes the requests that other systems publish. Those that come together are one batch.</summary>
internal static class TransferRequests
{
    /// <summary>Of what was refused, in the sentence that an operator reads.</summary>
    private const int MaxNamed = 20;

    /// <exception cref="ProblemException">Something has no shape.</exception>
    /// <exception cref="InvalidOperationException">Something was refused. Nothing is kept, so that no id has failed for ever.</exception>
    public static async ValueTask RequestAsync(Transaction tx, IReadOnlyList<(TransfersRequested Happened, EventContext Context)> asked)
    {
        foreach (var ofTenant in asked.GroupBy(one => one.Context.Tenant, one => one.Happened))
            await RequestAsync(tx, ofTenant.Key, [.. ofTenant]);
    }

    private static async ValueTask RequestAsync(Transaction tx, Id<Tenant> tenant, List<TransfersRequested> asked)
    {
        foreach (var one in asked)
            LedgerApi.Check(one);
        // An open chain would go on with the next request's transfers; alone it is refused by its name.
        if (asked.Count > 1 && asked.Exists(one => one.Transfers is [.., { Linked: true }]))
            throw new InvalidOperationException("The last transfer of a request is linked to none.");

        var opened = await LedgerApi.OpenAsync(tx, tenant, [.. asked.SelectMany(one => one.Accounts).Distinct()]);
        Demand("accounts", opened.Where(one => one.Status is not (AccountStatus.Created or AccountStatus.Exists)), one => $"{one.Id} {one.Status}");
        // Hardly ever one is asked for twice. If it is, the journal refuses the second, and each is tried alone.
        var moved = await LedgerApi.TransferAsync(tx, tenant, [.. asked.SelectMany(one => one.Transfers)], areNew: asked.Count > 1);
        Demand("transfers", moved.Where(one => one.Status is not (TransferStatus.Created or TransferStatus.Exists)), one => $"{one.Id} {one.Status}");
    }

    private static void Demand<T>(string what, IEnumerable<T> refused, Func<T, string> name)
    {
        string[] named = [.. refused.Take(MaxNamed).Select(name)];
        if (named.Length > 0)
            throw new InvalidOperationException($"The ledger refused {what}: {string.Join(", ", named)}.");
    }
}

namespace Basin.Inventory;

/// <summary>Units of one SKU from one warehouse.</summary>
public sealed record Pick(string Sku, string Warehouse, long Quantity);

/// <summary>Decides which warehouses serve a request: all of its lines, or none.</summary>
/// <param name="Picks">Empty when something is missing.</param>
/// <param name="Missing">The SKUs of which there is not enough.</param>
public sealed record Allocation(IReadOnlyList<Pick> Picks, IReadOnlyList<string> Missing)
{
    /// <summary>
    /// One warehouse that has everything is preferred, because it sends one parcel; the first by code when there are several. Otherwise each line
    /// comes from where there is most of it.
    /// </summary>
    /// <param name="wanted">Units by SKU; more than none of each.</param>
    /// <param name="levels">Every level of these SKUs.</param>
    public static Allocation Of(IReadOnlyDictionary<string, long> wanted, IReadOnlyList<StockLevel> levels)
    {
        var missing = wanted.Where(line => AvailableOf(line.Key, levels) < line.Value).Select(line => line.Key).ToList();
        if (missing.Count > 0)
            return new Allocation([], missing);
        return new Allocation(FromOne(wanted, levels) ?? FromSeveral(wanted, levels), []);
    }

    private static long AvailableOf(string sku, IReadOnlyList<StockLevel> levels)
    {
        var available = 0L;
        foreach (var level in levels)
            available += level.Sku == sku ? level.Available : 0;
        return available;
    }

    private static List<Pick>? FromOne(IReadOnlyDictionary<string, long> wanted, IReadOnlyList<StockLevel> levels)
    {
        var warehouse = levels
            .Where(level => level.Available >= wanted.GetValueOrDefault(level.Sku, long.MaxValue))
            .GroupBy(level => level.Warehouse)
            .Where(group => group.Count() == wanted.Count)
            .Min(group => group.Key);
        return warehouse is null ? null : [.. wanted.Select(line => new Pick(line.Key, warehouse, line.Value))];
    }

    private static List<Pick> FromSeveral(IReadOnlyDictionary<string, long> wanted, IReadOnlyList<StockLevel> levels)
    {
        var picks = new List<Pick>();
        foreach (var (sku, quantity) in wanted)
        {
            var left = quantity;
            var sources = levels.Where(level => level.Sku == sku).OrderByDescending(level => level.Available).ThenBy(level => level.Warehouse);
            foreach (var level in sources.TakeWhile(_ => left > 0))
            {
                var taken = Math.Min(left, level.Available);
                picks.Add(new Pick(sku, level.Warehouse, taken));
                left -= taken;
            }
        }
        return picks;
    }
}

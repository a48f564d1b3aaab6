using Basin.Catalog;
using Basin.Kernel.Hosting;
using Basin.Orders;

namespace Basin.Bench;

/// <summary>What becomes of an order; known before it is sent.</summary>
internal enum Fate
{
    Delivered,
    Declined,
    OutOfStock,
    Cancelled,
}

/// <param name="Fate">A cancellation may come too late; then the order is delivered.</param>
/// <param name="IsSentAgain">Under the same key, as by a client that has lost the answer.</param>
internal sealed record PlannedOrder(PlaceOrder Request, Fate Fate, bool IsSentAgain)
{
    public int Units => Request.Lines.Sum(line => line.Quantity);
}

/// <summary>
/// Orders as a shop gets them: of every thousand 10 are declined, 5 want what is sold out, 5 are cancelled at once and 10 are sent twice; 1 to 5 lines over
/// 5,000 SKUs, of which the n-th is wanted 1/n times as often as the first (Zipf's law).
/// </summary>
/// <param name="seed">Decides all of them.</param>
internal sealed class OrderMix(int seed)
{
    public const int Products = 5_000;
    public const int UnitsOfEach = 100_000_000;
    private const int MaxLines = 5;
    private const string SoldOutSku = "BENCH-SOLD-OUT";
    private const int Customers = 100_000;
    private const int MaxQuantity = 3;

    /// <summary>How much is wanted of the first n SKUs, for each n.</summary>
    private static readonly double[] WantedUpTo = WantedByRank();

    private readonly Randomness _chance = new(seed);

    public static string SkuAt(int product) => $"BENCH-{product:00000}";

    /// <summary>What can be wanted, with one that is never there.</summary>
    public static IEnumerable<ProductDetails> AllProducts => Enumerable.Range(0, Products).Select(SkuAt).Append(SoldOutSku)
        .Select(sku => new ProductDetails($"Product {sku}", "EUR", [new Variant(sku, 1_290)], ["Everything"]));

    public PlannedOrder Next()
    {
        var fate = _chance.Next(1000) switch
        {
            < 10 => Fate.Declined,
            < 15 => Fate.OutOfStock,
            < 20 => Fate.Cancelled,
            _ => Fate.Delivered,
        };
        var lines = Enumerable.Range(0, 1 + _chance.Next(MaxLines)).Select(_ => LineOf(SkuAt(NextProduct()))).ToList();
        if (fate == Fate.OutOfStock)
            lines[0] = LineOf(SoldOutSku);
        var request = new PlaceOrder(
            $"ada{_chance.Next(Customers)}@example.com",
            new ShipTo("Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB"),
            [.. lines.DistinctBy(line => line.Sku)],
            new PaymentMeans(fate == Fate.Declined ? "tok_chargeDeclined" : "tok_visa"));
        return new PlannedOrder(request, fate, IsSentAgain: _chance.Next(1000) < 10);
    }

    private PlaceOrderLine LineOf(string sku) => new(sku, 1 + _chance.Next(MaxQuantity));

    private int NextProduct()
    {
        var place = Array.BinarySearch(WantedUpTo, _chance.NextDouble() * WantedUpTo[^1]);
        var rank = Math.Min(place < 0 ? ~place : place, Products - 1);
        // What sells well is not in one place: the multiplier has no divisor in common with the number of products.
        return (int)(rank * 2_333L % Products);
    }

    private static double[] WantedByRank()
    {
        var sum = 0.0;
        return [.. Enumerable.Range(1, Products).Select(rank => sum += 1.0 / rank)];
    }
}

using System.Text.Json.Serialization;

namespace Basin.Cart;

/// <summary>So many of one SKU, at the price that the shopper knows.</summary>
/// <param name="KnownMinor">The price of one when it was added, or when a change was accepted, in the currency's minor unit.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record CartItem(string Sku, int Quantity, long KnownMinor, string Currency);

/// <summary>What a price was when the shopper looked.</summary>
public sealed record SeenPrice(string Sku, long PriceMinor) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Sku, "sku", ShoppingCart.MaxSkuLength);
        checks.Range(PriceMinor, "priceMinor", 0, long.MaxValue);
    }
}

/// <summary>What somebody wants to buy, in the order in which it was added.</summary>
/// <param name="Owner">The customer or visitor whose cart it is; null for the cart of a program.</param>
/// <param name="Version">1 at first, one more at every change: the ETag.</param>
public sealed record ShoppingCart(
    Id<ShoppingCart> Id, Id<Tenant> Tenant, string? Owner, long Version, DateTimeOffset ChangedAt, IReadOnlyList<CartItem> Items) : IEntity
{
    public const int MaxLines = 100;
    public const int MaxQuantity = 1000;
    public const int MaxSkuLength = 64;

    public static string Prefix => "crt";

    internal static ShoppingCart Empty(Id<ShoppingCart> id, Id<Tenant> tenant, string? owner, DateTimeOffset now) => new(id, tenant, owner, Version: 1, now, []);

    /// <summary>Puts more of an SKU into the cart, up to the largest quantity. What is in the cart already keeps the price that the shopper knows.</summary>
    /// <param name="offer">Its offer of now; null when it is not for sale.</param>
    internal (ShoppingCart Next, Problem? Refusal) Add(string sku, int quantity, Catalog.Offer? offer)
    {
        if (offer is null)
            return (this, CartProblems.NotForSale);
        if (Items.FirstOrDefault(item => item.Sku == sku) is { } known)
            return (Replace(known, known with { Quantity = Sum(known.Quantity, quantity) }), null);
        return Append(sku, quantity, offer);
    }

    /// <summary>Sets how many of an SKU are wanted; what has gone off sale can still be made fewer.</summary>
    internal (ShoppingCart Next, Problem? Refusal) Set(string sku, int quantity, Catalog.Offer? offer)
    {
        if (Items.FirstOrDefault(item => item.Sku == sku) is { } known)
            return (Replace(known, known with { Quantity = quantity }), null);
        return offer is null ? (this, CartProblems.NotForSale) : Append(sku, quantity, offer);
    }

    /// <summary>Takes an SKU out; one that is not there leaves the cart as it is.</summary>
    internal ShoppingCart Remove(string sku) => With([.. Items.Where(item => item.Sku != sku)]);

    internal ShoppingCart Clear() => With([]);

    /// <summary>Takes over the prices that the shopper has seen, where they are the prices of now; one that has moved on stays to be confirmed.</summary>
    internal ShoppingCart AcceptPrices(IReadOnlyCollection<SeenPrice> seen, IReadOnlyDictionary<string, Catalog.Offer> offers) => With(
        [.. Items.Select(item => offers.TryGetValue(item.Sku, out var offer) && seen.Contains(new SeenPrice(item.Sku, offer.PriceMinor))
            ? item with { KnownMinor = offer.PriceMinor, Currency = offer.Currency }
            : item)]);

    /// <summary>
    /// What a visitor had collected joins the customer's own: quantities add up to the largest one, lines to the largest number, the customer's first.
    /// An SKU of both keeps the price that the customer's cart knows.
    /// </summary>
    internal ShoppingCart Merge(IReadOnlyList<CartItem> visitors)
    {
        var items = Items.ToList();
        foreach (var item in visitors)
        {
            var at = items.FindIndex(own => own.Sku == item.Sku);
            if (at >= 0)
                items[at] = items[at] with { Quantity = Sum(items[at].Quantity, item.Quantity) };
            else if (items.Count < MaxLines)
                items.Add(item);
        }
        return With(items);
    }

    private (ShoppingCart Next, Problem? Refusal) Append(string sku, int quantity, Catalog.Offer offer) => Items.Count == MaxLines
        ? (this, CartProblems.Full)
        : (With([.. Items, new CartItem(sku, quantity, offer.PriceMinor, offer.Currency)]), null);

    private ShoppingCart Replace(CartItem before, CartItem after) => With([.. Items.Select(item => item == before ? after : item)]);

    private static int Sum(int one, int other) => Math.Min(one + other, MaxQuantity);

    /// <summary>Versions count changes: the same items again are none.</summary>
    private ShoppingCart With(IReadOnlyList<CartItem> items) => items.SequenceEqual(Items) ? this : this with { Items = items, Version = Version + 1 };
}

/// <summary>A line with what the catalogue says now.</summary>
/// <param name="PriceMinor">The price of one now; the known one while it is not for sale.</param>
/// <param name="KnownMinor">The price of one that the shopper knows, in <paramref name="KnownCurrency"/>.</param>
/// <param name="Available">Whether it is for sale; what is not is not counted.</param>
/// <param name="PriceChanged">Whether the shopper has yet to accept the price of now.</param>
public sealed record CartLine(
    string Sku,
    int Quantity,
    string Title,
    string Option,
    Id<Catalog.Product>? Product,
    string? Picture,
    long PriceMinor,
    string Currency,
    long KnownMinor,
    string KnownCurrency,
    bool Available,
    bool PriceChanged)
{
    [JsonIgnore]
    public Money Price => new(PriceMinor, Currency);

    [JsonIgnore]
    public Money KnownPrice => new(KnownMinor, KnownCurrency);

    [JsonIgnore]
    public Money Total => Price * Quantity;

    internal static CartLine Of(CartItem item, Catalog.Offer? offer) => offer is null
        ? new CartLine(item.Sku, item.Quantity, item.Sku, "", null, null, item.KnownMinor, item.Currency, item.KnownMinor, item.Currency, false, false)
        : new CartLine(
            item.Sku, item.Quantity, offer.Title, offer.Option, offer.Product, offer.Picture, offer.PriceMinor, offer.Currency, item.KnownMinor,
            item.Currency, true, offer.PriceMinor != item.KnownMinor || offer.Currency != item.Currency);
}

/// <summary>A cart at the prices of now.</summary>
/// <param name="Version">What <c>If-Match</c> compares.</param>
/// <param name="Pieces">How many pieces are for sale, over all lines.</param>
/// <param name="Totals">One per currency.</param>
/// <param name="PricesChanged">Whether a price waits for the shopper's consent.</param>
public sealed record CartView(
    Id<ShoppingCart> Id,
    string? Owner,
    long Version,
    IReadOnlyList<CartLine> Lines,
    int Pieces,
    IReadOnlyList<Money> Totals,
    bool PricesChanged)
{
    internal static CartView Of(ShoppingCart cart, IReadOnlyDictionary<string, Catalog.Offer> offers)
    {
        var lines = cart.Items.Select(item => CartLine.Of(item, offers.GetValueOrDefault(item.Sku))).ToList();
        var counted = lines.FindAll(line => line.Available);
        return new CartView(
            cart.Id,
            cart.Owner,
            cart.Version,
            lines,
            counted.Sum(line => line.Quantity),
            [.. counted.GroupBy(line => line.Currency, (_, same) => same.Select(line => line.Total).Aggregate((sum, total) => sum + total))],
            counted.Exists(line => line.PriceChanged));
    }
}

using Basin.Cart;
using Basin.Catalog;
using Microsoft.AspNetCore.Http;

namespace Basin.Orders.Pages;

/// <summary>
/// What the checkout page shows and sends back. The lines and the total travel in the form, so what is ordered is what was shown, and the same form
/// sent twice is the same request.
/// </summary>
internal sealed record CheckoutForm
{
    public string Email { get; init; } = "";

    public string Name { get; init; } = "";

    public string Line1 { get; init; } = "";

    public string City { get; init; } = "";

    public string PostalCode { get; init; } = "";

    public string Country { get; init; } = "DE";

    public string Payment { get; init; } = "tok_visa";

    /// <summary>Names this attempt: the Idempotency-Key of the order.</summary>
    public required string Attempt { get; init; }

    public required Id<ShoppingCart> Cart { get; init; }

    public required long CartVersion { get; init; }

    public required IReadOnlyList<PlaceOrderLine> Lines { get; init; }

    public required long TotalMinor { get; init; }

    /// <summary>A new attempt to buy what is in the cart and for sale.</summary>
    public static CheckoutForm Of(CartView cart, Shopper shopper) => new()
    {
        Email = shopper.Email ?? "",
        Attempt = SecretToken.New(),
        Cart = cart.Id,
        CartVersion = cart.Version,
        Lines = [.. cart.Lines.Where(line => line.Available).Select(line => new PlaceOrderLine(line.Sku, line.Quantity))],
        TotalMinor = 0,
    };

    /// <exception cref="ProblemException">A field that nobody types is missing or wrong.</exception>
    public static CheckoutForm Read(IFormCollection form)
    {
        string[] skus = [.. form["sku"].Select(sku => sku ?? "")];
        var quantities = form["quantity"];
        if (skus.Length is 0 or > Order.MaxLines || quantities.Count != skus.Length)
            throw KernelProblems.Invalid.At("sku", $"1 to {Order.MaxLines} SKUs and as many quantities are expected.").Refusal();
        return new CheckoutForm
        {
            Email = form["email"].ToString().Trim(),
            Name = form["name"].ToString().Trim(),
            Line1 = form["line1"].ToString().Trim(),
            City = form["city"].ToString().Trim(),
            PostalCode = form["postalCode"].ToString().Trim(),
            Country = form["country"].ToString(),
            Payment = form["payment"].ToString(),
            Attempt = form["attempt"].ToString() is { Length: SecretToken.Length } attempt ? attempt : throw Wrong("attempt"),
            Cart = Id<ShoppingCart>.TryParse(form["cart"].ToString(), null, out var cart) ? cart : throw Wrong("cart"),
            CartVersion = Number(form, "cartVersion"),
            Lines = [.. skus.Zip(quantities, (sku, quantity) => new PlaceOrderLine(sku, int.TryParse(quantity, out var q) ? q : throw Wrong("quantity")))],
            TotalMinor = Number(form, "total"),
        };
    }

    public PlaceOrder ToRequest() => new(Email, new ShipTo(Name, Line1, City, PostalCode, Country), Lines, new PaymentMeans(Payment), TotalMinor);

    /// <summary>The lines at the prices of now; those that are not for sale any more are left out.</summary>
    public IReadOnlyList<OrderLine> LinesAt(IReadOnlyDictionary<string, Offer> offers) =>
    [
        .. Lines.Where(line => offers.ContainsKey(line.Sku)).Select(line =>
        {
            var offer = offers[line.Sku];
            return new OrderLine(line.Sku, offer.Title, offer.Option, line.Quantity, offer.PriceMinor);
        }),
    ];

    private static long Number(IFormCollection form, string field) => long.TryParse(form[field].ToString(), out var number) ? number : throw Wrong(field);

    private static ProblemException Wrong(string field) => KernelProblems.Invalid.At(field, "The value is missing or cannot be read.").Refusal();
}

/// <summary>The sandbox's cards that a customer can choose from.</summary>
internal sealed record TestCard(string Token, string Name, string Outcome)
{
    public static readonly IReadOnlyList<TestCard> All =
    [
        new("tok_visa", "Visa ending 4242", "Succeeds"),
        new("tok_chargeDeclined", "Visa ending 0002", "Declined"),
        new("tok_chargeDeclinedInsufficientFunds", "Mastercard ending 9995", "Insufficient funds"),
        new("tok_timeout", "Visa ending 3155", "Answers late, then succeeds"),
        new("tok_unknown", "Visa ending 3063", "Outcome unknown at first, then succeeds"),
    ];
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Basin.Cart;

/// <summary>The routes of carts: <c>/v1/carts</c> for programs, <c>/cart</c> for the forms of the shop.</summary>
internal static class CartEndpoints
{
    private const string SkuExpected = "The SKU has 1 to 64 printable characters.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var carts = routes.MapGroup("/v1/carts").WithTags("Cart").WithChecks();
        carts.MapPost("/", CreateCart).RequireScope("carts:write").Answers(StatusCodes.Status201Created);
        carts.MapGet("/{id}", FindCart).RequireScope("carts:read");
        carts.MapDelete("/{id}", DeleteCart).RequireScope("carts:write");
        carts.MapPut("/{id}/items/{sku}", SetItem).RequireScope("carts:write");
        carts.MapDelete("/{id}/items/{sku}", RemoveItem).RequireScope("carts:write");
        carts.MapPost("/{id}/accept-prices", AcceptPrices).RequireScope("carts:write");

        var shop = routes.MapGroup("/cart").ExcludeFromDescription();
        shop.MapPost("/items", AddFromShop);
        shop.MapPost("/items/{sku}", SetFromShop);
        shop.MapPost("/items/{sku}/remove", RemoveFromShop);
        shop.MapPost("/accept-prices", AcceptPricesFromShop);
    }

    /// <summary>Makes a cart. With an owner who has one, answers that.</summary>
    private static Task<Answer<CartContents>> CreateCart(NewCart request, Caller caller, Once once, CartApi carts, CancellationToken cancellation) =>
        carts.CreateAsync(caller.Tenant, request, once, cancellation);

    /// <summary>Shows a cart at the prices of now, with its version as <c>ETag</c>.</summary>
    private static async Task<Answer<CartView>> FindCart(Id<ShoppingCart> id, Caller caller, CartApi carts, CancellationToken cancellation) =>
        await carts.FindAsync(caller.Tenant, id, cancellation) is { } cart
            ? Answer.Ok(cart).Tagged(IfMatch.TagOf(cart.Version))
            : KernelProblems.NotFound;

    /// <summary>Deletes a cart.</summary>
    private static Task<Answer<Nothing>> DeleteCart(
        Id<ShoppingCart> id, IfMatch match, Caller caller, Once once, CartApi carts, CancellationToken cancellation) =>
        carts.DeleteAsync(caller.Tenant, id, match, once, cancellation);

    /// <summary>Sets how many of an SKU are wanted.</summary>
    private static Task<Answer<CartContents>> SetItem(
        Id<ShoppingCart> id, string sku, SetItem request, IfMatch match, Caller caller, Once once, CartApi carts, CancellationToken cancellation) =>
        carts.SetAsync(caller.Tenant, CartPlace.At(id, match), CheckedSku(sku), request.Quantity, once, cancellation);

    /// <summary>Takes an SKU out; one that is not there changes nothing.</summary>
    private static Task<Answer<CartContents>> RemoveItem(
        Id<ShoppingCart> id, string sku, IfMatch match, Caller caller, Once once, CartApi carts, CancellationToken cancellation) =>
        carts.RemoveAsync(caller.Tenant, CartPlace.At(id, match), CheckedSku(sku), once, cancellation);

    /// <summary>Accepts prices that have changed since the SKUs were added. Only those are accepted that are still the prices of now.</summary>
    private static Task<Answer<CartContents>> AcceptPrices(
        Id<ShoppingCart> id, AcceptPrices request, IfMatch match, Caller caller, Once once, CartApi carts, CancellationToken cancellation) =>
        carts.AcceptPricesAsync(caller.Tenant, CartPlace.At(id, match), request, once, cancellation);

    private static Task<SeeOther> AddFromShop(
        [FromForm] string sku, [FromForm] int quantity, Shopper shopper, OnceRegistry registry, CartApi carts, CancellationToken cancellation) =>
        ToCartAsync(carts.AddAsync(
            shopper.Tenant, CartPlace.Of(shopper), CheckedSku(sku), Checked(quantity), registry.For(shopper.Caller, key: null, "add"), cancellation));

    private static Task<SeeOther> SetFromShop(
        string sku, [FromForm] int quantity, Shopper shopper, OnceRegistry registry, CartApi carts, CancellationToken cancellation) =>
        ToCartAsync(carts.SetAsync(
            shopper.Tenant, CartPlace.Of(shopper), CheckedSku(sku), Checked(quantity), registry.For(shopper.Caller, key: null, "set"), cancellation));

    /// <param name="form">Binding it checks the form's token.</param>
    private static Task<SeeOther> RemoveFromShop(
        string sku, IFormCollection form, Shopper shopper, OnceRegistry registry, CartApi carts, CancellationToken cancellation) =>
        ToCartAsync(carts.RemoveAsync(
            shopper.Tenant, CartPlace.Of(shopper), CheckedSku(sku), registry.For(shopper.Caller, key: null, "remove"), cancellation));

    /// <summary>The form lists, side by side, the SKUs and the prices that the page has shown.</summary>
    private static Task<SeeOther> AcceptPricesFromShop(
        [FromForm] StringValues sku, [FromForm] long[] price, Shopper shopper, OnceRegistry registry, CartApi carts, CancellationToken cancellation)
    {
        var checks = new Checks();
        checks.That(sku.Count == price.Length, "price", "As many prices as SKUs are expected.");
        var request = new AcceptPrices([.. sku.Zip(price, (each, seen) => new SeenPrice(each ?? "", seen))]);
        request.Check(checks);
        return checks.Problem is { } problem
            ? throw problem.Refusal()
            : ToCartAsync(carts.AcceptPricesAsync(
                shopper.Tenant, CartPlace.Of(shopper), request, registry.For(shopper.Caller, key: null, "accept"), cancellation));
    }

    /// <summary>A refusal is told on the page of the cart.</summary>
    private static async Task<SeeOther> ToCartAsync(Task<Answer<CartContents>> change)
    {
        try
        {
            await change;
            return new SeeOther("/cart");
        }
        catch (ProblemException refused) when (CartProblems.All.Contains(refused.Problem))
        {
            return new SeeOther($"/cart?refused={refused.Problem.Code}");
        }
    }

    private static string CheckedSku(string sku) =>
        sku.Length is > 0 and <= ShoppingCart.MaxSkuLength && !sku.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? sku
            : throw KernelProblems.Invalid.At("sku", SkuExpected).Refusal();

    private static int Checked(int quantity)
    {
        var checks = new Checks();
        new SetItem(quantity).Check(checks);
        return checks.Problem is { } problem ? throw problem.Refusal() : quantity;
    }
}

/// <param name="Owner">Whose cart it is to be, such as a customer's account; null for a cart that only its id leads to.</param>
public sealed record NewCart(string? Owner = null) : IChecked
{
    private const int MaxOwnerLength = 200;

    public void Check(Checks checks) => checks.That(
        Owner is null || (Owner.Length is > 0 and <= MaxOwnerLength && !Owner.AsSpan().ContainsAnyExceptInRange('!', '~')),
        "owner", $"1 to {MaxOwnerLength} printable characters of ASCII are expected.");
}

public sealed record SetItem(int Quantity) : IChecked
{
    public void Check(Checks checks) => checks.Range(Quantity, "quantity", 1, ShoppingCart.MaxQuantity);
}

/// <param name="Prices">What the shopper has seen and accepts.</param>
public sealed record AcceptPrices(IReadOnlyList<SeenPrice> Prices) : IChecked
{
    public void Check(Checks checks) => checks.Items(Prices, "prices", 1, ShoppingCart.MaxLines);
}

/// <summary>What is in a cart, without the prices of now.</summary>
/// <param name="Version">What <c>If-Match</c> compares.</param>
public sealed record CartContents(Id<ShoppingCart> Id, string? Owner, long Version, DateTimeOffset ChangedAt, IReadOnlyList<CartItem> Items)
{
    internal static CartContents Of(ShoppingCart cart) => new(cart.Id, cart.Owner, cart.Version, cart.ChangedAt, cart.Items);

    internal static Answer<CartContents> Answer(ShoppingCart cart) => Kernel.Http.Answer.Ok(Of(cart)).Tagged(IfMatch.TagOf(cart.Version));
}

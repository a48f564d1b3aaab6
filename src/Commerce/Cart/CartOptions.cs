using System.ComponentModel.DataAnnotations;

namespace Basin.Cart;

/// <summary>Section <c>Basin:Cart</c>.</summary>
public sealed class CartOptions
{
    /// <summary>
    /// Days without a change after which a visitor's cart is deleted. Default 400: by then the cookie that leads to it has ended. A customer's cart
    /// stays.
    /// </summary>
    [Range(1, 36_500)]
    public int KeepVisitorDays { get; set; } = 400;
}

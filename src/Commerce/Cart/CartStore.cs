using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Cart;

/// <summary>All SQL of Cart.</summary>
internal static class CartStore
{
    public static ValueTask<ShoppingCart?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<ShoppingCart> id) =>
        snapshot.FindAsync($"{Select} WHERE id = $1 AND tenant = $2", Read, id.Value, tenant.Value);

    /// <summary>The cart of an owner; of the customer, when a visitor has signed in meanwhile.</summary>
    public static ValueTask<ShoppingCart?> FindOfAsync(Snapshot snapshot, Id<Tenant> tenant, string owner) => snapshot.FindAsync(
        $"{Select} WHERE tenant = $1 AND owner = coalesce((SELECT customer FROM signed_in WHERE tenant = $1 AND visitor = $2), $2)",
        Read, tenant.Value, owner);

    /// <summary>The cart of an owner, made now if there is none yet.</summary>
    public static async ValueTask<ShoppingCart> FindOrInsertAsync(Transaction tx, Id<Tenant> tenant, string owner)
    {
        if (await FindOfAsync(tx, tenant, owner) is { } found)
            return found;
        var customer = await tx.FindAsync(
            "SELECT customer FROM signed_in WHERE tenant = $1 AND visitor = $2", row => row.Text(0), tenant.Value, owner);
        var cart = ShoppingCart.Empty(tx.NewId<ShoppingCart>(), tenant, customer ?? owner, tx.Now);
        await InsertAsync(tx, cart);
        return cart;
    }

    public static ValueTask<int> InsertAsync(Transaction tx, ShoppingCart cart) => tx.ExecuteAsync(
        "INSERT INTO cart (id, tenant, owner, version, changed_at, items) VALUES ($1, $2, $3, $4, $5, $6)",
        cart.Id.Value, cart.Tenant.Value, cart.Owner, cart.Version, cart.ChangedAt, ItemsOf(cart));

    /// <summary>Stores what a decision has made of the cart; without a change nothing is written.</summary>
    public static async ValueTask<ShoppingCart> UpdateAsync(Transaction tx, ShoppingCart before, ShoppingCart after)
    {
        if (after.Version == before.Version)
            return before;
        await tx.ExecuteAsync(
            "UPDATE cart SET version = $2, changed_at = $3, items = $4 WHERE id = $1", after.Id.Value, after.Version, tx.Now, ItemsOf(after));
        return after with { ChangedAt = tx.Now };
    }

    public static ValueTask<int> DeleteAsync(Transaction tx, Id<ShoppingCart> id) => tx.ExecuteAsync("DELETE FROM cart WHERE id = $1", id.Value);

    public static ValueTask<int> InsertSignedInAsync(Transaction tx, Id<Tenant> tenant, string visitor, string customer) => tx.ExecuteAsync(
        "INSERT INTO signed_in (tenant, visitor, customer, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, visitor) DO UPDATE SET customer = $3, at = $4",
        tenant.Value, visitor, customer, tx.Now);

    /// <summary>Deletes carts that nobody can reach any more.</summary>
    public static async ValueTask<bool> TrimAsync(Transaction tx, DateTimeOffset unchangedSince, DateTimeOffset signedInBefore, int limit)
    {
        var carts = await tx.ExecuteAsync(
            "DELETE FROM cart WHERE id IN (SELECT id FROM cart WHERE substr(owner, 1, 8) = 'visitor_' AND changed_at < $1 ORDER BY changed_at LIMIT $2)",
            unchangedSince, limit);
        var names = await tx.ExecuteAsync(
            """
            DELETE FROM signed_in WHERE (tenant, visitor) IN (SELECT tenant, visitor FROM signed_in WHERE at < $1 ORDER BY at LIMIT $2)
            """,
            signedInBefore, limit);
        return carts == limit || names == limit;
    }

    private const string Select = "SELECT id, tenant, owner, version, changed_at, items FROM cart";

    private static SqlValue ItemsOf(ShoppingCart cart) => SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(cart.Items, CartJson.Default.IReadOnlyListCartItem));

    private static ShoppingCart Read(Row row) => new(
        new Id<ShoppingCart>(row.Integer(0)), new Id<Tenant>(row.Integer(1)), row.TextOrNull(2), row.Integer(3), row.Time(4),
        row.Json(5, CartJson.Default.IReadOnlyListCartItem));
}

[JsonSerializable(typeof(IReadOnlyList<CartItem>))]
[JsonSerializable(typeof(NewCart))]
[JsonSerializable(typeof(SetItem))]
[JsonSerializable(typeof(AcceptPrices))]
[JsonSerializable(typeof(CartView))]
[JsonSerializable(typeof(CartContents))]
[JsonSerializable(typeof(ItemChange))]
[JsonSerializable(typeof(IfMatch))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class CartJson : JsonSerializerContext;

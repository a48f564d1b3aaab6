namespace Basin.Cart;

/// <summary>What happens to carts without their owners' doing.</summary>
internal static class CartMerge
{
    private const int TrimStep = 200;

    /// <summary>How long a request may have been under way when its visitor signed in, and much more.</summary>
    private static readonly TimeSpan KeepSignedIn = TimeSpan.FromDays(1);

    /// <summary>
    /// Gives the visitor's cart to the customer, in the transaction that moves the checkpoint: once, whatever crashes. The visitor's name leads to the
    /// customer's cart from then on, so a change that comes late is not lost.
    /// </summary>
    public static async ValueTask OnAsync(Transaction tx, VisitorSignedIn e, EventContext context)
    {
        var visitors = await CartStore.FindOfAsync(tx, context.Tenant, e.VisitorOwner);
        await CartStore.InsertSignedInAsync(tx, context.Tenant, e.VisitorOwner, e.CustomerOwner);
        if (visitors is null || visitors.Owner != e.VisitorOwner)
            return;
        await CartStore.DeleteAsync(tx, visitors.Id);
        if (visitors.Items.Count == 0)
            return;
        var customers = await CartStore.FindOrInsertAsync(tx, context.Tenant, e.CustomerOwner);
        await CartStore.UpdateAsync(tx, customers, customers.Merge(visitors.Items));
    }

    /// <summary>Deletes what nobody can reach any more.</summary>
    public static ValueTask<bool> TrimAsync(Transaction tx, CartOptions options) =>
        CartStore.TrimAsync(tx, tx.Now - TimeSpan.FromDays(options.KeepVisitorDays), tx.Now - KeepSignedIn, TrimStep);
}

using Basin.Kernel.Load;

namespace Basin.Catalog;

/// <summary>What the shop's pages leave out, or take from memory, while the host has too much to do.</summary>
internal static class CatalogModes
{
    public static readonly DegradedMode SuggestionsOff = new(
        "suggestions_off", "The page of a product shows no other products of its category.", EnterAt: 0.7, LeaveBelow: 0.4);

    public static readonly DegradedMode CachedLists = new(
        "cached_lists", "Lists of products and their prices may be a second old; carts and orders have the prices of now.", EnterAt: 0.9, LeaveBelow: 0.5);
}

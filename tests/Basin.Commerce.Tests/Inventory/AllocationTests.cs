using Basin.Inventory;

namespace Basin.Commerce.Tests.Inventory;

/// <summary>Which warehouses serve a request. Levels and picks are written as SKU@warehouse=units.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData("A=2", "A@main=2", "A@main=2", "")]
    [InlineData("A=3", "A@main=2", "", "A")]
    [InlineData("A=1,B=1", "A@main=2", "", "B")]
    [InlineData("A=9,B=9", "A@main=2,B@main=3", "", "A,B")]
    // One warehouse with everything is better than two, even when others have more.
    [InlineData("A=1,B=1", "A@east=9,A@main=1,B@main=1,B@west=9", "A@main=1,B@main=1", "")]
    // The first by code of several.
    [InlineData("A=1", "A@east=1,A@west=9", "A@east=1", "")]
    // Split: each line from where there is most of it.
    [InlineData("A=1,B=1", "A@east=1,A@west=2,B@north=1", "A@west=1,B@north=1", "")]
    [InlineData("A=7", "A@east=3,A@north=1,A@west=4", "A@west=4,A@east=3", "")]
    [InlineData("A=8", "A@east=3,A@north=1,A@west=4", "A@west=4,A@east=3,A@north=1", "")]
    public void Warehouses_are_chosen_as_documented(string wanted, string levels, string picks, string missing)
    {
        var allocation = Allocation.Of(
            Parse(wanted).ToDictionary(line => line.Name, line => line.Units),
            [.. Parse(levels).Select(level => Level(level.Name.Split('@'), level.Units))]);
        Assert.Equal(picks, string.Join(',', allocation.Picks.Select(pick => $"{pick.Sku}@{pick.Warehouse}={pick.Quantity}")));
        Assert.Equal(missing, string.Join(',', allocation.Missing));
    }

    /// <summary>Three more are on hand but reserved: they never count.</summary>
    private static StockLevel Level(string[] place, long available) => new(place[0], place[1], available + 3, 3, 1);

    private static IEnumerable<(string Name, long Units)> Parse(string text) =>
        text.Split(',').Select(part => part.Split('=')).Select(part => (part[0], long.Parse(part[1])));
}

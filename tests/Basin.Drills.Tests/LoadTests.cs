namespace Basin.Drills.Tests;

/// <summary>Who comes when is decided by the seed.</summary>
public sealed class LoadTests
{
    private static readonly Load Load = new(10, new Traffic(Kind.Browse, 20), new Traffic(Kind.Checkout, 30) { From = 2, Until = 6 });
    private static readonly string[] Skus = ["A", "B", "C"];

    [Fact]
    public void The_same_seed_makes_the_same_plan() => Assert.Equal(Load.PlanOf(7, Skus, 10), Load.PlanOf(7, Skus, 10));

    [Fact]
    public void Another_seed_makes_another_plan() => Assert.NotEqual(Load.PlanOf(7, Skus, 10), Load.PlanOf(8, Skus, 10));

    [Fact]
    public void A_longer_plan_begins_in_the_same_way()
    {
        var shorter = Load.PlanOf(7, Skus, 10);

        Assert.Equal(shorter, Load.PlanOf(7, Skus, 40).Take(shorter.Count));
    }

    [Fact]
    public void Customers_come_in_order_within_their_time_and_about_as_often_as_planned()
    {
        var plan = Load.PlanOf(7, Skus, 10);

        Assert.Equal(plan.Select(arrival => arrival.At).Order(), plan.Select(arrival => arrival.At));
        Assert.Equal(Enumerable.Range(1, plan.Count), plan.Select(arrival => arrival.Number));
        Assert.All(plan.Where(arrival => arrival.Kind == Kind.Checkout), arrival => Assert.InRange(arrival.At, 2, 6));
        Assert.InRange(plan.Count(arrival => arrival.Kind == Kind.Browse), 150, 250);
        Assert.InRange(plan.Count(arrival => arrival.Kind == Kind.Checkout), 80, 160);
        Assert.Equal(Skus, plan.Select(arrival => arrival.Sku).Distinct().Order());
    }
}

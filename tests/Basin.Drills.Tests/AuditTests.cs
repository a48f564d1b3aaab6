using Basin.Drills.Running;
using static Basin.Drills.Tests.Sightings;

namespace Basin.Drills.Tests;

/// <summary>Each kind of finding is found, and an honest shop has none.</summary>
public sealed class AuditTests
{
    private static readonly Dictionary<string, long> Stock = new() { ["DRILL-1"] = 10 };

    private static readonly Visit Bought = Served(1, number: 1, id: "ord_1");
    private static readonly Visit Paid = Served(2, kind: Kind.Payment, number: 2, id: "pi_2");
    private static readonly Visit Filled = Served(3, kind: Kind.Cart, number: 3, id: "crt_3");

    private static readonly Books Honest = new(
        [new OrderRow("ord_1", "c1@example.com", "delivered", 450)],
        [new PaymentRow("pay_1", "captured", 450), new PaymentRow("pay_9", "captured", 1_002)],
        [new IntentRow("pi_2", "2", "succeeded", 1_002, 1_002)],
        [new StockRow("DRILL-1", 9, 0)],
        new HashSet<string> { "crt_3" },
        new Dictionary<string, IReadOnlyList<string>> { ["c1@example.com"] = ["order_placed", "order_shipped", "order_delivered"] },
        [], [], [new Repeat("drill-1", "answer", "answer")], [], 0);

    private static Findings Of(Books books) => Audit.Of([Bought, Paid, Filled], books, Stock);

    [Fact]
    public void An_honest_shop_has_no_findings()
    {
        var findings = Of(Honest);

        Assert.Empty(findings.Lost);
        Assert.Empty(findings.Doubled);
        Assert.Empty(findings.Wrong);
        Assert.Empty(findings.Changed);
        Assert.Equal(1, findings.Sold["DRILL-1"]);
    }

    [Fact]
    public void What_was_acknowledged_and_is_not_there_is_lost()
    {
        Assert.Contains("ord_1", Of(Honest with { Orders = [] }).Lost.Single());
        Assert.Contains("pi_2", Of(Honest with { Intents = [] }).Lost.Single());
        Assert.Contains("crt_3", Of(Honest with { Carts = new HashSet<string>() }).Lost.Single());
    }

    [Fact]
    public void What_was_done_twice_is_doubled()
    {
        Assert.Single(Of(Honest with { Orders = [.. Honest.Orders, new OrderRow("ord_7", "c1@example.com", "declined", 450)] }).Doubled);
        Assert.Single(Of(Honest with { Intents = [.. Honest.Intents, new IntentRow("pi_8", "2", "canceled", 1_002, 0)] }).Doubled);
        Assert.Single(Of(Honest with { Payments = [new PaymentRow("pay_1", "captured", 900)] }).Doubled);
        Assert.Single(Of(Honest with { Told = new Dictionary<string, IReadOnlyList<string>> { ["c1@example.com"] = ["a", "b", "c", "c"] } }).Doubled);
    }

    [Fact]
    public void Books_that_do_not_agree_are_wrong()
    {
        Assert.Single(Of(Honest with { Payments = [new PaymentRow("pay_1", "refunded", 0)] }).Wrong);
        Assert.Single(Of(Honest with { Intents = [new IntentRow("pi_2", "2", "succeeded", 1_002, 1_000)] }).Wrong);
        Assert.Single(Of(Honest with { Intents = [new IntentRow("pi_2", "2", "processing", 1_002, 0)] }).Wrong);
        Assert.Single(Of(Honest with { Stock = [new StockRow("DRILL-1", 10, 0)] }).Wrong);
        Assert.Single(Of(Honest with { Stock = [new StockRow("DRILL-1", 9, 1)] }).Wrong);
        Assert.Single(Of(Honest with { Told = new Dictionary<string, IReadOnlyList<string>> { ["c1@example.com"] = ["a", "b"] } }).Wrong);
        Assert.Single(Of(Honest with { Unbalanced = ["eur"] }).Wrong);
        Assert.Single(Of(Honest with { Differences = ["one"] }).Wrong);
        Assert.Single(Of(Honest with { Unreadable = ["one"] }).Wrong);
        Assert.Contains(Of(Honest with { Orders = [Honest.Orders[0] with { State = "placed" }] }).Wrong, sentence => sentence == "ord_1 is still placed");
    }

    [Fact]
    public void An_answer_that_is_not_the_first_one_has_changed()
    {
        Assert.Single(Of(Honest with { Repeats = [new Repeat("drill-1", "answer", "another")] }).Changed);
        Assert.Single(Of(Honest with { Repeats = [new Repeat("drill-1", "answer", null)] }).Changed);
        Assert.Single(Audit.Of([Bought with { Answers = ["answer", "another"] }, Paid, Filled], Honest, Stock).Changed);
    }
}

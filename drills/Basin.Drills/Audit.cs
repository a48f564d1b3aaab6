using Basin.Drills.Running;

namespace Basin.Drills;

/// <summary>Compares what customers were told with what the books say. Pure: the same visits and books give the same findings.</summary>
internal static class Audit
{
    private const int MaxShown = 40;

    /// <param name="stock">What there was of each SKU at the beginning.</param>
    public static Findings Of(IReadOnlyCollection<Visit> visits, Books books, IReadOnlyDictionary<string, long> stock) => new(
        [.. LostOrders(visits, books), .. LostCarts(visits, books), .. LostPayments(visits, books)],
        [.. DoubledOrders(books), .. DoubledIntents(books), .. ChargedTooMuch(books), .. ToldTwice(books)],
        [.. Unfinished(books), .. MoneyAgainstOrders(books), .. MoneyOfIntents(books), .. StockAgainstOrders(visits, books, stock),
            .. NotTold(books), .. books.Unbalanced.Select(sum => $"ledger: {sum}"), .. books.Differences, .. books.Unreadable],
        [.. ChangedAnswers(visits), .. ChangedRepeats(books)])
    {
        Sold = SoldOf(visits, books),
    };

    /// <summary>How many messages an order comes to: placed, then how it ended, and between them that it was shipped.</summary>
    public static int MessagesOf(OrderRow order) => order.State == "delivered" ? 3 : 2;

    private static IEnumerable<string> LostOrders(IReadOnlyCollection<Visit> visits, Books books)
    {
        var there = books.Orders.Select(order => order.Id).ToHashSet();
        return Acknowledged(visits, Kind.Checkout).Where(visit => !there.Contains(visit.Id!)).Select(visit => $"order {visit.Id} of {visit.Arrival.Email}");
    }

    private static IEnumerable<string> LostCarts(IReadOnlyCollection<Visit> visits, Books books) =>
        Acknowledged(visits, Kind.Cart).Where(visit => !books.Carts.Contains(visit.Id!)).Select(visit => $"cart {visit.Id}");

    private static IEnumerable<string> LostPayments(IReadOnlyCollection<Visit> visits, Books books)
    {
        var there = books.Intents.Select(intent => intent.Id).ToHashSet();
        return Acknowledged(visits, Kind.Payment).Where(visit => !there.Contains(visit.Id!)).Select(visit => $"payment {visit.Id}");
    }

    private static IEnumerable<Visit> Acknowledged(IReadOnlyCollection<Visit> visits, Kind kind) =>
        visits.Where(visit => visit.Arrival.Kind == kind && visit.Id is not null);

    private static IEnumerable<string> DoubledOrders(Books books) =>
        books.Orders.GroupBy(order => order.Email).Where(orders => orders.Count() > 1).Select(orders => $"{orders.Key} has {orders.Count()} orders");

    private static IEnumerable<string> DoubledIntents(Books books) =>
        books.Intents.GroupBy(intent => intent.Number).Where(intents => intents.Count() > 1).Select(intents => $"payment {intents.Key} was made {intents.Count()} times");

    private static IEnumerable<string> ChargedTooMuch(Books books)
    {
        var payments = KeptByNumber(books);
        return books.Orders.Where(order => payments.GetValueOrDefault(NumberOf(order.Id)) > order.TotalMinor)
            .Select(order => $"{order.Id} costs {order.TotalMinor} and was charged {payments[NumberOf(order.Id)]}");
    }

    private static IEnumerable<string> ToldTwice(Books books) =>
        books.Told.Where(told => told.Value.Distinct().Count() < told.Value.Count).Select(told => $"{told.Key} was told {string.Join(", ", told.Value)}");

    private static IEnumerable<string> Unfinished(Books books) =>
        books.Orders.Where(order => order.State is not ("delivered" or "declined" or "cancelled")).Select(order => $"{order.Id} is still {order.State}");

    private static IEnumerable<string> MoneyAgainstOrders(Books books)
    {
        var payments = KeptByNumber(books);
        return books.Orders.Where(order => payments.GetValueOrDefault(NumberOf(order.Id)) != (order.State == "delivered" ? order.TotalMinor : 0))
            .Select(order => $"{order.Id} is {order.State}, costs {order.TotalMinor}, and {payments.GetValueOrDefault(NumberOf(order.Id))} was kept for it");
    }

    private static IEnumerable<string> MoneyOfIntents(Books books) =>
        books.Intents.Where(intent => intent.Received != (intent.Status == "succeeded" ? intent.Amount : 0) || intent.Status == "processing")
            .Select(intent => $"{intent.Id} of {intent.Amount} is {intent.Status} with {intent.Received} received");

    private static IEnumerable<string> StockAgainstOrders(IReadOnlyCollection<Visit> visits, Books books, IReadOnlyDictionary<string, long> stock)
    {
        var sold = SoldOf(visits, books);
        return books.Stock.Where(row => row.Reserved != 0 || row.OnHand != stock.GetValueOrDefault(row.Sku) - sold.GetValueOrDefault(row.Sku))
            .Select(row => $"of {row.Sku} there were {stock.GetValueOrDefault(row.Sku)}, {sold.GetValueOrDefault(row.Sku)} are sold, {row.OnHand} are left and {row.Reserved} held");
    }

    private static IEnumerable<string> NotTold(Books books)
    {
        var due = books.Orders.GroupBy(order => order.Email).ToDictionary(orders => orders.Key, orders => MessagesOf(orders.First()));
        return books.Told.Where(told => told.Value.Distinct().Count() < due.GetValueOrDefault(told.Key)).Select(told => $"{told.Key} was told only: {string.Join(", ", told.Value)}");
    }

    private static Dictionary<string, long> SoldOf(IReadOnlyCollection<Visit> visits, Books books)
    {
        var wanted = visits.ToDictionary(visit => visit.Arrival.Email, visit => visit.Arrival.Sku);
        return books.Orders.Where(order => order.State == "delivered").CountBy(order => wanted.GetValueOrDefault(order.Email, "unknown"))
            .ToDictionary(sold => sold.Key, sold => (long)sold.Value);
    }

    private static IEnumerable<string> ChangedAnswers(IReadOnlyCollection<Visit> visits) => visits
        .Where(visit => visit.Arrival.Kind != Kind.Browse && visit.Answers.Count > 1)
        .Select(visit => $"{visit.Arrival.Key} was answered in {visit.Answers.Count} ways");

    private static IEnumerable<string> ChangedRepeats(Books books) =>
        books.Repeats.Where(repeat => repeat.Again != repeat.First).Select(repeat => $"{repeat.Key} was answered {Short(repeat.First)}, then {Short(repeat.Again ?? "not at all")}");

    private static Dictionary<string, long> KeptByNumber(Books books) => books.Payments.ToDictionary(payment => NumberOf(payment.Id), payment => payment.Kept);

    private static string Short(string answer) => answer.Length <= MaxShown ? answer : answer[..MaxShown] + "…";

    /// <summary>An order and its payment have the same number behind their prefixes.</summary>
    private static string NumberOf(string id) => id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..];
}

using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Drills.Running;

internal sealed record OrderRow(string Id, string Email, string State, long TotalMinor);

/// <param name="Kept">Captured and not refunded.</param>
internal sealed record PaymentRow(string Id, string State, long Kept);

internal sealed record IntentRow(string Id, string Number, string Status, long Amount, long Received);

internal sealed record StockRow(string Sku, long OnHand, long Reserved);

/// <summary>An answer that was given, and what the same question gets now.</summary>
internal sealed record Repeat(string Key, string First, string? Again);

/// <summary>All that the public API says once everything has come to its end.</summary>
/// <param name="Carts">Those asked for that are there.</param>
/// <param name="Told">Kinds of messages by address, for a sample of the customers.</param>
/// <param name="Unbalanced">Currencies in which the ledger's debits are not its credits.</param>
/// <param name="Unreadable">What the host could not tell, and why.</param>
/// <param name="Differences">Between the provider's books, the own ones and the ledger's, of each kind.</param>
internal sealed record Books(
    IReadOnlyList<OrderRow> Orders,
    IReadOnlyList<PaymentRow> Payments,
    IReadOnlyList<IntentRow> Intents,
    IReadOnlyList<StockRow> Stock,
    IReadOnlySet<string> Carts,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Told,
    IReadOnlyList<string> Unbalanced,
    IReadOnlyList<string> Differences,
    IReadOnlyList<Repeat> Repeats,
    IReadOnlyList<string> Unreadable,
    int DeadLetters);

/// <summary>Reads the books from outside.</summary>
internal sealed class BookReader(HttpClient client, IReadOnlyCollection<Visit> visits, TimeProvider time)
{
    private const int MaxTold = 200;
    private const int MaxRepeatsOfKind = 60;

    private static readonly string[] FinalOrders = ["delivered", "declined", "cancelled"];
    private static readonly string[] FinalPayments = ["captured", "refunded", "voided", "declined"];

    /// <summary>For all that is still to settle, together.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly long _began = time.GetTimestamp();
    private readonly List<string> _unreadable = [];

    /// <summary>Waits, for a bounded time, until all that was begun is at its end. What is not then, is found as it is.</summary>
    public async Task<Books> ReadAsync()
    {
        // Repeats come first: one that is not known does something anew, and that is to be seen in the books.
        var repeats = await RepeatAsync();
        var orders = await SettledAsync(ListOrdersAsync, order => FinalOrders.Contains(order.State));
        var payments = await SettledAsync(ListPaymentsAsync, payment => FinalPayments.Contains(payment.State));
        var stock = await SettledAsync(ListStockAsync, row => row.Reserved == 0);
        return new Books(
            orders, payments, await SettledAsync(ListIntentsAsync, intent => intent.Status != "processing"), stock, await FindCartsAsync(),
            await ReadToldAsync(orders), await SettledAsync(ListUnbalancedAsync, _ => true), await ReadDifferencesAsync(), repeats, _unreadable,
            (await SettledAsync(() => client.ListAsync("/v1/dead-letters?limit=200"), _ => true)).Count);
    }

    private async Task<List<T>> SettledAsync<T>(Func<Task<List<T>>> readAsync, Predicate<T> isSettled)
    {
        List<T> rows = [];
        await QuietlyAsync(async () => (rows = await readAsync()).TrueForAll(isSettled));
        return rows;
    }

    /// <summary>What does not come to its end is a finding, not the end of the drill.</summary>
    private async Task QuietlyAsync(Func<Task<bool>> condition)
    {
        string? trouble = null;
        try
        {
            await Eventually.TrueAsync(TryAsync, Patience - time.GetElapsedTime(_began));
        }
        catch (TimeoutException)
        {
            // The audit says what is not settled.
            if (trouble is not null)
                _unreadable.Add(trouble);
        }

        async Task<bool> TryAsync()
        {
            try
            {
                trouble = null;
                return await condition();
            }
            catch (Exception failure) when (failure is HttpRequestException or InvalidOperationException)
            {
                trouble = failure.Message;
                return false;
            }
        }
    }

    private async Task<List<OrderRow>> ListOrdersAsync() => (await client.ListAsync("/v1/orders?limit=200"))
        .ConvertAll(order => new OrderRow(order.Text("id"), order.Text("email"), order.Text("state"), order.Number("totalMinor")));

    private async Task<List<PaymentRow>> ListPaymentsAsync() => (await client.ListAsync("/v1/payments?limit=200"))
        .ConvertAll(payment => new PaymentRow(payment.Text("id"), payment.Text("state"), payment.Number("capturedMinor") - payment.Number("refundedMinor")));

    private async Task<List<IntentRow>> ListIntentsAsync() => (await client.ListStripeAsync("payment_intents")).ConvertAll(intent => new IntentRow(
        intent.Text("id"), intent["metadata"]!["number"]?.GetValue<string>() ?? "", intent.Text("status"), intent.Number("amount"), intent.Number("amount_received")));

    private async Task<List<StockRow>> ListStockAsync() => (await client.ListAsync("/v1/stock?limit=200"))
        .ConvertAll(row => new StockRow(row.Text("sku"), row.Number("onHand"), row.Number("reserved")));

    private async Task<IReadOnlySet<string>> FindCartsAsync()
    {
        var found = new HashSet<string>();
        foreach (var visit in visits.Where(visit => visit is { Arrival.Kind: Kind.Cart, Id: not null }))
        {
            using var answer = await client.GetAsync($"/v1/carts/{visit.Id}");
            if (answer.IsSuccessStatusCode)
                found.Add(visit.Id!);
        }
        return found;
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadToldAsync(List<OrderRow> orders)
    {
        var told = new Dictionary<string, IReadOnlyList<string>>();
        var customers = orders.DistinctBy(order => order.Email).ToList();
        // Some of all, so that those around a fault are among them however long it took.
        foreach (var order in customers.Where((_, index) => index % ((customers.Count / MaxTold) + 1) == 0))
        {
            List<string> kinds = [];
            await QuietlyAsync(async () =>
            {
                var messages = await client.ListAsync($"/v1/notifications?owner=mailto:{Uri.EscapeDataString(order.Email)}&limit=50");
                kinds = messages.ConvertAll(message => message.Text("kind"));
                return kinds.Count >= Audit.MessagesOf(order);
            });
            told[order.Email] = kinds;
        }
        return told;
    }

    private async Task<List<string>> ListUnbalancedAsync()
    {
        var sums = (await client.GetFromJsonAsync<JsonNode>("/v1/ledger/trial-balance"))!.AsArray();
        return [.. sums.Where(sum => !JsonNode.DeepEquals(sum!["debits"], sum["credits"])).Select(sum => sum!.ToJsonString())];
    }

    private async Task<IReadOnlyList<string>> ReadDifferencesAsync()
    {
        List<string> differences = [];
        // What the ledger is still to hear of is a difference for a moment.
        await QuietlyAsync(async () =>
        {
            using var begun = await client.PostAsJsonAsync("/v1/payments/reconciliations", new { provider = "sandbox" });
            await Shop.DemandAsync(begun);
            var id = (await begun.Content.ReadFromJsonAsync<JsonNode>())!.Text("id");
            JsonNode report = null!;
            await QuietlyAsync(async () =>
            {
                report = (await client.GetFromJsonAsync<JsonNode>($"/v1/payments/reconciliations/{id}"))!;
                return report["endedAt"] is not null;
            });
            differences = [.. report["counts"]!.AsArray().Select(count => $"provider and books: {count!.ToJsonString()}")];
            return differences.Count == 0;
        });
        return differences;
    }

    /// <summary>Some of all that were answered; those around a fault are as likely as others.</summary>
    private async Task<IReadOnlyList<Repeat>> RepeatAsync()
    {
        var repeats = new List<Repeat>();
        foreach (var kind in (Kind[])[Kind.Cart, Kind.Checkout, Kind.Payment])
        {
            var served = visits.Where(visit => visit.IsServed && visit.Arrival.Kind == kind).OrderByDescending(visit => visit.Tries).ThenBy(visit => visit.Arrival.At);
            foreach (var visit in served.Take(MaxRepeatsOfKind))
                repeats.Add(new Repeat(visit.Arrival.Key, visit.Answers[0], await Crowd.RepeatAsync(client, visit.Arrival)));
        }
        return repeats;
    }
}

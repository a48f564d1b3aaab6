using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Basin.Host.Tests;

/// <summary>Stripe's API, as a program outside sees it.</summary>
internal static class StripePaths
{
    extension(HttpClient client)
    {
        /// <param name="form">Such as <c>amount=100&amp;currency=eur</c>.</param>
        public async Task<(int Status, JsonNode Body)> StripeAsync(string path, string form, string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/stripe/v1/{path}")
            {
                Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"),
            };
            request.Headers.Add("Idempotency-Key", key);
            using var answer = await client.SendAsync(request);
            return ((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>())!);
        }

        /// <summary>All pages of a list.</summary>
        public async Task<List<JsonNode>> ListStripeAsync(string path)
        {
            var items = new List<JsonNode>();
            JsonNode page;
            do
            {
                var after = items.Count == 0 ? "" : $"&starting_after={items[^1].Text("id")}";
                page = (await client.GetFromJsonAsync<JsonNode>($"/stripe/v1/{path}{(path.Contains('?') ? '&' : '?')}limit=100{after}"))!;
                items.AddRange(page["data"]!.AsArray().Select(item => item!));
            }
            while (page["has_more"]!.GetValue<bool>());
            return items;
        }
    }
}

/// <summary>
/// A merchant's program that takes one customer's payment, step by step; each step has a key, and is asked again under it until it is answered.
/// </summary>
internal sealed class PayingCustomer(int number)
{
    /// <summary>What is done one after the other; the first makes the intent.</summary>
    private static readonly string[][] Plots =
    [
        ["pay", "refund=300", "refund=200"],
        ["hold", "capture=700", "refund=100"],
        ["hold", "cancel"],
        ["decline"],
        ["make", "confirm", "refund"],
        ["hold", "increment", "capture"],
        ["payLate", "refund=400"],
        ["hold", "capture"],
    ];

    private readonly ConcurrentQueue<(string Key, string Path, string Form, string Answer)> _told = new();
    private int _step;
    private string _intent = "";

    private string[] Plot => Plots[number % Plots.Length];

    public bool HasEnded => _step == Plot.Length;

    public string Name => $"payment-{number}";

    public string Intent => _intent;

    public long Amount => 1000 + number;

    public string Currency => number % 3 == 0 ? "usd" : "eur";

    /// <summary>What the answers have said, in the end.</summary>
    public long Captured { get; private set; }

    /// <inheritdoc cref="Captured"/>
    public long Refunded { get; private set; }

    public List<string> Refunds { get; } = [];

    /// <summary>Takes the next step, and remembers its answer.</summary>
    /// <exception cref="HttpRequestException">Nobody has answered; it is to be taken again.</exception>
    public async Task StepAsync(HttpClient client)
    {
        var (verb, amount) = Plot[_step].Split('=') is [var word, var number] ? (word, number) : (Plot[_step], null);
        var (path, form) = RequestOf(verb, amount);
        var key = $"{Name}-{_step}";
        var (status, body) = await client.StripeAsync(path, form, key);
        if (status == 503)
            throw new HttpRequestException("It is refused for the moment.");
        Assert.True(status == (verb == "decline" ? 402 : 200), $"{key}, {path}: {status} {body.ToJsonString()}");
        Take(verb, body);
        _told.Enqueue((key, path, form, body.ToJsonString()));
        _step++;
    }

    /// <summary>Every answer is given again, word for word.</summary>
    public async Task AssertToldTheSameAsync(HttpClient client)
    {
        foreach (var (key, path, form, answer) in _told)
            Assert.Equal(answer, (await client.StripeAsync(path, form, key)).Body.ToJsonString());
    }

    private (string Path, string Form) RequestOf(string verb, string? amount)
    {
        var intent = $"amount={Amount}&currency={Currency}&metadata[number]={Name}";
        return verb switch
        {
            "make" => ("payment_intents", intent),
            "pay" => ("payment_intents", $"{intent}&confirm=true&payment_method=pm_card_visa"),
            "payLate" => ("payment_intents", $"{intent}&confirm=true&payment_method=pm_card_pendingRefund"),
            "hold" => ("payment_intents", $"{intent}&confirm=true&payment_method=pm_card_visa&capture_method=manual"),
            "decline" => ("payment_intents", $"{intent}&confirm=true&payment_method=pm_card_chargeDeclined"),
            "confirm" => ($"payment_intents/{_intent}/confirm", "payment_method=pm_card_mastercard"),
            "capture" => ($"payment_intents/{_intent}/capture", amount is null ? "" : $"amount_to_capture={amount}"),
            "cancel" => ($"payment_intents/{_intent}/cancel", ""),
            "increment" => ($"payment_intents/{_intent}/increment_authorization", $"amount={Amount + 500}"),
            _ => ("refunds", $"payment_intent={_intent}{(amount is null ? "" : $"&amount={amount}")}"),
        };
    }

    private void Take(string verb, JsonNode body)
    {
        if (verb == "refund")
        {
            Refunds.Add(body.Text("id"));
            Refunded += body.Number("amount");
            return;
        }
        var intent = verb == "decline" ? body["error"]!["payment_intent"]! : body;
        var status = verb switch
        {
            "make" or "decline" => "requires_payment_method",
            "hold" or "increment" => "requires_capture",
            "cancel" => "canceled",
            _ => "succeeded",
        };
        Assert.Equal(status, intent.Text("status"));
        _intent = intent.Text("id");
        Captured = intent.Number("amount_received");
    }
}

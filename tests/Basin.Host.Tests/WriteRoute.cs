using Basin.Testing.Api;

namespace Basin.Host.Tests;

/// <summary>
/// A route that writes, the scope that it asks for, and a body that it takes. <c>{new}</c> stands for a word that was not there before, the
/// other placeholders for what a <see cref="SampleTenant"/> has.
/// </summary>
/// <param name="Status">What the body gets.</param>
internal sealed record WriteRoute(string Method, string Path, string Scope, int Status, string? Body = null)
{
    private const int LongestRow = 65_536;

    private static readonly Dictionary<string, string> AnyVersion = new() { ["If-Match"] = "*" };

    /// <summary>Every route that writes. A new one gets its line here: what comes first makes what those below change.</summary>
    public static readonly WriteRoute[] All =
    [
        new("POST", "/v1/ids", "ids:write", 200),
        new("PUT", "/v1/limits/policies/{name}", "limits:write", 200,
            """
            {"limits":[{"per":["caller"],"algorithm":"gcra","permits":1000000,"period":"00:00:01","burst":1000000}],"allow":["{new}"],"dryRun":false,"shared":false,
             "regional":false,"whenUnreachable":"count_here"}
            """)
        {
            TakesAnyId = true,
            Optional =
            [
                "limits[0].per", "limits[0].algorithm", "limits[0].permits", "limits[0].period", "limits[0].burst", "allow", "dryRun", "shared", "regional", "whenUnreachable",
            ],
        },
        new("DELETE", "/v1/limits/policies/{name}", "limits:write", 200) { TakesAnyId = true },
        new("POST", "/v1/keys", "keys:write", 201,
            """{"name":"{new}","scopes":["keys:write"],"expiresAt":"2090-01-01T00:00:00Z","tenant":"{tenant}"}""")
        {
            Optional = ["expiresAt", "tenant"],
        },
        new("POST", "/v1/tenants", "tenants:write", 201, """{"slug":"{new}","name":"{new}"}"""),
        new("POST", "/v1/products", "catalog:write", 201, Product) { Optional = OptionalOfProducts },
        new("POST", "/v1/products/import", "catalog:write", 200, Product)
        {
            Optional = OptionalOfProducts, ContentType = "application/jsonl", IsStream = true,
        },
        new("POST", "/v1/warehouses", "inventory:write", 201, """{"code":"{new}","name":"{new}"}"""),
        new("PUT", "/v1/stock/{sku}", "inventory:write", 200, """{"onHand":1000,"warehouse":"{code}"}""") { Optional = ["warehouse"] },
        new("POST", "/v1/stock/{sku}/adjustments", "inventory:write", 200, """{"delta":-1,"reason":"{new}","warehouse":"{code}"}""")
        {
            Optional = ["warehouse"], Signed = ["delta"],
        },
        new("POST", "/v1/carts", "carts:write", 201, """{"owner":"{new}"}""") { Optional = ["owner"] },
        new("PUT", "/v1/carts/{id}/items/{sku}", "carts:write", 200, """{"quantity":2}"""),
        new("POST", "/v1/carts/{id}/accept-prices", "carts:write", 200, """{"prices":[{"sku":"{sku}","priceMinor":450}]}"""),
        new("POST", "/v1/orders", "orders:write", 201,
            """
            {"email":"{new}@example.com","shipTo":{"name":"{new}","line1":"1 Street","city":"Berlin","postalCode":"10115","country":"DE"},
             "lines":[{"sku":"{sku}","quantity":1}],"payment":{"token":"tok_visa"},"expectedTotalMinor":450}
            """) { Optional = ["expectedTotalMinor"] },
        new("POST", "/v1/orders/{id}/cancel", "orders:write", 202),
        new("POST", "/v1/payments/{id}/refunds", "payments:write", 202, """{"reason":"{new}"}"""),
        new("POST", "/v1/payments/reconciliations", "payments:write", 202, """{"provider":"sandbox","day":"{today}"}""") { Optional = ["day"] },
        new("POST", "/v1/ledger/accounts", "ledger:write", 200,
            """
            {"accounts":[{"id":"{new}","currency":"EUR","code":"assets","debitsMustNotExceedCredits":false,"creditsMustNotExceedDebits":false,"history":true,
             "reference":"{new}"}]}
            """)
        {
            Optional =
            [
                "accounts[0].debitsMustNotExceedCredits", "accounts[0].creditsMustNotExceedDebits", "accounts[0].history", "accounts[0].reference",
            ],
        },
        new("POST", "/v1/ledger/transfers", "ledger:write", 200,
            """
            {"transfers":[{"id":"{new}","debit":"{bank}","credit":"{till}","amount":5,"currency":"EUR","code":"sale","kind":"pending","pendingId":"{new}","timeoutSeconds":86400,
             "reference":"{new}","linked":false,"balancingDebit":false,"balancingCredit":false,"closingDebit":false,"closingCredit":false}]}
            """)
        {
            // What is missing, or does not fit, is the status of a transfer.
            Optional =
            [
                .. new[]
                {
                    "debit", "credit", "amount", "currency", "code", "kind", "pendingId", "timeoutSeconds", "reference", "linked", "balancingDebit", "balancingCredit",
                    "closingDebit", "closingCredit",
                }.Select(member => $"transfers[0].{member}"),
            ],
        },
        new("POST", "/v1/vault/test-tokens", "vault:write", 200, """{"card":"visa"}"""),
        new("POST", "/v1/vault/rotations", "vault:write", 202),
        new("POST", "/v1/notifications/{id}/read", "notifications:write", 204),
        new("POST", "/v1/notifications/read", "notifications:write", 204, """{"owner":"{owner}"}"""),
        new("POST", "/v1/webhooks/endpoints", "webhooks:write", 201, $"{{{Endpoint}}}") { Optional = OptionalOfEndpoints },
        new("PUT", "/v1/webhooks/endpoints/{id}", "webhooks:write", 200, $"{{{Endpoint},\"enabled\":true}}")
        {
            Optional = [.. OptionalOfEndpoints, "enabled"],
        },
        new("POST", "/v1/webhooks/endpoints/{id}/secret-rotations", "webhooks:write", 200),
        new("POST", "/v1/webhooks/endpoints/{id}/test-messages", "webhooks:write", 201),
        new("POST", "/v1/webhooks/deliveries/{id}/replays", "webhooks:write", 202),
        new("DELETE", "/v1/webhooks/endpoints/{id}", "webhooks:write", 204),
        new("POST", "/v1/dead-letters/{id}/replay", "dead-letters:write", 204) { TakesAnyId = true },
        new("POST", "/v1/dead-letters/{id}/discard", "dead-letters:write", 204) { TakesAnyId = true },
        new("DELETE", "/v1/carts/{id}/items/{sku}", "carts:write", 200),
        new("DELETE", "/v1/carts/{id}", "carts:write", 204),
        new("PUT", "/v1/products/{id}", "catalog:write", 200, Product) { Optional = OptionalOfProducts },
        new("DELETE", "/v1/vault/cards/{id}", "vault:write", 204),
        new("DELETE", "/v1/products/{id}", "catalog:write", 204),
        new("DELETE", "/v1/keys/{id}", "keys:write", 204),
    ];

    private const string Product =
        """
        {"title":"Tea {new}","currency":"EUR","variants":[{"sku":"{new}","priceMinor":450,"option":"Large"}],"categories":["{new}"],
         "description":"{new}","active":true,"pictures":["/{new}.svg"]}
        """;

    /// <summary>Nobody listens there.</summary>
    private const string Endpoint =
        """
        "url":"http://127.0.0.1:9/{new}","enabledTypes":["payment_intent.succeeded"],"description":"{new}","apiVersion":"{new}",
         "metadata":{"team":"{new}"}
        """;

    private static string[] OptionalOfEndpoints => ["description", "apiVersion", "metadata", "metadata.team"];

    private static string[] OptionalOfProducts => ["description", "active", "pictures", "variants[0].option"];

    public string Name => $"{Method} {Path}";

    public string ContentType { get; init; } = "application/json";

    /// <summary>Members that may be missing.</summary>
    public IReadOnlyList<string> Optional { get; init; } = [];

    /// <summary>Numbers that may be negative.</summary>
    public IReadOnlyList<string> Signed { get; init; } = [];

    /// <summary>Takes a row per line and answers a verdict per line; it reads no <c>Idempotency-Key</c>.</summary>
    public bool IsStream { get; init; }

    /// <summary>Nothing is malformed in its path: what is no id leads to nothing.</summary>
    public bool TakesAnyId { get; init; }

    public static WriteRoute Named(string name) => All.Single(route => route.Name == name);

    /// <summary>The route with what the sample has.</summary>
    public ApiCase Case(SampleTenant sample, string? author = null) =>
        new(Name, Method, sample.Fill(Path), Body is null ? null : sample.Fill(Body, author), Status)
        {
            ContentType = ContentType,
            Headers = AnyVersion,
        };

    /// <summary>Bodies that break one thing each, with what must be answered.</summary>
    public IEnumerable<ApiCase> Garbage(SampleTenant sample)
    {
        if (Body is null)
            return [];
        var cases = GarbageCases.For(Method, sample.Fill(Path), sample.Fill(Body).ReplaceLineEndings(" "), new GarbageOptions
        {
            Optional = Optional.ToHashSet(),
            Signed = Signed.ToHashSet(),
            Headers = AnyVersion,
        });
        return IsStream ? cases.Where(row => row.Status == 415 || !string.IsNullOrWhiteSpace(row.Body)).Select(InStream) : cases;
    }

    public override string ToString() => Name;

    /// <summary>In a stream a line that is garbage is refused by itself; one that is too long is not even read.</summary>
    private ApiCase InStream(ApiCase row) => row.Status == 415 ? row : row with
    {
        ContentType = ContentType,
        Status = 200,
        ErrorFields = [],
        BodyContains =
        [
            "\"verdict\":\"refused\"", "\"refused\":1}",
            .. row.Body!.Length > LongestRow ? [] : row.ErrorFields.Select(field => $"\"{field}\":["),
        ],
    };
}

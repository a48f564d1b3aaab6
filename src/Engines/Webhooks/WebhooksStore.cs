using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Webhooks;

/// <summary>What a job needs to send a delivery.</summary>
internal sealed record DueDelivery(
    WebhookDelivery Delivery, string MessageId, string Payload, WebhookEndpoint Endpoint, IReadOnlyList<SealedSecret> Secrets);

/// <summary>A delivery with what it delivers.</summary>
internal sealed record ToldDelivery(WebhookDelivery Delivery, string MessageId, string MessageType, DateTimeOffset At);

internal sealed record StoredEndpoint(WebhookEndpoint Endpoint, IReadOnlyList<SealedSecret> Secrets);

/// <summary>All SQL of Webhooks.</summary>
internal static class WebhooksStore
{
    private const string EndpointColumns =
        "e.id, e.url, e.description, e.enabled_types, e.disabled_reason, e.status_since, e.api_version, e.metadata, e.created_at, e.last_success_at, "
        + "e.failing_since, e.secrets";

    private const string DeliveryColumns =
        "d.id, d.endpoint, d.message, d.object_key, d.place, d.state, d.turn, d.attempts, d.tries, d.next_at, d.created_at, d.ended_at";

    private const string SelectTold = $"SELECT {DeliveryColumns}, m.name, m.type, m.at FROM delivery d JOIN message m ON m.id = d.message";

    public static ValueTask<StoredEndpoint?> FindEndpointAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookEndpoint> id) => snapshot.FindAsync(
        $"SELECT {EndpointColumns} FROM endpoint e WHERE e.tenant = $1 AND e.id = $2", row => ReadEndpoint(row), tenant.Value, id.Value);

    public static ValueTask<StoredEndpoint?> FindEndpointAsync(Snapshot snapshot, Id<Tenant> tenant, string requestKey) => snapshot.FindAsync(
        $"SELECT {EndpointColumns} FROM endpoint e WHERE e.tenant = $1 AND e.request_key = $2", row => ReadEndpoint(row), tenant.Value, requestKey);

    /// <summary>The newest first.</summary>
    public static ValueTask<List<WebhookEndpoint>> ListEndpointsAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) =>
        snapshot.ListAsync(
            $"SELECT {EndpointColumns} FROM endpoint e WHERE e.tenant = $1 AND e.id < $2 ORDER BY e.id DESC LIMIT $3",
            row => ReadEndpoint(row).Endpoint, tenant.Value, before, limit);

    public static async ValueTask<long> CountEndpointsAsync(Snapshot snapshot, Id<Tenant> tenant) =>
        (await snapshot.NumberAsync("SELECT COUNT(*) FROM endpoint WHERE tenant = $1", tenant.Value))!.Value;

    public static ValueTask InsertEndpointAsync(
        Transaction tx, Id<Tenant> tenant, WebhookEndpoint endpoint, IReadOnlyList<SealedSecret> secrets, string? requestKey) => tx.SendAsync(
        """
        INSERT INTO endpoint (
            tenant, id, url, description, enabled_types, disabled_reason, status_since, api_version, metadata, created_at, last_success_at,
            failing_since, secrets, request_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        tenant.Value, endpoint.Id.Value, endpoint.Url, endpoint.Description, JsonOf(endpoint.EnabledTypes), (long?)endpoint.DisabledReason,
        endpoint.StatusSince, endpoint.ApiVersion, JsonOf(endpoint.Metadata), endpoint.CreatedAt, endpoint.LastSuccessAt, endpoint.FailingSince,
        JsonOf(secrets), requestKey);

    public static ValueTask SaveEndpointAsync(Transaction tx, Id<Tenant> tenant, WebhookEndpoint endpoint) => tx.SendAsync(
        """
        UPDATE endpoint SET url = $3, description = $4, enabled_types = $5, disabled_reason = $6, status_since = $7, api_version = $8, metadata = $9,
            last_success_at = $10, failing_since = $11
        WHERE tenant = $1 AND id = $2
        """,
        tenant.Value, endpoint.Id.Value, endpoint.Url, endpoint.Description, JsonOf(endpoint.EnabledTypes), (long?)endpoint.DisabledReason,
        endpoint.StatusSince, endpoint.ApiVersion, JsonOf(endpoint.Metadata), endpoint.LastSuccessAt, endpoint.FailingSince);

    public static ValueTask SaveSecretsAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id, IReadOnlyList<SealedSecret> secrets) =>
        tx.SendAsync("UPDATE endpoint SET secrets = $3 WHERE tenant = $1 AND id = $2", tenant.Value, id.Value, JsonOf(secrets));

    public static ValueTask<int> DeleteEndpointAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id) =>
        tx.ExecuteAsync("DELETE FROM endpoint WHERE tenant = $1 AND id = $2", tenant.Value, id.Value);

    public static async ValueTask<bool> HasMessageAsync(Snapshot snapshot, Id<Tenant> tenant, string name) =>
        await snapshot.NumberAsync("SELECT id FROM message WHERE tenant = $1 AND name = $2", tenant.Value, name) is not null;

    public static ValueTask InsertMessageAsync(Transaction tx, Id<Tenant> tenant, Id<StoredMessage> id, WebhookMessage message) => tx.SendAsync(
        "INSERT INTO message (id, tenant, name, type, payload, at) VALUES ($1, $2, $3, $4, $5, $6)",
        id.Value, tenant.Value, message.Id, message.MessageType, message.Payload, message.At);

    public static ValueTask<string?> FindPayloadAsync(Snapshot snapshot, Id<Tenant> tenant, Id<StoredMessage> message) => snapshot.FindAsync(
        "SELECT payload FROM message WHERE tenant = $1 AND id = $2", row => row.Text(0), tenant.Value, message.Value);

    public static ValueTask InsertDeliveryAsync(Transaction tx, Id<Tenant> tenant, WebhookDelivery delivery) => tx.SendAsync(
        """
        INSERT INTO delivery (tenant, id, endpoint, message, object_key, place, state, turn, attempts, tries, next_at, created_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        tenant.Value, delivery.Id.Value, delivery.Endpoint.Value, delivery.Message.Value, delivery.ObjectKey, delivery.Place, (int)delivery.State,
        delivery.Turn, delivery.Attempts, delivery.Tries, delivery.NextAt, delivery.CreatedAt, delivery.EndedAt);

    public static ValueTask SaveDeliveryAsync(Transaction tx, Id<Tenant> tenant, WebhookDelivery delivery) => tx.SendAsync(
        "UPDATE delivery SET place = $3, state = $4, turn = $5, attempts = $6, tries = $7, next_at = $8, ended_at = $9 WHERE tenant = $1 AND id = $2",
        tenant.Value, delivery.Id.Value, delivery.Place, (int)delivery.State, delivery.Turn, delivery.Attempts, delivery.Tries, delivery.NextAt,
        delivery.EndedAt);

    public static ValueTask<WebhookDelivery?> FindDeliveryAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookDelivery> id) => snapshot.FindAsync(
        $"SELECT {DeliveryColumns} FROM delivery d WHERE d.tenant = $1 AND d.id = $2", row => ReadDelivery(row), tenant.Value, id.Value);

    public static ValueTask<ToldDelivery?> FindToldAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookDelivery> id) => snapshot.FindAsync(
        $"{SelectTold} WHERE d.tenant = $1 AND d.id = $2", ReadTold, tenant.Value, id.Value);

    public static ValueTask<DueDelivery?> FindDueAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookDelivery> id) => snapshot.FindAsync(
        $"""
        SELECT {DeliveryColumns}, m.name, m.payload, {EndpointColumns} FROM delivery d
        JOIN message m ON m.id = d.message JOIN endpoint e ON e.tenant = d.tenant AND e.id = d.endpoint
        WHERE d.tenant = $1 AND d.id = $2
        """,
        row => ReadDue(row), tenant.Value, id.Value);

    /// <summary>The place of the last open delivery of an object; null when there is none.</summary>
    public static ValueTask<long?> LastPlaceAsync(Snapshot snapshot, Id<WebhookEndpoint> endpoint, string objectKey) => snapshot.NumberAsync(
        "SELECT MAX(place) FROM delivery WHERE endpoint = $1 AND object_key = $2 AND state <= 4", endpoint.Value, objectKey);

    /// <summary>The first open delivery of an object.</summary>
    public static ValueTask<WebhookDelivery?> FindFirstAsync(Snapshot snapshot, Id<WebhookEndpoint> endpoint, string objectKey) => snapshot.FindAsync(
        $"SELECT {DeliveryColumns} FROM delivery d WHERE d.endpoint = $1 AND d.object_key = $2 AND d.state <= 4 ORDER BY d.place LIMIT 1",
        row => ReadDelivery(row), endpoint.Value, objectKey);

    /// <summary>How many more requests an endpoint may get now.</summary>
    /// <param name="most">At the same time; one that fails since <paramref name="failingSince"/> or longer gets one.</param>
    public static async ValueTask<int> CountFreeAsync(Snapshot snapshot, Id<WebhookEndpoint> endpoint, int most, DateTimeOffset failingSince) => (int)(await snapshot.NumberAsync(
        """
        SELECT CASE WHEN (SELECT failing_since FROM endpoint WHERE id = $1) <= $4 THEN 1 ELSE $2 END - COUNT(*)
        FROM delivery WHERE endpoint = $1 AND state <= 4 AND state = $3
        """,
        endpoint.Value, most, (int)WebhookDeliveryState.Sending, failingSince))!.Value;

    /// <summary>The oldest first.</summary>
    public static ValueTask<List<WebhookDelivery>> ListReadyAsync(Snapshot snapshot, Id<WebhookEndpoint> endpoint, int limit) => snapshot.ListAsync(
        $"SELECT {DeliveryColumns} FROM delivery d WHERE d.endpoint = $1 AND d.state <= 4 AND d.state = $2 ORDER BY d.id LIMIT $3",
        row => ReadDelivery(row), endpoint.Value, (int)WebhookDeliveryState.Ready, limit);

    public static ValueTask CancelOpenAsync(Transaction tx, Id<WebhookEndpoint> endpoint) => tx.SendAsync(
        "UPDATE delivery SET state = $2, next_at = NULL, ended_at = $3 WHERE endpoint = $1 AND state <= 4",
        endpoint.Value, (int)WebhookDeliveryState.Cancelled, tx.Now);

    /// <summary>The newest first.</summary>
    public static ValueTask<List<ToldDelivery>> ListDeliveriesAsync(
        Snapshot snapshot, Id<Tenant> tenant, Id<WebhookEndpoint>? endpoint, WebhookDeliveryState? state, long before, int limit)
    {
        const string Select = $"{SelectTold} WHERE d.tenant = $1 AND d.id < $2";
        const string Order = "ORDER BY d.id DESC LIMIT $3";
        return (endpoint, state) switch
        {
            (null, null) => snapshot.ListAsync($"{Select} {Order}", ReadTold, tenant.Value, before, limit),
            ({ } of, null) => snapshot.ListAsync($"{Select} AND d.endpoint = $4 {Order}", ReadTold, tenant.Value, before, limit, of.Value),
            (null, { } only) => snapshot.ListAsync($"{Select} AND d.state = $4 {Order}", ReadTold, tenant.Value, before, limit, (int)only),
            ({ } of, { } only) => snapshot.ListAsync(
                $"{Select} AND d.endpoint = $4 AND d.state = $5 {Order}", ReadTold, tenant.Value, before, limit, of.Value, (int)only),
        };
    }

    /// <summary>The states of the newest deliveries of an endpoint.</summary>
    public static ValueTask<List<WebhookDeliveryState>> ListStatesAsync(
        Snapshot snapshot, Id<Tenant> tenant, Id<WebhookEndpoint> endpoint, int limit) =>
        snapshot.ListAsync(
            "SELECT state FROM delivery WHERE tenant = $1 AND endpoint = $2 ORDER BY id DESC LIMIT $3",
            row => (WebhookDeliveryState)row.Int(0), tenant.Value, endpoint.Value, limit);

    public static ValueTask InsertAttemptAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookDelivery> delivery, WebhookAttempt attempt) =>
        tx.SendAsync(
            "INSERT INTO attempt (tenant, delivery, number, at, duration_ms, status, error, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant.Value, delivery.Value, attempt.Number, attempt.At, attempt.DurationMs, (long?)attempt.Status, attempt.Error, attempt.Answer);

    /// <summary>The oldest first.</summary>
    public static ValueTask<List<WebhookAttempt>> ListAttemptsAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookDelivery> delivery, int limit) =>
        snapshot.ListAsync(
            "SELECT number, at, duration_ms, status, error, answer FROM attempt WHERE tenant = $1 AND delivery = $2 ORDER BY number LIMIT $3",
            row => new WebhookAttempt(row.Int(0), row.Time(1), row.Int(2), (int?)row.IntegerOrNull(3), row.TextOrNull(4), row.TextOrNull(5)),
            tenant.Value, delivery.Value, limit);

    /// <summary>Deletes messages before a number, of which no delivery is open or has ended after a time, with all that belongs to them.</summary>
    /// <returns>How many messages.</returns>
    public static async ValueTask<int> TrimAsync(Transaction tx, long before, DateTimeOffset endedBefore, int limit)
    {
        var old = await tx.ListAsync(
            """
            SELECT m.id FROM message m WHERE m.id < $1
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.id AND (d.state <= 4 OR d.ended_at >= $2))
            ORDER BY m.id LIMIT $3
            """,
            row => row.Integer(0), before, endedBefore, limit);
        foreach (var message in old)
        {
            await tx.SendAsync("DELETE FROM attempt WHERE (tenant, delivery) IN (SELECT tenant, id FROM delivery WHERE message = $1)", message);
            await tx.SendAsync("DELETE FROM delivery WHERE message = $1", message);
            await tx.SendAsync("DELETE FROM message WHERE id = $1", message);
        }
        return old.Count;
    }

    private static StoredEndpoint ReadEndpoint(Row row, int first = 0) => new(
        new WebhookEndpoint(
            new Id<WebhookEndpoint>(row.Integer(first)),
            row.Text(first + 1),
            row.TextOrNull(first + 2),
            row.Json(first + 3, WebhooksRowJson.Default.IReadOnlyListString),
            (WebhookDisabledReason?)row.IntegerOrNull(first + 4),
            row.Time(first + 5),
            row.TextOrNull(first + 6),
            row.Json(first + 7, WebhooksRowJson.Default.IReadOnlyDictionaryStringString),
            row.Time(first + 8),
            row.TimeOrNull(first + 9),
            row.TimeOrNull(first + 10)),
        row.Json(first + 11, WebhooksRowJson.Default.IReadOnlyListSealedSecret));

    private static WebhookDelivery ReadDelivery(Row row) => new(
        new Id<WebhookDelivery>(row.Integer(0)), new Id<WebhookEndpoint>(row.Integer(1)), new Id<StoredMessage>(row.Integer(2)), row.Text(3),
        row.Integer(4), (WebhookDeliveryState)row.Int(5), row.Int(6), row.Int(7), row.Int(8), row.TimeOrNull(9), row.Time(10), row.TimeOrNull(11));

    private static ToldDelivery ReadTold(Row row) => new(ReadDelivery(row), row.Text(12), row.Text(13), row.Time(14));

    private static DueDelivery ReadDue(Row row)
    {
        var stored = ReadEndpoint(row, first: 14);
        return new DueDelivery(ReadDelivery(row), row.Text(12), row.Text(13), stored.Endpoint, stored.Secrets);
    }

    private static SqlValue JsonOf(IReadOnlyList<string> texts) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(texts, WebhooksRowJson.Default.IReadOnlyListString));

    private static SqlValue JsonOf(IReadOnlyDictionary<string, string> texts) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(texts, WebhooksRowJson.Default.IReadOnlyDictionaryStringString));

    private static SqlValue JsonOf(IReadOnlyList<SealedSecret> secrets) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(secrets, WebhooksRowJson.Default.IReadOnlyListSealedSecret));
}

[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<SealedSecret>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class WebhooksRowJson : JsonSerializerContext;

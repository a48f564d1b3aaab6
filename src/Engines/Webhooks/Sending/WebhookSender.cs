using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Webhooks.Sending;

/// <summary>Sends deliveries, outside any transaction: at least once, under the same <c>webhook-id</c> each time.</summary>
internal sealed class WebhookSender(
    [FromKeyedServices(WebhooksSystem.Name)] Store store, DeliveryQueue queue, WebhookSecrets secrets, WebhookClient client,
    [FromKeyedServices(WebhookSender.Dependency)] CalledDependency endpoints, WebhooksOptions options, Randomness chance, TimeProvider time,
    ILogger<WebhookSender> log)
{
    internal const string Dependency = "webhooks/endpoints";

    private static readonly MediaTypeHeaderValue Json = new("application/json", "utf-8");

    public async Task RunAsync(SendWebhook job, JobRun run, CancellationToken cancellation)
    {
        var due = await store.ReadAsync(ShardKey.First, snapshot => WebhooksStore.FindDueAsync(snapshot, run.Tenant, job.Delivery), cancellation);
        if (due is null || due.Delivery.Turn != job.Turn)
            await run.CompleteAsync(cancellation);
        else if (due.Delivery.State == WebhookDeliveryState.Retrying)
            await run.CompleteAsync(tx => queue.ArriveAsync(tx, run.Tenant, job.Delivery, job.Turn), cancellation);
        else if (due.Delivery.State == WebhookDeliveryState.Sending)
            await SendAsync(due, run, cancellation);
        else
            await run.CompleteAsync(cancellation);
    }

    private async Task SendAsync(DueDelivery due, JobRun run, CancellationToken cancellation)
    {
        var (attempt, retryAfter) = await TryAsync(due, cancellation);
        var jitter = chance.NextDouble();
        var disabled = false;
        await run.CompleteAsync(
            async tx => disabled = await KeepAsync(tx, run.Tenant, due.Delivery, attempt, retryAfter, jitter), cancellation);
        if (disabled)
            WebhooksLog.EndpointDisabled(log, due.Endpoint.Id, run.Tenant, attempt.IsGone ? "gone" : "failing");
    }

    private async Task<(WebhookAttempt Attempt, TimeSpan? RetryAfter)> TryAsync(DueDelivery due, CancellationToken cancellation)
    {
        var (at, began) = (time.GetUtcNow(), time.GetTimestamp());
        var reply = await ReplyAsync(
            async token =>
            {
                // It may have waited for its place.
                (at, began) = (time.GetUtcNow(), time.GetTimestamp());
                return await AskAsync(due, at, token);
            },
            cancellation);
        var duration = time.GetElapsedTime(began);
        var attempt = new WebhookAttempt(
            due.Delivery.Attempts + 1, at, (int)Math.Min(duration.TotalMilliseconds, int.MaxValue), reply.Status, reply.Error, reply.Text);
        WebhooksMetrics.Tried(attempt, duration);
        return (attempt, reply.RetryAfter);
    }

    /// <exception cref="DependencyException">There was no place for the request; it was not sent.</exception>
    private async Task<WebhookReply> ReplyAsync(Func<CancellationToken, Task<WebhookReply>> ask, CancellationToken cancellation)
    {
        try
        {
            return await endpoints.CallAsync(
                async token =>
                {
                    var reply = await ask(token);
                    return reply.Status is null ? throw new SilentEndpointException(reply) : reply;
                },
                cancellation);
        }
        catch (DependencyException silent) when (silent.InnerException is SilentEndpointException { Reply: var reply })
        {
            return reply;
        }
    }

    /// <summary>Nobody has answered, and the tenant is told why.</summary>
    private sealed class SilentEndpointException(WebhookReply reply) : Exception(reply.Error)
    {
        public WebhookReply Reply => reply;
    }

    private Task<WebhookReply> AskAsync(DueDelivery due, DateTimeOffset at, CancellationToken cancellation)
    {
        List<string> signing;
        try
        {
            signing = secrets.OpenAll(due.Secrets, at);
        }
        catch (Exception strange) when (strange is CryptographicException or FormatException)
        {
            WebhooksLog.SecretsNotOpened(log, due.Endpoint.Id, strange);
            return Task.FromResult(new WebhookReply(null, "The secret of the endpoint cannot be opened; make a new one.", null, null));
        }
        return client.SendAsync(() => RequestOf(due, signing, at), cancellation);
    }

    private static HttpRequestMessage RequestOf(DueDelivery due, List<string> signing, DateTimeOffset at)
    {
        var body = Encoding.UTF8.GetBytes(due.Payload);
        var seconds = at.ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, due.Endpoint.Url)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = Json } },
        };
        Add("User-Agent", "Basin/1.0 (+webhooks)");
        Add("Accept", "*/*");
        Add("Stripe-Signature", Signatures.Stripe(signing, seconds, body));
        Add("webhook-id", due.MessageId);
        Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        Add("webhook-signature", Signatures.Standard(signing, due.MessageId, seconds, body));
        return request;

        void Add(string name, string value) => request.Headers.TryAddWithoutValidation(name, value);
    }

    /// <returns>Whether the endpoint was disabled.</returns>
    private async ValueTask<bool> KeepAsync(
        Transaction tx, Id<Tenant> tenant, WebhookDelivery sent, WebhookAttempt attempt, TimeSpan? retryAfter, double jitter)
    {
        // It may have been deleted, or begun again, meanwhile.
        if (await WebhooksStore.FindDeliveryAsync(tx, tenant, sent.Id) is not { } delivery || delivery.Turn != sent.Turn)
            return false;
        await WebhooksStore.InsertAttemptAsync(tx, tenant, sent.Id, attempt);
        var moved = delivery.After(attempt, options.Schedule, retryAfter, jitter, tx.Now);
        if (await DisableAsync(tx, tenant, sent.Endpoint, attempt))
        {
            await WebhooksStore.SaveDeliveryAsync(tx, tenant, moved);
            await WebhooksStore.CancelOpenAsync(tx, sent.Endpoint);
            return true;
        }
        await queue.MoveOnAsync(tx, tenant, moved);
        return false;
    }

    /// <returns>Whether the try was one too many.</returns>
    private async ValueTask<bool> DisableAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id, WebhookAttempt attempt)
    {
        if (await WebhooksStore.FindEndpointAsync(tx, tenant, id) is not { Endpoint: var before })
            return false;
        var after = before.After(attempt, options.DisableAfter, tx.Now);
        await WebhooksStore.SaveEndpointAsync(tx, tenant, after);
        if (!before.Enabled || after.DisabledReason is not { } reason)
            return false;
        await tx.PublishAsync(tenant, new WebhookEndpointDisabled(id, after.Url, reason, after.FailingSince!.Value));
        return true;
    }
}

using Basin.Webhooks.Sending;

namespace Basin.Webhooks;

/// <summary>The use cases of Webhooks, for its endpoints and pages; other systems ask <see cref="IWebhooks"/>.</summary>
public sealed class WebhooksApi : IWebhooks
{
    /// <summary>Tries of a delivery that are shown.</summary>
    private const int MaxAttempts = 200;

    /// <summary>Deliveries that the health of an endpoint is judged by.</summary>
    private const int Judged = 100;

    private readonly Store _store;
    private readonly WebhookSecrets _secrets;
    private readonly DeliveryQueue _queue;
    private readonly TargetPolicy _targets;
    private readonly WebhooksOptions _options;
    private readonly TimeProvider _time;

    internal WebhooksApi(
        Store store, WebhookSecrets secrets, DeliveryQueue queue, TargetPolicy targets, WebhooksOptions options, TimeProvider time) =>
        (_store, _secrets, _queue, _targets, _options, _time) = (store, secrets, queue, targets, options, time);

    /// <inheritdoc/>
    public async ValueTask<WebhookEndpointWithSecret> CreateAsync(
        Id<Tenant> tenant, NewWebhookEndpoint endpoint, string? requestKey, CancellationToken cancellation)
    {
        Check(endpoint);
        CheckTarget(endpoint.Url);
        if (requestKey is { Length: 0 or > WebhookChecks.MaxRequestKey } || requestKey?.Any(char.IsControl) == true)
            throw KernelProblems.Invalid.At("requestKey", $"1 to {WebhookChecks.MaxRequestKey} characters are expected.").Refusal();
        var sealedSecret = new SealedSecret(_secrets.Seal(WebhookSecrets.New()), null);
        var stored = await _store.WriteAsync(
            ShardKey.First,
            async tx => requestKey is not null && await WebhooksStore.FindEndpointAsync(tx, tenant, requestKey) is { } former
                ? former
                : await InsertAsync(tx, tenant, endpoint, sealedSecret, requestKey),
            cancellation);
        return new WebhookEndpointWithSecret(stored.Endpoint, _secrets.Open(stored.Secrets[^1]));
    }

    /// <summary>Makes an endpoint. The answer to a repeat of the same request does not show the secret again.</summary>
    internal async Task<Answer<EndpointView>> CreateAsync(Id<Tenant> tenant, NewWebhookEndpoint request, Once once, CancellationToken cancellation)
    {
        CheckTarget(request.Url);
        var secret = WebhookSecrets.New();
        var sealedSecret = new SealedSecret(_secrets.Seal(secret), null);
        var answer = await once.WriteAsync(
            _store, ShardKey.First, request,
            async tx =>
            {
                var made = (await InsertAsync(tx, tenant, request, sealedSecret, requestKey: null)).Endpoint;
                return Answer.Created($"/v1/webhooks/endpoints/{made.Id}", EndpointView.Of(made));
            },
            cancellation);
        // The secret is added after the first answer was kept, so that it is kept nowhere in the open.
        return answer.Value is { } view && !answer.IsRepeat ? Answer.Created(answer.Location!, view with { Secret = secret }) : answer;
    }

    /// <inheritdoc/>
    public async ValueTask<WebhookEndpoint?> FindAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        (await FindStoredAsync(tenant, id, cancellation))?.Endpoint;

    /// <inheritdoc/>
    public async ValueTask<Page<WebhookEndpoint>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var before = paging.AfterNumber(start: long.MaxValue);
        var found = await _store.ReadAsync(
            ShardKey.First, snapshot => WebhooksStore.ListEndpointsAsync(snapshot, tenant, before, paging.Limit + 1), cancellation);
        return paging.PageOf(found, endpoint => endpoint.Id.Value.ToString());
    }

    /// <inheritdoc/>
    public async ValueTask<WebhookEndpoint?> UpdateAsync(
        Id<Tenant> tenant, Id<WebhookEndpoint> id, WebhookEndpointChange change, CancellationToken cancellation)
    {
        Check(change);
        if (change.Url is { } url)
            CheckTarget(url);
        return await _store.WriteAsync(ShardKey.First, tx => ChangeAsync(tx, tenant, id, change), cancellation);
    }

    internal Task<Answer<EndpointView>> UpdateAsync(
        Id<Tenant> tenant, Id<WebhookEndpoint> id, ReplaceEndpoint request, Once once, CancellationToken cancellation)
    {
        CheckTarget(request.Url);
        return once.WriteAsync<ReplaceEndpoint, EndpointView>(
            _store, ShardKey.First, request,
            async tx => await ChangeAsync(tx, tenant, id, request.ToChange()) is { } changed ? EndpointView.Of(changed) : KernelProblems.NotFound,
            cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        await _store.WriteAsync(ShardKey.First, tx => DeleteAsync(tx, tenant, id), cancellation);

    internal Task<Answer<Nothing>> DeleteAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync<Id<WebhookEndpoint>, Nothing>(
            _store, ShardKey.First, id, async tx => await DeleteAsync(tx, tenant, id) ? Answer.NoContent() : KernelProblems.NotFound, cancellation);

    /// <inheritdoc/>
    public async ValueTask<WebhookSecret?> FindSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        await FindStoredAsync(tenant, id, cancellation) is { } stored ? SecretOf(stored.Secrets) : null;

    /// <inheritdoc/>
    public async ValueTask<WebhookSecret?> RollSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation)
    {
        var sealedSecret = _secrets.Seal(WebhookSecrets.New());
        var rolled = await _store.WriteAsync(ShardKey.First, tx => RollAsync(tx, tenant, id, sealedSecret), cancellation);
        return rolled is null ? null : SecretOf(rolled);
    }

    /// <summary>Makes a new secret. The answer to a repeat of the same request does not show it again.</summary>
    internal async Task<Answer<SecretView>> RollSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, Once once, CancellationToken cancellation)
    {
        var secret = WebhookSecrets.New();
        var sealedSecret = _secrets.Seal(secret);
        var answer = await once.WriteAsync<Id<WebhookEndpoint>, SecretView>(
            _store, ShardKey.First, id,
            async tx => await RollAsync(tx, tenant, id, sealedSecret) is { } rolled
                ? new SecretView(null, FormerUntil(rolled, tx.Now))
                : KernelProblems.NotFound,
            cancellation);
        return answer.Value is { } view && !answer.IsRepeat ? view with { Secret = secret } : answer;
    }

    internal async ValueTask<Page<DeliveryView>> ListDeliveriesAsync(
        Id<Tenant> tenant, Id<WebhookEndpoint>? endpoint, WebhookDeliveryState? state, Paging paging, CancellationToken cancellation)
    {
        var before = paging.AfterNumber(start: long.MaxValue);
        var found = await _store.ReadAsync(
            ShardKey.First, snapshot => WebhooksStore.ListDeliveriesAsync(snapshot, tenant, endpoint, state, before, paging.Limit + 1), cancellation);
        return paging.PageOf(found.ConvertAll(told => DeliveryView.Of(told)), view => view.Id.Value.ToString());
    }

    internal ValueTask<DeliveryView?> FindDeliveryAsync(Id<Tenant> tenant, Id<WebhookDelivery> id, CancellationToken cancellation) =>
        _store.ReadAsync(ShardKey.First, snapshot => FindDeliveryAsync(snapshot, tenant, id), cancellation);

    private static async ValueTask<DeliveryView?> FindDeliveryAsync(Snapshot snapshot, Id<Tenant> tenant, Id<WebhookDelivery> id)
    {
        if (await WebhooksStore.FindToldAsync(snapshot, tenant, id) is not { } told)
            return null;
        var payload = await WebhooksStore.FindPayloadAsync(snapshot, tenant, told.Delivery.Message);
        return DeliveryView.Of(told, payload, await WebhooksStore.ListAttemptsAsync(snapshot, tenant, id, MaxAttempts));
    }

    /// <summary>Sends a delivery again that has ended, or one that would be tried later, now.</summary>
    internal Task<Answer<DeliveryView>> ReplayAsync(Id<Tenant> tenant, Id<WebhookDelivery> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync(_store, ShardKey.First, id, tx => ReplayAsync(tx, tenant, id), cancellation);

    /// <summary>Tells an endpoint something, whatever types it listens to.</summary>
    internal Task<Answer<DeliveryView>> TestAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync(_store, ShardKey.First, id, tx => TestAsync(tx, tenant, id), cancellation);

    /// <summary>All endpoints of a tenant, and how well they do.</summary>
    internal ValueTask<List<JudgedEndpoint>> JudgeAsync(Id<Tenant> tenant, CancellationToken cancellation) => _store.ReadAsync(
        ShardKey.First,
        async snapshot =>
        {
            var judged = new List<JudgedEndpoint>();
            foreach (var endpoint in await WebhooksStore.ListEndpointsAsync(snapshot, tenant, long.MaxValue, Paging.MaxLimit))
            {
                var states = await WebhooksStore.ListStatesAsync(snapshot, tenant, endpoint.Id, Judged);
                judged.Add(new JudgedEndpoint(endpoint, PartOfArrived(states)));
            }
            return judged;
        },
        cancellation);

    private static double? PartOfArrived(List<WebhookDeliveryState> states)
    {
        var tried = states.Count(state => state is WebhookDeliveryState.Delivered or WebhookDeliveryState.Failed or WebhookDeliveryState.Retrying);
        return tried == 0 ? null : (double)states.Count(state => state == WebhookDeliveryState.Delivered) / tried;
    }

    private async ValueTask<StoredEndpoint> InsertAsync(
        Transaction tx, Id<Tenant> tenant, NewWebhookEndpoint asked, SealedSecret secret, string? requestKey)
    {
        if (await WebhooksStore.CountEndpointsAsync(tx, tenant) >= _options.MaxEndpointsPerTenant)
            throw WebhooksProblems.TooManyEndpoints.With($"It may have {_options.MaxEndpointsPerTenant}.").Refusal();
        var endpoint = WebhookEndpoint.New(tx.NewId<WebhookEndpoint>(), asked, tx.Now);
        await WebhooksStore.InsertEndpointAsync(tx, tenant, endpoint, [secret], requestKey);
        return new StoredEndpoint(endpoint, [secret]);
    }

    private static async ValueTask<WebhookEndpoint?> ChangeAsync(
        Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id, WebhookEndpointChange change)
    {
        if (await WebhooksStore.FindEndpointAsync(tx, tenant, id) is not { Endpoint: var before })
            return null;
        var after = before.Change(change, tx.Now);
        await WebhooksStore.SaveEndpointAsync(tx, tenant, after);
        if (before.Enabled && !after.Enabled)
            await WebhooksStore.CancelOpenAsync(tx, id);
        return after;
    }

    private static async ValueTask<bool> DeleteAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id)
    {
        if (await WebhooksStore.DeleteEndpointAsync(tx, tenant, id) == 0)
            return false;
        await WebhooksStore.CancelOpenAsync(tx, id);
        return true;
    }

    private async ValueTask<IReadOnlyList<SealedSecret>?> RollAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id, string newSealed)
    {
        if (await WebhooksStore.FindEndpointAsync(tx, tenant, id) is not { } stored)
            return null;
        var rolled = WebhookSecrets.Roll(stored.Secrets, newSealed, tx.Now, _options.KeepFormerSecret);
        await WebhooksStore.SaveSecretsAsync(tx, tenant, id, rolled);
        return rolled;
    }

    private async ValueTask<Answer<DeliveryView>> ReplayAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookDelivery> id)
    {
        if (await WebhooksStore.FindToldAsync(tx, tenant, id) is not { } told)
            return KernelProblems.NotFound;
        if (await WebhooksStore.FindEndpointAsync(tx, tenant, told.Delivery.Endpoint) is not { Endpoint.Enabled: true })
            return WebhooksProblems.Disabled;
        var replayed = await _queue.ReplayAsync(tx, tenant, told.Delivery);
        return Answer.Accepted($"/v1/webhooks/deliveries/{id}", DeliveryView.Of(told with { Delivery = replayed }));
    }

    private async ValueTask<Answer<DeliveryView>> TestAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> id)
    {
        if (await WebhooksStore.FindEndpointAsync(tx, tenant, id) is not { Endpoint: var endpoint })
            return KernelProblems.NotFound;
        if (!endpoint.Enabled)
            return WebhooksProblems.Disabled;
        var number = tx.NewId<StoredMessage>();
        var message = TestMessage.For(id, number, tx.Now);
        await WebhooksStore.InsertMessageAsync(tx, tenant, number, message);
        var delivery = await _queue.AddAsync(tx, tenant, id, number, message.ObjectKey);
        return Answer.Created(
            $"/v1/webhooks/deliveries/{delivery.Id}", DeliveryView.Of(new ToldDelivery(delivery, message.Id, message.MessageType, message.At)));
    }

    private ValueTask<StoredEndpoint?> FindStoredAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        _store.ReadAsync(ShardKey.First, snapshot => WebhooksStore.FindEndpointAsync(snapshot, tenant, id), cancellation);

    private WebhookSecret SecretOf(IReadOnlyList<SealedSecret> secrets) =>
        new(_secrets.Open(secrets[^1]), FormerUntil(secrets, _time.GetUtcNow()));

    private static DateTimeOffset? FormerUntil(IReadOnlyList<SealedSecret> secrets, DateTimeOffset now) =>
        secrets.Where(secret => secret.SignsAt(now)).Max(secret => secret.Until);

    private void CheckTarget(string url)
    {
        if (_targets.WhyRefused(new Uri(url)) is { } sentence)
            throw KernelProblems.Invalid.At("url", sentence).Refusal();
    }

    private static void Check(IChecked request)
    {
        var checks = new Checks();
        request.Check(checks);
        if (checks.Problem is { } problem)
            throw problem.Refusal();
    }
}

/// <param name="Arrived">The part of its newest deliveries that has arrived; null when nothing was tried yet.</param>
internal sealed record JudgedEndpoint(WebhookEndpoint Endpoint, double? Arrived);

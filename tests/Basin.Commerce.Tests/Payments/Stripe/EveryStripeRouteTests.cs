using Basin.Kernel.Telemetry;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Payments.Stripe;

/// <summary>
/// Every route below <c>/stripe</c>, out of the host's own list, so that none is forgotten. They are no part of the host's description, whose routes
/// are tried with JSON.
/// </summary>
public sealed class EveryStripeRouteTests(EveryStripeRouteTests.Sample sample) : IClassFixture<EveryStripeRouteTests.Sample>
{
    [Fact]
    public Task Nobody_and_a_key_without_the_scope_are_refused_as_Stripe_does() => Assert.AllAsync(sample.Routes, async route =>
    {
        var nobody = await sample.SendAsync(route, sample.Stripe.Host.ClientOf(null));
        Assert.Equal((401, "invalid_request_error"), (nobody.Status, (string?)nobody.Body["error"]!["type"]));
        var others = await sample.SendAsync(route, sample.Stripe.Host.ClientOf(StripeHost.Somebody(1, "nothing:read")));
        Assert.Equal(403, others.Status);
        Assert.Matches(route.Writes ? ":write" : ":read", (string?)others.Body["error"]!["message"]);
    });

    [Fact]
    public Task Garbage_is_refused_and_changes_nothing() => Assert.AllAsync(sample.Routes, async route =>
    {
        var before = await sample.LookAsync();
        foreach (var garbage in (string[])["nonsense[x]=1", "%ff=1", "a=1&a=2", "expand[]=nonsense", "metadata[a][b]=1", "limit=x"])
        {
            var refused = await sample.SendAsync(route, sample.Stripe.Host.Client, garbage);
            Assert.True(refused.Status is >= 400 and < 500, $"{garbage}: {refused.Status} {refused.Body.ToJsonString()}");
            Assert.NotNull(refused.Body["error"]!["message"]);
        }
        Assert.Equal(before, await sample.LookAsync());
    });

    [Fact]
    public async Task What_another_tenant_has_is_not_there()
    {
        var before = await sample.LookAsync();
        await Assert.AllAsync(sample.Routes.Where(route => route.Path.Contains('{')), async route =>
        {
            var refused = await sample.SendAsync(route, sample.Stripe.Neighbour, sample.FormOf(route));
            Assert.Equal((404, "resource_missing"), (refused.Status, (string?)refused.Body["error"]!["code"]));
        });
        await Assert.AllAsync(sample.Routes.Where(route => !route.Writes && !route.Path.Contains('{')), async route =>
            Assert.DoesNotContain(sample.Ids, (await sample.SendAsync(route, sample.Stripe.Neighbour)).Body.ToJsonString().Contains));
        Assert.Equal(before, await sample.LookAsync());
    }

    [Fact]
    public void Card_numbers_go_to_the_vault_and_all_else_to_payments() => Assert.All(sample.Routes, route => Assert.Equal(
        route.Path.StartsWith("/tokens", StringComparison.Ordinal) ? "vault" : "payments",
        sample.Stripe.Host.Get<RouteOwners>().OwnerOf($"/stripe/v1{route.Path}")));

    internal sealed record StripeRoute(string Method, string Path)
    {
        public bool Writes => Method != "GET";

        public override string ToString() => $"{Method} {Path}";
    }

    /// <summary>A tenant that has one of everything.</summary>
    public sealed class Sample : IAsyncLifetime
    {
        private const string Neighbour = "the neighbour's customer";

        private readonly Dictionary<string, string> _ids = [];

        internal StripeHost Stripe { get; private set; } = null!;

        internal List<StripeRoute> Routes { get; private set; } = null!;

        internal IEnumerable<string> Ids => _ids.Where(each => each.Key != Neighbour).Select(each => each.Value);

        public async ValueTask InitializeAsync()
        {
            Stripe = await StripeHost.StartAsync();
            Routes =
            [
                .. from endpoint in Stripe.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                   let route = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()!.Route
                   where route.StartsWith("/stripe/v1/", StringComparison.Ordinal)
                   from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                   select new StripeRoute(method, route["/stripe/v1".Length..]),
            ];
            await MakeAsync();
        }

        public ValueTask DisposeAsync() => Stripe.DisposeAsync();

        internal Task<StripeReply> SendAsync(StripeRoute route, HttpClient client, string? form = null) => route.Writes
            ? Stripe.SendAsync(new HttpMethod(route.Method), Fill(route.Path), form ?? "", null, client)
            : Stripe.SendAsync(HttpMethod.Get, $"{Fill(route.Path)}?{form}", null, null, client);

        /// <summary>What a route needs before it looks for what its path names.</summary>
        internal string FormOf(StripeRoute route) => route.Path switch
        {
            "/payment_methods/{id}/attach" => $"customer={_ids[Neighbour]}",
            "/payment_intents/{id}/increment_authorization" => "amount=1000",
            _ => "",
        };

        /// <summary>All that the tenant can read.</summary>
        internal async Task<string> LookAsync()
        {
            var seen = new List<string>();
            foreach (var route in Routes.Where(route => !route.Writes))
                seen.Add($"{route}: {(await SendAsync(route, Stripe.Host.Client)).Succeeded().Body.ToJsonString()}");
            return string.Join('\n', seen);
        }

        private string Fill(string path)
        {
            var steps = path.Split('/');
            var id = steps.Length > 2 ? _ids[$"/{steps[1]}"] : "";
            return path.Replace("{id}", id, StringComparison.Ordinal).Replace("{method}", _ids["/payment_methods"], StringComparison.Ordinal);
        }

        private async Task MakeAsync()
        {
            var customer = await KeepAsync("/customers", "name=Ada");
            _ids[Neighbour] = (await Stripe.PostAsync("/customers", client: Stripe.Neighbour)).Succeeded().Id;
            await KeepAsync("/payment_methods", "type=card&card[token]=tok_visa");
            await Stripe.MakeAsync($"/payment_methods/{_ids["/payment_methods"]}/attach", $"customer={customer.Id}");
            await KeepAsync("/setup_intents", "description=one");
            await KeepAsync("/tokens", "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2030");
            await KeepAsync("/webhook_endpoints", "url=http://127.0.0.1:9/hook&enabled_events[]=payout.paid");
            var paid = await KeepAsync("/payment_intents", "amount=1000&currency=eur&payment_method=pm_card_visa&confirm=true");
            _ids["/charges"] = paid.Text("latest_charge")!;
            var refund = await KeepAsync("/refunds", $"payment_intent={paid.Id}&amount=100");
            await Stripe.MakeAsync("/payment_intents", "amount=1000&currency=eur&payment_method=pm_card_createDispute&confirm=true");
            await Stripe.MakeAsync("/payment_intents", "amount=10000&currency=eur&payment_method=pm_card_bypassPending&confirm=true");
            await KeepAsync("/payouts", "amount=500&currency=eur");
            await Stripe.Host.SettleAsync();
            _ids["/disputes"] = (string)(await Stripe.GetAsync("/disputes"))["data"]![0]!["id"]!;
            _ids["/balance_transactions"] = (await Stripe.GetAsync($"/refunds/{refund.Id}")).Text("balance_transaction")!;
            _ids["/events"] = (string)(await Stripe.GetAsync("/events"))["data"]![0]!["id"]!;
        }

        private async Task<StripeReply> KeepAsync(string path, string form)
        {
            var made = await Stripe.MakeAsync(path, form);
            _ids[path] = made.Id;
            return made;
        }
    }
}

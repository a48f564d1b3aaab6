using Basin.Testing;

namespace Basin.Commerce.Tests.Payments.Stripe;

public sealed class CustomersTests : IAsyncLifetime
{
    private StripeHost _stripe = null!;

    public async ValueTask InitializeAsync() => _stripe = await StripeHost.StartAsync();

    public ValueTask DisposeAsync() => _stripe.DisposeAsync();

    [Fact]
    public async Task A_customer_is_made_found_changed_and_deleted()
    {
        var made = await _stripe.MakeAsync(
            "/customers",
            "name=Ada&email=ada%40example.com&phone=1&description=first&metadata[a]=b&address[city]=Berlin&address[line1]=Weg 1"
            + "&shipping[name]=Bob&shipping[address][city]=Rom&preferred_locales[]=de&tax_exempt=none");
        Assert.Equal(("customer", "Ada", "b", "Berlin"), (made.Text("object"), made.Text("name"), made.Text("metadata.a"), made.Text("address.city")));

        var changed = await _stripe.MakeAsync($"/customers/{made.Id}", "name=&description=second&metadata[a]=&metadata[c]=d&address=&shipping=");
        Assert.Null(changed["name"]);
        Assert.Null(changed["address"]);
        Assert.Null(changed["shipping"]);
        Assert.Equal(("second", "ada@example.com", "d"), (changed.Text("description"), changed.Text("email"), changed.Text("metadata.c")));
        Assert.Equal(changed.Body.ToJsonString(), (await _stripe.GetAsync($"/customers/{made.Id}")).Body.ToJsonString());

        var deleted = (await _stripe.DeleteAsync($"/customers/{made.Id}")).Succeeded();
        Assert.Equal($$"""{"id":"{{made.Id}}","object":"customer","deleted":true}""", deleted.Body.ToJsonString());
        Assert.Equal(deleted.Body.ToJsonString(), (await _stripe.GetAsync($"/customers/{made.Id}")).Body.ToJsonString());
        (await _stripe.DeleteAsync($"/customers/{made.Id}")).Refused(404, "resource_missing", "id");
        (await _stripe.PostAsync($"/customers/{made.Id}", "name=x")).Refused(404, "resource_missing", "id");
        (await _stripe.PostAsync("/payment_intents", $"amount=100&currency=eur&customer={made.Id}")).Refused(400, "resource_missing", "customer");
        Assert.Equal(["customer.created", "customer.updated", "customer.deleted"], await _stripe.ToldAsync(made.Id));
    }

    [Theory]
    [InlineData("email=ada", "email", "email_invalid")]
    [InlineData("email=a@b@c", "email", "email_invalid")]
    [InlineData("colour=red", "colour", "parameter_unknown")]
    [InlineData("address=Berlin", "address", null)]
    [InlineData("address[planet]=Mars", "address[planet]", "parameter_unknown")]
    [InlineData("shipping[phone]=1", "shipping[name]", "parameter_missing")]
    [InlineData("metadata=x", "metadata", null)]
    [InlineData("payment_method=pm_card_nobody", "payment_method", "resource_missing")]
    [InlineData("payment_method=pm_1", "payment_method", "resource_missing")]
    [InlineData("invoice_settings[default_payment_method]=pm_card_visa", "invoice_settings[default_payment_method]", "resource_missing")]
    public async Task What_is_wrong_is_named_and_nobody_is_made(string form, string param, string? code)
    {
        (await _stripe.PostAsync("/customers", form)).Refused(400, code, param);
        Assert.Empty((await _stripe.GetAsync("/customers"))["data"]!.AsArray());
        Assert.Empty((await _stripe.GetAsync("/events"))["data"]!.AsArray());
    }

    [Fact]
    public async Task Lists_show_those_that_are_there_newest_first_by_page_time_and_address()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, (await _stripe.MakeAsync("/customers", $"email=c{i % 2}%40example.com")).Id);
            await _stripe.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        }
        await _stripe.DeleteAsync($"/customers/{ids[1]}");
        ids.RemoveAt(1);

        Assert.Equal(ids, await IdsAsync("/customers"));
        var page = await _stripe.GetAsync("/customers?limit=2");
        Assert.Equal((true, "/v1/customers"), ((bool)page["has_more"]!, page.Text("url")));
        Assert.Equal(ids[..2], IdsOf(page));
        Assert.Equal(ids[2..], await IdsAsync($"/customers?starting_after={ids[1]}"));
        Assert.Equal(ids[1..2], await IdsAsync($"/customers?ending_before={ids[2]}&limit=1"));
        Assert.Equal([ids[0], ids[1], ids[3]], await IdsAsync("/customers?email=c0%40example.com"));
        Assert.Equal([ids[2]], await IdsAsync("/customers?email=c1%40example.com"));
        Assert.Empty(await IdsAsync("/customers?email=nobody%40example.com"));
        var second = (long)(await _stripe.GetAsync($"/customers/{ids[2]}"))["created"]!;
        Assert.Equal(ids[..2], await IdsAsync($"/customers?created[gt]={second}"));
        (await _stripe.GetAsync("/customers?starting_after=cus_0000000000001")).Refused(400, "resource_missing", "starting_after");
    }

    [Fact]
    public async Task A_customer_begins_with_a_method_that_later_payments_use()
    {
        var made = await _stripe.MakeAsync(
            "/customers",
            "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa&expand[]=invoice_settings.default_payment_method");
        var method = made["invoice_settings"]!["default_payment_method"]!;
        Assert.Equal((made.Id, "4242"), ((string?)method["customer"], (string?)method["card"]!["last4"]));
        Assert.Equal(["payment_method.attached"], await _stripe.ToldAsync((string)method["id"]!));

        var own = await _stripe.MakeAsync("/payment_methods", "type=card&card[token]=tok_mastercard");
        var other = await _stripe.MakeAsync("/customers", $"payment_method={own.Id}");
        (await _stripe.PostAsync("/customers", $"payment_method={own.Id}")).Refused(400, "payment_method_unexpected_state");
        (await _stripe.PostAsync($"/customers/{made.Id}", $"invoice_settings[default_payment_method]={own.Id}"))
            .Refused(400, "resource_missing", "invoice_settings[default_payment_method]");
        var preferring = await _stripe.MakeAsync($"/customers/{other.Id}", $"invoice_settings[default_payment_method]={own.Id}");
        Assert.Equal(own.Id, preferring.Text("invoice_settings.default_payment_method"));
        var without = await _stripe.MakeAsync($"/customers/{other.Id}", "invoice_settings[default_payment_method]=");
        Assert.Null(without["invoice_settings"]!["default_payment_method"]);
    }

    [Fact]
    public async Task The_methods_of_a_customer_are_listed_and_go_with_them()
    {
        var ada = await _stripe.MakeAsync("/customers", "payment_method=pm_card_visa");
        _stripe.Host.Clock.Jump(TimeSpan.FromSeconds(1));
        var more = await _stripe.MakeAsync("/payment_methods/pm_card_amex/attach", $"customer={ada.Id}");
        var bob = await _stripe.MakeAsync("/customers", "payment_method=pm_card_visa");

        var listed = await _stripe.GetAsync($"/customers/{ada.Id}/payment_methods?type=card");
        Assert.Equal(["amex", "visa"], listed["data"]!.AsArray().Select(method => (string)method!["card"]!["brand"]!));
        Assert.Equal($"/v1/customers/{ada.Id}/payment_methods", listed.Text("url"));
        Assert.Equal(2, (await IdsAsync($"/payment_methods?customer={ada.Id}")).Count);
        Assert.Empty(await IdsAsync($"/customers/{ada.Id}/payment_methods?type=sepa_debit"));
        Assert.Equal(more.Id, (await _stripe.GetAsync($"/customers/{ada.Id}/payment_methods/{more.Id}")).Id);
        (await _stripe.GetAsync($"/customers/{bob.Id}/payment_methods/{more.Id}")).Refused(404, "resource_missing", "id");

        await _stripe.DeleteAsync($"/customers/{ada.Id}");
        Assert.Null((await _stripe.GetAsync($"/payment_methods/{more.Id}"))["customer"]);
        Assert.Equal(["payment_method.attached", "payment_method.detached"], await _stripe.ToldAsync(more.Id));
        (await _stripe.GetAsync($"/customers/{ada.Id}/payment_methods")).Refused(404, "resource_missing", "id");
        Assert.Single(await IdsAsync($"/customers/{bob.Id}/payment_methods"));
    }

    /// <summary>What a crash, or an attachment at the same time, has left is put right a minute later.</summary>
    [Fact]
    public async Task A_method_that_has_missed_the_end_of_its_customer_goes_too()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var method = await _stripe.MakeAsync("/payment_methods", "type=card&card[token]=tok_visa");
        await _stripe.DeleteAsync($"/customers/{ada.Id}");
        await _stripe.Host.Get<Basin.Payments.Customers.MethodsApi>().AttachAsync(
            TestHost.DefaultCaller.Tenant, new(Id(method)), new(Id(ada)), CancellationToken.None);

        await _stripe.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Null((await _stripe.GetAsync($"/payment_methods/{method.Id}"))["customer"]);

        static long Id(StripeReply reply) => Kernel.Ids.EntityText.TryParse(reply.Id, out _, out var value) ? value : 0;
    }

    [Fact]
    public async Task A_repeat_under_a_key_makes_one_customer_and_one_method()
    {
        const string form = "email=ada%40example.com&payment_method=pm_card_visa";
        var first = await _stripe.PostAsync("/customers", form, key: "k1");
        var again = await _stripe.PostAsync("/customers", form, key: "k1");
        Assert.Equal(first.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.Single(await IdsAsync("/customers"));
        Assert.Single(await IdsAsync("/payment_methods"));
        (await _stripe.PostAsync("/customers", "name=x", key: "k1")).Refused(400, null, type: "idempotency_error");
    }

    private async Task<List<string>> IdsAsync(string path) => IdsOf((await _stripe.GetAsync(path)).Succeeded());

    private static List<string> IdsOf(StripeReply list) => [.. list["data"]!.AsArray().Select(each => (string)each!["id"]!)];
}

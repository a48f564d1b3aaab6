using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.StripeDialect;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.StripeDialect;

internal sealed record Pet(Id<Pet> Id, string Name, string? Owner, IReadOnlyDictionary<string, string> Metadata) : IEntity
{
    public static string Prefix => "pet";
}

internal sealed record PetView(
    Id<Pet> Id, string Object, DateTimeOffset Created, string Name, string? Owner, string? Vet, IReadOnlyDictionary<string, string> Metadata);

[JsonSerializable(typeof(PetView))]
[JsonSerializable(typeof(StripeList<PetView>))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(UnixSeconds)])]
internal sealed partial class PetJson : JsonSerializerContext;

/// <summary>Names a pet, for the routes of <c>/v1</c>.</summary>
internal sealed record NewPet(string Name);

/// <summary>A system that speaks both dialects, with one table.</summary>
internal sealed class PetShop
{
    public const string Name = "pets";

    /// <summary>What a test wants to happen after a pet is written.</summary>
    public Action<string>? OnWritten { get; set; }

    /// <summary>What a test wants the second half of a request to wait for.</summary>
    public Func<CancellationToken, Task>? OnFinish { get; set; }

    public int Begun;
    public int Finished;
    public int Loaded;

    public static Task<TestHost> OpenAsync(Dictionary<string, string?>? settings = null, Caller? caller = null) => TestHost.StartAsync(
        builder =>
        {
            builder.AddSystem(Name, typeof(PetShop).Assembly, "StripeDialect").Sharded();
            builder.Services.AddSingleton<PetShop>();
            builder.Services.AddStripeDialect();
            builder.Services.AddStripeDialect();
            builder.Services.AddStripeObject("pet", FindPetAsync, ("owner", "own"));
            builder.Services.AddStripeObject("own", FindOwnerAsync, ("favourite", "pet"), ("friends", "own"));
        },
        Map,
        new TestHostOptions { Settings = settings ?? [], Caller = caller ?? TestHost.DefaultCaller });

    public static Task<long> CountAsync(TestHost host) => CountAsync(host.StoreOf(Name));

    private static async Task<long> CountAsync(Store store) => (await store.ReadAllAsync(
        snapshot => snapshot.ListAsync("SELECT id FROM pet", row => row.Integer(0)), CancellationToken.None)).Count;

    private static void Map(WebApplication app)
    {
        app.MapPost("/v1/pets", AddAsync);
        var stripe = app.MapStripe();
        stripe.MapPost("/pets", CreateAsync).RequireScope("pets:write").Expands("pet");
        stripe.MapPost("/pets/{id}", UpdateAsync).RequireScope("pets:write").Expands("pet");
        stripe.MapPost("/slow_pets", CreateSlowlyAsync).RequireScope("pets:write").Expands("pet");
        stripe.MapGet("/pets", ListAsync).RequireScope("pets:read").ExpandsList("pet");
        stripe.MapGet("/pets/{id}", GetAsync).RequireScope("pets:read").Expands("pet");
        stripe.MapDelete("/pets/{id}", DeleteAsync).RequireScope("pets:write");
        stripe.MapPost("/everything", ReadEverything).RequireScope("pets:write");
        stripe.MapGet("/broken", StripeAnswer (StripeRequest _) => throw new FormatException("a secret of the inside"));
        stripe.MapGet("/away", StripeAnswer (StripeRequest _) => throw KernelProblems.SystemUnavailable.Refusal());
    }

    private static Task<Answer<PetView>> AddAsync(
        NewPet pet, Once once, Caller caller, PetShop shop, [FromKeyedServices(Name)] Store store, CancellationToken cancellation) =>
        once.WriteAsync<NewPet, PetView>(
            store, once.ShardFor(store), pet, async tx => Answer.Ok(await shop.WriteAsync(tx, caller.Tenant, pet.Name)), cancellation);

    private static Task<StripeAnswer> CreateAsync(
        StripeRequest request, PetShop shop, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        var name = request.Form.Text("name", 40);
        var owner = request.Form.TextOrNull("owner");
        var metadata = request.Form.Metadata().ApplyTo();
        request.Form.RefuseOthers();
        return request.WriteAsync(
            store,
            request.ShardFor(store),
            async tx => name == "dragon"
                ? await DeclineAsync(tx)
                : StripeAnswer.Ok(await shop.WriteAsync(tx, request.Tenant, name, owner, metadata), PetJson.Default.PetView),
            cancellation);

        async ValueTask<StripeAnswer> DeclineAsync(Transaction tx)
        {
            var kept = await shop.WriteAsync(tx, request.Tenant, name);
            return StripeErrors.CardError("card_declined", "Your card was declined.", "generic_decline") with
            {
                Charge = "ch_1",
                PaymentIntent = JsonSerializer.SerializeToNode(kept, PetJson.Default.PetView),
            };
        }
    }

    private static async Task<StripeAnswer> UpdateAsync(
        string id, StripeRequest request, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        var name = request.Form.TextOrNull("name");
        var owner = request.Form.TextChange("owner");
        var metadata = request.Form.Metadata();
        request.Form.RefuseOthers();
        var pet = IdOf(id);
        return await request.WriteAsync(
            store,
            ShardKey.Of(pet),
            async tx =>
            {
                var before = await FindAsync(tx, request.Tenant, pet) ?? throw StripeErrors.NoSuch("pet", id).Refusal();
                var after = before with { Name = name ?? before.Name, Owner = owner.Or(before.Owner), Metadata = metadata.ApplyTo(before.Metadata) };
                await tx.ExecuteAsync(
                    "UPDATE pet SET name = $2, owner = $3, metadata = $4 WHERE id = $1", pet.Value, after.Name, after.Owner, TextOf(after.Metadata));
                return StripeAnswer.Ok(ViewOf(after), PetJson.Default.PetView);
            },
            cancellation);
    }

    private static Task<StripeAnswer> CreateSlowlyAsync(
        StripeRequest request, PetShop shop, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        var name = request.Form.Text("name", 40);
        request.Form.RefuseOthers();
        return request.WriteAsync(
            store,
            request.ShardFor(store),
            async tx =>
            {
                Interlocked.Increment(ref shop.Begun);
                return (await shop.WriteAsync(tx, request.Tenant, name)).Id.ToString();
            },
            async (reference, cancelled) =>
            {
                Interlocked.Increment(ref shop.Finished);
                if (shop.OnFinish is { } wait)
                    await wait(cancelled);
                var id = IdOf(reference);
                var pet = await store.ReadAsync(ShardKey.Of(id), snapshot => FindAsync(snapshot, request.Tenant, id), cancelled);
                return StripeAnswer.Ok(ViewOf(pet!), PetJson.Default.PetView);
            },
            cancellation);
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        var window = request.Form.Window<Pet>("pet");
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor
            && await store.ReadAsync(ShardKey.Of(cursor), snapshot => FindAsync(snapshot, request.Tenant, cursor), cancellation) is null)
        {
            return window.NoSuchCursor;
        }
        var pets = await store.ReadAllAsync(
            snapshot => snapshot.ListAsync(
                window.IsBackwards
                    ? "SELECT id, name, owner, metadata FROM pet WHERE tenant = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4"
                    : "SELECT id, name, owner, metadata FROM pet WHERE tenant = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4",
                Read,
                request.Tenant.Value, window.From, window.Before, window.Take),
            cancellation);
        return StripeAnswer.Ok(window.PageOf(pets, pet => pet.Id, ViewOf, "/v1/pets"), PetJson.Default.StripeListPetView);
    }

    private static async Task<StripeAnswer> GetAsync(
        string id, StripeRequest request, [FromKeyedServices(Name)] Store store, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        var pet = IdOf(id);
        return await store.ReadAsync(ShardKey.Of(pet), snapshot => FindAsync(snapshot, request.Tenant, pet), cancellation) is { } found
            ? StripeAnswer.Ok(ViewOf(found), PetJson.Default.PetView)
            : StripeErrors.NoSuch("pet", id);
    }

    private static StripeAnswer DeleteAsync(string id, StripeRequest request)
    {
        var reason = request.Form.TextOrNull("reason");
        request.Form.RefuseOthers();
        return Pairs(("id", id), ("reason", reason ?? ""));
    }

    private static StripeAnswer ReadEverything(StripeRequest request)
    {
        var form = request.Form;
        form.TextOrNull("text", 10);
        form.IntegerOrNull("integer", -5, 5);
        form.AmountOrNull("amount");
        form.CurrencyOrNull("currency");
        form.BooleanOrNull("flag");
        form.TimeOrNull("time");
        form.OneOfOrNull("mode", "fast", "slow");
        form.ChoiceOrNull<DayOfWeek>("day");
        if (form.ChildOrNull("card") is { } card)
        {
            card.Text("number");
            card.ChildOrNull("address")?.TextOrNull("line1");
        }
        foreach (var item in form.Children("items", 2))
            item.Amount("price");
        form.Texts("types", 2);
        form.Metadata().ApplyTo();
        form.RefuseOthers();
        return Pairs(("version", request.Version));
    }

    private static StripeAnswer Pairs(params IEnumerable<(string Name, string Value)> pairs) =>
        StripeAnswer.Ok(new SortedDictionary<string, string>(pairs.ToDictionary()), PetJson.Default.SortedDictionaryStringString);

    private async ValueTask<PetView> WriteAsync(
        Transaction tx, Id<Tenant> tenant, string name, string? owner = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var pet = new Pet(tx.NewId<Pet>(), name, owner, metadata ?? new SortedDictionary<string, string>(StringComparer.Ordinal));
        await tx.ExecuteAsync(
            "INSERT INTO pet (id, tenant, name, owner, metadata) VALUES ($1, $2, $3, $4, $5)",
            pet.Id.Value, tenant.Value, name, owner, TextOf(pet.Metadata));
        OnWritten?.Invoke(name);
        return ViewOf(pet);
    }

    private static async ValueTask<JsonNode?> FindPetAsync(IServiceProvider services, Id<Tenant> tenant, string id, CancellationToken cancellation)
    {
        if (!Id<Pet>.TryParse(id, out var pet))
            return null;
        var store = services.GetRequiredKeyedService<Store>(Name);
        var found = await store.ReadAsync(ShardKey.Of(pet), snapshot => FindAsync(snapshot, tenant, pet), cancellation);
        return found is null ? null : JsonSerializer.SerializeToNode(ViewOf(found), PetJson.Default.PetView);
    }

    private static ValueTask<JsonNode?> FindOwnerAsync(IServiceProvider services, Id<Tenant> tenant, string id, CancellationToken cancellation)
    {
        Interlocked.Increment(ref services.GetRequiredService<PetShop>().Loaded);
        return ValueTask.FromResult<JsonNode?>(id == "own_nobody" ? null : new JsonObject
        {
            ["id"] = id,
            ["object"] = "owner",
            ["favourite"] = null,
            ["friends"] = new JsonArray("own_a", "own_b"),
        });
    }

    private static ValueTask<Pet?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Pet> id) => snapshot.FindAsync(
        "SELECT id, name, owner, metadata FROM pet WHERE tenant = $1 AND id = $2", Read, tenant.Value, id.Value);

    private static Pet Read(Row row) =>
        new(new Id<Pet>(row.Integer(0)), row.Text(1), row.TextOrNull(2), row.Json(3, PetJson.Default.SortedDictionaryStringString));

    private static Id<Pet> IdOf(string text) => Id<Pet>.TryParse(text, out var id) ? id : throw StripeErrors.NoSuch("pet", text).Refusal();

    private static PetView ViewOf(Pet pet) => new(pet.Id, "pet", pet.Id.CreatedAt, pet.Name, pet.Owner, null, pet.Metadata);

    private static string TextOf(IReadOnlyDictionary<string, string> metadata) =>
        JsonSerializer.Serialize(new SortedDictionary<string, string>(metadata.ToDictionary()), PetJson.Default.SortedDictionaryStringString);
}

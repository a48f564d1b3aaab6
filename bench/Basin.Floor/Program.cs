// The floor: the least that answers POST /v1/orders durably. One bare endpoint, one writer thread, group commit over raw SQLite;
// no validation, tenants, idempotency, events or state machine. Basin's own number is read against this one.
using System.Buffers;
using Basin.Floor;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var app = builder.Build();

var directory = app.Configuration["data"] ?? throw new InvalidOperationException("Say where to keep the orders: --data DIR");
using var orders = new OrderFile(Directory.CreateDirectory(directory).FullName);

app.MapGet("/health/ready", () => TypedResults.Ok());
app.MapPost("/v1/orders", async http =>
{
    // The client states the length of its body, so one read can wait for all of it.
    var length = (int)Math.Clamp(http.Request.ContentLength ?? 0, 0, OrderJson.MaxBodyBytes);
    var body = await http.Request.BodyReader.ReadAtLeastAsync(length, http.RequestAborted);
    var bytes = body.Buffer.ToArray();
    http.Request.BodyReader.AdvanceTo(body.Buffer.End);

    if (!OrderJson.IsOrder(bytes))
    {
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        return;
    }
    var id = await orders.AddAsync(bytes);

    http.Response.StatusCode = StatusCodes.Status201Created;
    http.Response.Headers.Location = $"/v1/orders/{id}";
    await http.Response.WriteAsJsonAsync(new OrderPlaced($"ord_{id}", "placed"), OrderJson.Default.OrderPlaced);
});

await app.RunAsync();

using Basin.Cart;
using Basin.Catalog;
using Basin.Demo;
using Basin.Host;
using Basin.Host.Commands;
using Basin.Inventory;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Ledger;
using Basin.Limits;
using Basin.Notifications;
using Basin.Orders;
using Basin.Payments;
using Basin.Shipping;
using Basin.Vault;
using Basin.Webhooks;
using Microsoft.Extensions.Options;

if (CopyArguments.Parse(args) is { } copy)
    return CopyCommand.Run(copy);
if (MoveArguments.Parse(args) is { } move)
    return await MoveCommand.RunAsync(move, Compose);

var arguments = HostArguments.Parse(args);
if (arguments.Help || arguments.Refusal is not null)
{
    (arguments.Help ? Console.Out : Console.Error).WriteLine(arguments.Refusal ?? HostArguments.Usage);
    return arguments.Help ? 0 : 2;
}

try
{
    await using var app = Compose(arguments.Settings).Build();
    app.Services.GetRequiredService<IStartupValidator>().Validate();
    app.UseWebServer();
    app.UseKernel();
    app.UseShedding();
    app.UseAccess(whenKnown: () => app.UseLimits());
    app.MapKernel();
    app.MapShedding();
    app.MapAccess();
    app.MapIds();
    app.MapLimits();
    app.MapWebhooks();
    app.MapCatalog();
    app.MapCart();
    app.MapInventory();
    app.MapLedger();
    app.MapVault();
    app.MapPayments();
    app.MapShipping();
    app.MapOrders();
    app.MapNotifications();
    app.MapDemo();
    app.MapApiDescription();
    app.MapPages();
    app.Announce();
    await app.RunToEndAsync();
    return 0;
}
catch (Exception failure) when (failure is OptionsValidationException or InvalidOperationException or IOException or InvalidDataException
    or UnauthorizedAccessException or StoreException or StoreUnavailableException)
{
    Console.Error.WriteLine($"Basin cannot start: {failure.Message}");
    return 1;
}

static WebApplicationBuilder Compose(string[] settings)
{
    // Pages and settings are found beside the program, whatever the working directory is.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
    builder.AddWebServer();
    builder.AddKernel();
    builder.AddShedding();
    builder.AddAccess(Console.WriteLine);
    builder.AddIds();
    builder.AddLimits();
    builder.AddWebhooks();
    builder.AddCatalog();
    builder.AddCart();
    builder.AddInventory();
    builder.AddLedger();
    builder.AddVault();
    builder.AddPayments();
    builder.AddShipping();
    builder.AddOrders();
    builder.AddNotifications();
    builder.AddDemo();
    builder.AddPages();
    builder.AddApiDescription();
    return builder;
}

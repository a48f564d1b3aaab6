using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Testing;

/// <summary>What an endpoint of webhooks was told.</summary>
public sealed record Received(string Path, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The same at each try.</summary>
    public string MessageId => Headers["webhook-id"];
}

/// <summary>Whoever is told something by webhooks: a real server on the loopback interface, whose every path is an endpoint.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>Answers; 204 unless a test says otherwise.</summary>
    public Func<Received, HttpResponse, Task> Answer { get; set; } = (_, response) => AnswerAsync(response, 204);

    public IReadOnlyList<Received> All => [.. _received];

    public string UrlOf(string path) => $"{Address}/{path}";

    private string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <param name="certificate">What it shows over TLS; null without.</param>
    public static async Task<Receiver> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        builder.Logging.ClearProviders();
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Every request is answered with a status.</summary>
    public void Say(int status) => Answer = (_, response) => AnswerAsync(response, status);

    public static Task AnswerAsync(HttpResponse response, int status, string? text = null)
    {
        response.StatusCode = status;
        return text is null ? Task.CompletedTask : response.WriteAsync(text);
    }

    /// <summary>The ids of what one path was told, in its order.</summary>
    public string[] IdsAt(string path) => [.. All.Where(received => received.Path == $"/{path}").Select(received => received.MessageId)];

    private async Task TakeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var received = new Received(
            http.Request.Path,
            await reader.ReadToEndAsync(),
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
        _received.Enqueue(received);
        await Answer(received, http.Response);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

using System.Collections.Concurrent;
using Basin.Kernel.Hosting;
using Basin.Kernel.Telemetry;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Tests.Telemetry;

public sealed class OtlpExportTests
{
    [Fact]
    public async Task Traces_and_metrics_arrive_where_the_setting_says()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await StartCollectorAsync(received);
        await using var host = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(),
            app => app.MapKernel(),
            options: new TestHostOptions
            {
                Settings = { ["Basin:Telemetry:OtlpEndpoint"] = collector.Urls.First(), ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" },
            });
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), 1);
        await host.SettleAsync();
        (await host.Client.GetAsync("/health/live")).Dispose();

        await host.StopAsync();

        Assert.Contains("apply basin.walker.stepped.v1", received["/v1/traces"]);
        Assert.Contains("url.path", received["/v1/traces"]);
        Assert.Contains("basin.events.applied", received["/v1/metrics"]);
    }

    [Theory]
    [InlineData("Basin:Telemetry:OtlpEndpoint", "not an address")]
    [InlineData("Basin:Telemetry:OtlpEndpoint", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost")]
    public async Task What_is_no_address_refuses_the_start(string setting, string value)
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(
            builder => builder.AddWalker(), options: new TestHostOptions { Settings = { [setting] = value } }));
        Assert.Contains($"{setting} is '{value}'", refusal.Message);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", "", null)]
    [InlineData(null, "http://a:4317", "http://a:4317")]
    [InlineData("https://b", "http://a:4317", "https://b")]
    public void The_setting_goes_before_the_standards_variable(string? setting, string? variable, string? expected) =>
        Assert.Equal(expected, OtlpExport.EndpointIn(new ConfigurationBuilder().AddInMemoryCollection([
            new("Basin:Telemetry:OtlpEndpoint", setting), new("OTEL_EXPORTER_OTLP_ENDPOINT", variable)]).Build()));

    /// <summary>Keeps the bodies by path. They are protobuf, in which names are readable.</summary>
    private static async Task<WebApplication> StartCollectorAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body, System.Text.Encoding.Latin1);
            var body = await reader.ReadToEndAsync();
            received.AddOrUpdate(request.Path, body, (_, before) => before + body);
        });
        await collector.StartAsync();
        return collector;
    }
}

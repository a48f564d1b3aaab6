using System.Text.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Basin.Kernel.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.FrontDoors;

public static class FrontDoorHosting
{
    private const int MaxQuestionBytes = 1024 * 1024;

    extension(IServiceCollection services)
    {
        internal void AddFrontDoors()
        {
            services.AddSingleton<Placement>();
            services.AddSingleton<PeerSeal>();
            services.AddSingleton(provider => new Peers(
                Peers.NewHandler(provider.GetRequiredService<SystemsOptions>()),
                provider.GetRequiredService<Placement>(),
                provider.GetRequiredService<SystemsOptions>(),
                provider.GetRequiredService<PeerSeal>(),
                provider.GetRequiredService<IOptions<JsonOptions>>(),
                provider.GetRequiredService<Randomness>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<Peers>>()));
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        /// <summary>Answers a question of other processes, and of nobody else.</summary>
        public void MapCall<TApi, TQuestion, TAnswer>(Call<TQuestion, TAnswer> call, Func<TApi, TQuestion, CancellationToken, ValueTask<TAnswer>> answer)
            where TApi : notnull
        {
            var json = CallJson.Of(routes.ServiceProvider.GetRequiredService<IOptions<JsonOptions>>().Value);
            routes.MapPost(call.Path, AnswerAsync)
                .ExcludeFromDescription()
                .RequireAuthorization(Policies.Peer)
                .WithoutLimit()
                .ServeAs(RequestClass.Essential)
                .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(MaxQuestionBytes));

            async Task AnswerAsync(HttpContext http)
            {
                var question = await ReadAsync<TQuestion>(http, json);
                var given = await answer(http.RequestServices.GetRequiredService<TApi>(), question, http.RequestAborted);
                await http.Response.WriteAsJsonAsync(given, json, http.RequestAborted);
            }
        }
    }

    private static async Task<TQuestion> ReadAsync<TQuestion>(HttpContext http, JsonSerializerOptions json)
    {
        try
        {
            return await http.Request.ReadFromJsonAsync<TQuestion>(json, http.RequestAborted) ?? throw KernelProblems.Invalid.Refusal();
        }
        catch (JsonException malformed)
        {
            // Another version asks; what is wrong is not in a customer's request.
            throw KernelProblems.UnsupportedMediaType.With(malformed.Message).Refusal();
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Refuses what another process answers (RFC 9110, 15.5.20): an address that sends it here is wrong.</summary>
        internal void RefuseMisdirected()
        {
            var placement = app.Services.GetRequiredService<Placement>();
            if (placement.IsWhole)
                return;
            var owners = app.Services.GetRequiredService<RouteOwners>();
            app.Use(next => http =>
            {
                var route = http.GetEndpoint()?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
                return route is not null && owners.OwnerOf(route) is { } system && !placement.IsHere(system)
                    ? ProblemResult.WriteAsync(http, KernelProblems.Misdirected.With($"It is {system}'s."))
                    : next(http);
            });
        }
    }
}

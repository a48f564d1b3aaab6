using System.Reflection;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Load;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Basin.Host;

/// <summary>OpenAPI at <c>/openapi/v1.json</c>: the routes below <c>/v1</c>, in the words of their documentation comments.</summary>
internal static class ApiDescription
{
    private const string Name = "v1";

    extension(WebApplicationBuilder builder)
    {
        public void AddApiDescription() => builder.Services.AddOpenApi(Name, options =>
        {
            options.ShouldInclude = route => route.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = "Basin", Version = Name };
                // The address depends on who asks, and the paths are absolute.
                document.Servers?.Clear();
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(Describe);
            options.AddSchemaTransformer(Describe);
        });
    }

    extension(WebApplication app)
    {
        /// <summary>Any API key may read it, and an operator in a browser.</summary>
        public void MapApiDescription() => app.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization(
            new AuthorizationPolicyBuilder(Schemes.Bearer, Schemes.Operator).RequireAuthenticatedUser().Build()).ServeAs(RequestClass.Background);
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var docs = context.ApplicationServices.GetRequiredService<XmlDocs>();
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<MethodInfo>().FirstOrDefault() is not { } handler)
            return Task.CompletedTask;
        operation.Summary ??= docs.SummaryOf(handler);
        operation.Description ??= docs.RemarksOf(handler);
        foreach (var parameter in operation.Parameters ?? [])
            parameter.Description ??= parameter.Name is null ? null : docs.ParameterOf(handler, parameter.Name);
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var docs = context.ApplicationServices.GetRequiredService<XmlDocs>();
        schema.Description ??= context.JsonPropertyInfo is { AttributeProvider: PropertyInfo property }
            ? docs.ParameterOf(property.DeclaringType!, property.Name) ?? docs.SummaryOf(property)
            : docs.SummaryOf(context.JsonTypeInfo.Type);
        return Task.CompletedTask;
    }
}

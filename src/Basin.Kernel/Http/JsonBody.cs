using System.Buffers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Basin.Kernel.Http;

/// <summary>
/// The JSON body of a request, and how it is read for a handler's parameter: whole, in one go. The framework's own reader can stop at any byte and go
/// on later, which costs a small body twice the time.
/// </summary>
public interface IJsonBody<TSelf> : IChecked, IBindableFromHttpContext<TSelf>, IEndpointParameterMetadataProvider
    where TSelf : class, IJsonBody<TSelf>
{
    static async ValueTask<TSelf?> IBindableFromHttpContext<TSelf>.BindAsync(HttpContext context, ParameterInfo parameter) =>
        await JsonBody.ReadAsync<TSelf>(context);

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([JsonBody.ContentType], typeof(TSelf)));
}

internal static class JsonBody
{
    public const string ContentType = "application/json";

    /// <summary>The value. The length of its text is the server's to limit.</summary>
    /// <exception cref="ProblemException">The body is no JSON in UTF-8, or not of this shape.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpContext http)
        where T : class
    {
        RefuseOtherTypes(http.Request.ContentType);
        var reader = http.Request.BodyReader;
        var read = await reader.ReadAsync(http.RequestAborted);
        if (read.IsCompleted && read.Buffer.IsSingleSegment)
        {
            try
            {
                return Parse<T>(http, read.Buffer.FirstSpan);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
        // The server holds back what comes after a part that nobody takes, so each part is taken as it comes.
        var whole = new ArrayBufferWriter<byte>();
        while (true)
        {
            foreach (var part in read.Buffer)
                whole.Write(part.Span);
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return Parse<T>(http, whole.WrittenSpan);
            read = await reader.ReadAsync(http.RequestAborted);
        }
    }

    private static void RefuseOtherTypes(string? contentType)
    {
        if (contentType == ContentType)
            return;
        // RFC 8259 knows no other encoding than UTF-8.
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)
            || !type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw KernelProblems.UnsupportedMediaType.With("Send application/json, in UTF-8.").Refusal();
        }
    }

    private static T Parse<T>(HttpContext http, ReadOnlySpan<byte> body)
    {
        // The mark that some editors put before a text (RFC 8259, 8.1).
        if (body.StartsWith("\uFEFF"u8))
            body = body["\uFEFF"u8.Length..];
        var options = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        try
        {
            return JsonSerializer.Deserialize(body, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)))
                ?? throw KernelProblems.Invalid.With("A JSON object is expected, not null.").Refusal();
        }
        catch (JsonException json)
        {
            throw JsonProblems.Of(json).Refusal();
        }
    }
}

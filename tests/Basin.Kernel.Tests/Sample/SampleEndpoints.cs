using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Tests.Sample;

public sealed record Line(string Sku, int Quantity) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Sku, "sku", 40);
        checks.Range(Quantity, "quantity", 1, 1000);
    }
}

public sealed record ShipTo(string Name, string Country) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Name, "name", 100);
        checks.Text(Country, "country", 2, minimum: 2);
    }
}

public sealed record Order(string Email, ShipTo ShipTo, IReadOnlyList<Line> Lines, bool Gift, string? Note) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Email(Email, "email");
        checks.Nested(ShipTo, "shipTo");
        checks.Items(Lines, "lines", 1, 100);
        checks.Text(Note ?? "", "note", 500, minimum: 0);
    }
}

public sealed record Note(int Value, string Text) : IChecked
{
    public void Check(Checks checks) => checks.Text(Text, "text", 100, minimum: 0);
}

/// <summary>An answer with a member that is only computed.</summary>
public sealed record NoteView(long Number, int Value, string Text)
{
    public int Length => Text.Length;
}

/// <summary>Routes of every shape that the kernel has an opinion on.</summary>
public sealed class SampleEndpoints
{
    private const int SmallBody = 1_000_000;

    /// <summary>What a test wants to happen after a note is written.</summary>
    public Func<Note, Problem?>? OnNote { get; set; }

    public static void Map(WebApplication app)
    {
        var group = app.MapGroup("/v1").WithChecks();
        group.MapPost("/orders", (Order order, Caller _) => TypedResults.Ok(order)).WithMetadata(new SizeLimit(SmallBody));
        group.MapGet("/things", ListThings);
        group.MapGet("/things/{number:int}", (int number) => number == 0 ? throw KernelProblems.NotFound.Refusal() : TypedResults.Ok(number));
        group.MapGet("/broken", string () => throw new FormatException("a secret of the inside"));
        group.MapPost("/notes", WriteNoteAsync);
        group.MapDelete("/notes", DeleteNotesAsync);
    }

    private static Page<int> ListThings(int? limit, string? cursor)
    {
        var paging = Paging.Of(limit, cursor);
        var after = (int)paging.AfterNumber(0);
        return paging.PageOf(Enumerable.Range(after + 1, Math.Min(paging.Limit + 1, Math.Max(0, 120 - after))).ToList(), number => $"{number}");
    }

    private static Task<Answer<NoteView>> WriteNoteAsync(
        Note note, Once once, SampleEndpoints behaviour, [FromKeyedServices("listener")] Store store, CancellationToken cancellation) =>
        once.WriteAsync<Note, NoteView>(
            store,
            once.ShardFor(store),
            note,
            async tx =>
            {
                await Effects.AddAsync(tx, 0, note.Value, note.Text);
                if (behaviour.OnNote?.Invoke(note) is { } problem)
                    return problem;
                var number = await tx.NumberAsync("SELECT MAX(number) FROM effect");
                return Answer.Created($"/v1/notes/{number}", new NoteView(number!.Value, note.Value, note.Text)).Tagged("\"v1\"");
            },
            cancellation);

    private static Task<Answer<Nothing>> DeleteNotesAsync(Once once, [FromKeyedServices("listener")] Store store, CancellationToken cancellation) =>
        once.WriteAsync<string, Nothing>(
            store,
            ShardKey.First,
            "",
            async tx =>
            {
                await tx.ExecuteAsync("DELETE FROM effect");
                return Answer.NoContent();
            },
            cancellation);

    private sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Basin.Catalog;

/// <summary>
/// Reads products from JSON Lines (https://jsonlines.org). A line that is too long or no product is refused by itself and the next one is read; no
/// more than one line and one batch are in memory.
/// </summary>
internal sealed class ImportReader(PipeReader body, JsonTypeInfo<ProductDetails> json, CatalogOptions options)
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private long _row;
    private bool _skipping;
    private bool _ended;

    /// <summary>Replaces the rows by the next ones. It waits for the first only: a slow sender gets small batches, a fast one full ones.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> ReadAsync(List<ImportRow> rows, CancellationToken cancellation)
    {
        rows.Clear();
        while (!_ended && rows.Count < options.ImportBatchRows)
        {
            if (!body.TryRead(out var read))
            {
                if (rows.Count > 0)
                    return true;
                read = await body.ReadAsync(cancellation);
            }
            var rest = read.Buffer;
            TakeLines(ref rest, rows);
            var full = rows.Count == options.ImportBatchRows;
            if (!full && read.IsCompleted)
                TakeLastLine(ref rest, rows);
            else if (!full)
                SkipWhenTooLong(ref rest, rows);
            // Behind a full batch there may be more lines, so nothing there counts as examined.
            body.AdvanceTo(rest.Start, full ? rest.Start : rest.End);
        }
        return rows.Count > 0;
    }

    private void TakeLines(ref ReadOnlySequence<byte> rest, List<ImportRow> rows)
    {
        while (rows.Count < options.ImportBatchRows && rest.PositionOf((byte)'\n') is { } end)
        {
            var line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            if (_skipping)
                _skipping = false;
            else
                Take(line, rows);
        }
    }

    private void TakeLastLine(ref ReadOnlySequence<byte> rest, List<ImportRow> rows)
    {
        if (!_skipping && !rest.IsEmpty)
            Take(rest, rows);
        rest = rest.Slice(rest.End);
        _ended = true;
    }

    /// <summary>Refuses a line that has no end yet and is too long already, and forgets its bytes.</summary>
    private void SkipWhenTooLong(ref ReadOnlySequence<byte> rest, List<ImportRow> rows)
    {
        if (!_skipping && rest.Length > options.MaxImportRowBytes)
        {
            Take(rest, rows);
            _skipping = true;
        }
        if (_skipping)
            rest = rest.Slice(rest.End);
    }

    private void Take(ReadOnlySequence<byte> line, List<ImportRow> rows)
    {
        _row++;
        if (line.Length > options.MaxImportRowBytes)
        {
            rows.Add(new ImportRow(_row, null, KernelProblems.Invalid.With($"A line has at most {options.MaxImportRowBytes} bytes.")));
            return;
        }
        if (line.IsSingleSegment)
        {
            Parse(line.FirstSpan, rows);
            return;
        }
        var copy = ArrayPool<byte>.Shared.Rent((int)line.Length);
        line.CopyTo(copy);
        Parse(copy.AsSpan(0, (int)line.Length), rows);
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void Parse(ReadOnlySpan<byte> line, List<ImportRow> rows)
    {
        if (_row == 1 && line.StartsWith(ByteOrderMark))
            line = line[ByteOrderMark.Length..];
        if (line.IndexOfAnyExcept(" \t\r"u8) < 0)
            return;
        try
        {
            rows.Add(JsonSerializer.Deserialize(line, json) is { } details
                ? CatalogImport.Checked(_row, details)
                : new ImportRow(_row, null, KernelProblems.Invalid.With("A product is expected, not null.")));
        }
        catch (JsonException broken)
        {
            rows.Add(new ImportRow(_row, null, JsonProblems.Of(broken)));
        }
    }
}

using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Basin.Catalog;

/// <summary>
/// The verdicts of an import on their way to the sender. Many clients read nothing before they have sent everything, and would wait for
/// ever for a host that waits for them to read; so verdicts wait in a file, not in memory, and the import never waits for its reader.
/// </summary>
internal sealed class ImportAnswer(JsonSerializerOptions json) : IDisposable
{
    private const int ChunkBytes = 65_536;

    private readonly SafeFileHandle _file = File.OpenHandle(
        Path.Combine(Path.GetTempPath(), $"basin-import-{Path.GetRandomFileName()}"),
        FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose | FileOptions.Asynchronous);

    private readonly SemaphoreSlim _more = new(0);
    private long _written;
    private volatile bool _complete;

    public ValueTask AddAsync(IReadOnlyList<ImportVerdict> verdicts) => WriteAsync(lines =>
    {
        foreach (var verdict in verdicts)
            WriteLine(lines, verdict);
    });

    public ValueTask AddAsync(ImportSummary summary) => WriteAsync(lines => WriteLine(lines, summary));

    /// <summary>Nothing more comes; call it whatever happens, or the sender waits for ever.</summary>
    public void Complete()
    {
        _complete = true;
        _more.Release();
    }

    /// <summary>Sends what is there and what comes, until it is complete.</summary>
    public async Task SendAsync(PipeWriter to, CancellationToken cancellation)
    {
        var sent = 0L;
        while (true)
        {
            await _more.WaitAsync(cancellation);
            while (sent < Volatile.Read(ref _written))
            {
                var length = (int)Math.Min(ChunkBytes, Volatile.Read(ref _written) - sent);
                var read = await RandomAccess.ReadAsync(_file, to.GetMemory(length)[..length], sent, cancellation);
                to.Advance(read);
                sent += read;
                await to.FlushAsync(cancellation);
            }
            if (_complete && sent == Volatile.Read(ref _written))
                return;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _more.Dispose();
    }

    private async ValueTask WriteAsync(Action<MemoryStream> write)
    {
        using var lines = new MemoryStream();
        write(lines);
        await RandomAccess.WriteAsync(_file, lines.GetBuffer().AsMemory(0, (int)lines.Length), _written, CancellationToken.None);
        Volatile.Write(ref _written, _written + lines.Length);
        _more.Release();
    }

    private void WriteLine<T>(MemoryStream lines, T value)
    {
        JsonSerializer.Serialize(lines, value, json);
        lines.WriteByte((byte)'\n');
    }
}

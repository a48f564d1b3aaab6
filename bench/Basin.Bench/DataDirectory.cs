namespace Basin.Bench;

/// <summary>An empty directory for a server's data, gone when disposed.</summary>
/// <remarks>Not in the system's temporary directory: that is often memory, where a flush costs nothing.</remarks>
internal sealed class DataDirectory(string name) : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateDirectory(System.IO.Path.Combine(Workplace.Results, $"data-{name}-{Environment.ProcessId}"));

    public string Path => _directory.FullName;

    public void Dispose() => _directory.Delete(recursive: true);
}

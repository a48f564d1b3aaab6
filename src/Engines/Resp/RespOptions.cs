using System.ComponentModel.DataAnnotations;

namespace Basin.Resp;

/// <summary>Section <c>Basin:Redis</c>: a server that speaks RESP, such as Redis or Valkey.</summary>
public sealed class RespOptions
{
    /// <summary>Null when there is none. Default none.</summary>
    public string? Host { get; set; }

    public bool IsUsed => !string.IsNullOrEmpty(Host);

    /// <summary>Default 6379.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 6379;

    /// <summary>Null for the default user.</summary>
    public string? User { get; set; }

    /// <summary>Null where none is asked for.</summary>
    public string? Password { get; set; }

    /// <summary>Default 0.</summary>
    [Range(0, 16383)]
    public int Database { get; set; }

    /// <summary>How long a connection may take to be made. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer may take; then the connection is given up, with all that waits on it. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait before another try to connect; the first is 50 ms, and each twice as long as the one before. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Commands that may wait for answers; more are refused at once. Default 10000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;
}

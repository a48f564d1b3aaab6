using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>Section <c>Basin:RabbitMQ</c>: carries events from process to process, once a connection string is set.</summary>
public sealed class RabbitOptions
{
    /// <summary>
    /// AMQP addresses of the nodes of one cluster, separated by commas or spaces, such as <c>amqp://basin:secret@one:5672/basin,amqp://basin:secret@two:5672/basin</c>.
    /// Not set: processes look into the database for what others have published.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>Begins the name of every stream, so that several installations can share a virtual host. Default <c>basin</c>.</summary>
    [RegularExpression("[a-z0-9_.-]{1,60}")]
    public string Prefix { get; set; } = "basin";

    /// <summary>Size up to which a stream keeps what it has carried, in MiB. Default 1024. What is gone there is still in the outbox as long as anybody needs it.</summary>
    [Range(1, 1_000_000)]
    public int MaxStreamMegabytes { get; set; } = 1024;

    /// <summary>Silence after which a connection counts as lost. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for the broker's confirmation before the connection is made anew, to another node perhaps. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause between two tries to connect. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromSeconds(5);

    internal bool IsUsed => !string.IsNullOrEmpty(ConnectionString);

    /// <exception cref="InvalidOperationException">It is no list of AMQP addresses.</exception>
    internal IReadOnlyList<Uri> Addresses() =>
    [
        .. ConnectionString!.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text =>
            Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps"
                ? address
                : throw new InvalidOperationException("Basin:RabbitMQ:ConnectionString is no list of addresses such as amqp://user:password@host:5672/vhost.")),
    ];
}

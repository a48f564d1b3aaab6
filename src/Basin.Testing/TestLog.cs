using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Basin.Testing;

/// <summary>What a host has logged. Warnings and worse also go to the output of the test.</summary>
public sealed class TestLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    /// <summary>Information and worse, in order.</summary>
    public IReadOnlyCollection<LogLine> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    internal static void Print(string line)
    {
        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        }
        catch (InvalidOperationException)
        {
            // The test has ended; nobody reads its output any more.
        }
    }

    private void Add(LogLine line)
    {
        _lines.Enqueue(line);
        if (line.Level >= LogLevel.Warning)
            Print(line.ToString());
    }

    private sealed class Logger(TestLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log.Add(new LogLine(logLevel, category, eventId.Id, formatter(state, exception), exception));
        }
    }
}

/// <summary>One line of a log.</summary>
public sealed record LogLine(LogLevel Level, string Category, int EventId, string Text, Exception? Exception)
{
    public override string ToString() => $"{Level} {Category}: {Text}{(Exception is null ? "" : $" | {Exception.GetType().Name}: {Exception.Message}")}";
}

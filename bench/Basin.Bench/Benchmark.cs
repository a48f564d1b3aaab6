using Spectre.Console;

namespace Basin.Bench;

/// <summary>One thing that is measured, and the name it has on the command line.</summary>
internal sealed record Benchmark(string Name, Func<BenchmarkContext, CancellationToken, Task> RunAsync);

/// <summary>What the person at the command line asked for.</summary>
/// <param name="Rounds">How often each variant is measured.</param>
/// <param name="Seconds">How long one measurement lasts.</param>
/// <param name="Clients">How many connections are kept busy.</param>
/// <param name="Only">The one variant to measure; null measures all.</param>
internal sealed record BenchmarkSettings(int Rounds, int Seconds, int Clients, string? Only);

internal sealed record BenchmarkContext(BenchmarkSettings Settings, IAnsiConsole Console, TimeProvider Time);

/// <summary>A measurement that would not mean anything: its message is for the person at the command line.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);

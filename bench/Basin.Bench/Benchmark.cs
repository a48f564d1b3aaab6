using Spectre.Console;

namespace Basin.Bench;

/// <summary>One thing that is measured, and the name it has on the command line.</summary>
/// <param name="InAll">Whether <c>all</c> means it too: one that takes hours is asked for by name.</param>
internal sealed record Benchmark(string Name, Func<BenchmarkContext, CancellationToken, Task> RunAsync, bool InAll = true);

/// <summary>What the person at the command line asked for.</summary>
/// <param name="Rounds">How often each variant is measured.</param>
/// <param name="Seconds">How long one measurement lasts.</param>
/// <param name="Clients">How many connections are kept busy.</param>
/// <param name="Only">The one variant to measure; null measures all.</param>
/// <param name="Orders">How many the soak takes.</param>
/// <param name="OrdersPerSecond">What capacity is asked for; null for a few.</param>
internal sealed record BenchmarkSettings(int Rounds, int Seconds, int Clients, string? Only, int Orders, double? OrdersPerSecond);

internal sealed record BenchmarkContext(BenchmarkSettings Settings, IAnsiConsole Console, TimeProvider Time);

/// <summary>A measurement that would not mean anything: its message is for the person at the command line.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);

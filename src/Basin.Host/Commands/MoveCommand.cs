using System.Runtime.InteropServices;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Moving;
using Basin.Kernel.Storage.Postgres;
using Microsoft.Extensions.Options;

namespace Basin.Host.Commands;

/// <summary><c>basin move</c>, for people at a terminal and for scripts.</summary>
internal static class MoveCommand
{
    private const string Equal = "equal";

    /// <param name="compose">Names all systems, as a host that starts with the settings would.</param>
    /// <returns>0, 1 for a failure or a difference, or 2 when the line is not understood.</returns>
    public static async Task<int> RunAsync(MoveArguments arguments, Func<string[], WebApplicationBuilder> compose)
    {
        if (arguments.Help || arguments.Refusal is not null)
        {
            (arguments.Help ? Console.Out : Console.Error).WriteLine(arguments.Refusal ?? HostArguments.Usage);
            return arguments.Help ? 0 : 2;
        }
        using var ending = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        var line = new ConsoleLine(Console.Out, isTerminal: !Console.IsOutputRedirected);
        try
        {
            await using var app = compose(arguments.Settings).Build();
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            return Run(arguments, app.Services, line, ending.Token);
        }
        catch (Exception failure) when (failure is MoveException or OperationCanceledException or OptionsValidationException
            or InvalidOperationException or IOException or InvalidDataException or UnauthorizedAccessException or StoreException
            or StoreUnavailableException)
        {
            line.End();
            Console.Error.WriteLine($"Basin cannot {(arguments.VerifyOnly ? "compare" : "move")}: {SentenceOf(failure)}");
            return 1;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }
    }

    private static string SentenceOf(Exception failure) => failure switch
    {
        OperationCanceledException => "It was interrupted. The same command goes on where it was.",
        StoreUnavailableException { Reason: StoreUnavailableException.Reasons.Unreachable } =>
            $"{failure.Message} The same command goes on where it was.",
        _ => failure.Message,
    };

    private static int Run(MoveArguments arguments, IServiceProvider services, ConsoleLine line, CancellationToken cancellation)
    {
        var settings = new MoveSettings(
            services.GetRequiredService<StoreOptions>(), services.GetRequiredService<PostgresOptions>(), services.GetRequiredService<TimeProvider>());
        var progress = new MoveProgressLine(line, settings.Time);
        using var move = Move.Begin(services.GetServices<SystemDefinition>(), settings, progress, cancellation);
        var report = arguments.VerifyOnly ? move.Compare() : move.Run();
        Print(report, line);
        if (!report.IsEqual)
        {
            Console.Error.WriteLine($"The files and PostgreSQL differ in {string.Join(", ", DifferencesOf(report))}.");
            return 1;
        }
        if (!arguments.VerifyOnly)
        {
            line.Write("Start Basin with the same settings from now on, and never again without Basin:Postgres:ConnectionString.");
            line.Write($"'{settings.Files.Directory}' is as it was: keep it until you are content.");
        }
        return 0;
    }

    private static IEnumerable<string> DifferencesOf(MoveReport report) =>
        report.Tables.Where(table => !table.IsEqual).Select(table => $"{table.Shard} {table.Table}").Concat(report.Differences);

    /// <summary>Tables without rows on both sides are counted only.</summary>
    private static void Print(MoveReport report, ConsoleLine line)
    {
        line.Write($"{"Shard",-18}{"Table",-22}{"Rows in files",15}{"in PostgreSQL",15}  SHA-256");
        foreach (var table in report.Tables.Where(table => table.Here.Rows > 0 || !table.IsEqual))
        {
            line.Write($"{table.Shard,-18}{table.Table,-22}{table.Here.Rows,15:#,0}{table.There.Rows,15:#,0}  {SumsOf(table)}");
        }
        var empty = report.Tables.Count(table => table.Here.Rows == 0 && table.IsEqual);
        line.Write($"{report.Shards} shards, {report.Tables.Count} tables ({empty} without rows), {report.Rows:#,0} rows: "
            + (report.IsEqual ? "equal." : "NOT equal."));
    }

    private static string SumsOf(ComparedTable table) =>
        table.IsEqual ? $"{table.Here.Sha256?[..16] ?? "made anew"}  {Equal}" : $"{table.Here.Sha256?[..16]} {table.There.Sha256?[..16]}  DIFFERENT";
}

using System.Runtime.InteropServices;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Backups;
using Basin.Vault;

namespace Basin.Host.Commands;

/// <summary><c>basin backup</c> and <c>basin restore</c>, for people at a terminal and for scripts.</summary>
internal static class CopyCommand
{
    /// <returns>0, 1 for a failure, or 2 when the line is not understood.</returns>
    public static int Run(CopyArguments arguments)
    {
        if (arguments.Help || arguments.Refusal is not null)
        {
            (arguments.Help ? Console.Out : Console.Error).WriteLine(arguments.Refusal ?? HostArguments.Usage);
            return arguments.Help ? 0 : 2;
        }
        using var ending = new CancellationTokenSource();
        // What is incomplete is removed before the end.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        var line = new ConsoleLine(Console.Out, isTerminal: !Console.IsOutputRedirected);
        try
        {
            line.Write(Copy(arguments, new ConsoleProgress(line), ending.Token));
            return 0;
        }
        catch (Exception failure) when (failure is BackupException or OperationCanceledException or IOException or UnauthorizedAccessException
            or StoreException or StoreUnavailableException)
        {
            line.End();
            var sentence = failure is OperationCanceledException ? "It was interrupted." : failure.Message;
            Console.Error.WriteLine($"Basin cannot {(arguments.Verb == CopyVerb.Backup ? "back up" : "restore")}: {sentence}");
            return 1;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }
    }

    private static string Copy(CopyArguments arguments, ConsoleProgress progress, CancellationToken cancellation)
    {
        if (arguments.Verb == CopyVerb.Restore)
        {
            var restored = new Restore(progress).Run(arguments.Backup, arguments.Data, cancellation);
            return $"Restored {Summary(restored)} as of {restored.At:u} to '{arguments.Data}'.";
        }
#pragma warning disable RS0030 // The command line is a composition root.
        var made = new Backup(TimeProvider.System, progress) { LeftOut = [VaultSystem.KeyFolder] }.Run(arguments.Data, arguments.Backup, cancellation);
#pragma warning restore RS0030
        return $"Backed up {Summary(made)} as of {made.At:u} to '{arguments.Backup}'. "
            + $"Writers waited for {made.Held?.TotalMilliseconds:0.0} ms at most.";
    }

    private static string Summary(CopyReport report) =>
        $"{report.Databases} databases and {report.OtherFiles} other files, {ConsoleLine.SizeOf(report.Bytes)},";
}

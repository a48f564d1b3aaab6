using Basin.Kernel.Tests;
using Basin.Kernel.Tests.Crash;

// The tests, or the process that one of them kills.
return args is [KilledWriter.Argument, var directory]
    ? await KilledWriter.RunAsync(directory)
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

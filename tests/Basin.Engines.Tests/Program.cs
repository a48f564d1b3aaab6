using System.Globalization;
using Basin.Engines.Tests;
using Basin.Engines.Tests.Limits;
using Basin.Limits;

// The tests, or one of the processes that one of them starts.
return args is [LimitWorker.Argument, var port, var algorithm, var permits, var asks]
    ? await LimitWorker.RunAsync(Number(port), Enum.Parse<LimitAlgorithm>(algorithm), Number(permits), Number(asks))
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

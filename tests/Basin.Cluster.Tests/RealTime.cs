namespace Basin.Cluster.Tests;

internal static class RealTime
{
#pragma warning disable RS0030 // Processes of their own have no other.
    public static readonly TimeProvider Clock = TimeProvider.System;
#pragma warning restore RS0030
}

using Basin.Drills.Drills;

namespace Basin.Drills;

/// <summary>The list.</summary>
internal static class AllDrills
{
    public static IReadOnlyList<Drill> List { get; } =
    [
        KilledAtCheckout.Drill,
        KilledAtPayment.Drill,
        KilledBetweenEvents.Drill,
        FrozenHost.Drill,
        RestartUnderLoad.Drill,
        SecondHost.Drill,
        ConnectionResets.Drill,
        RetryStorm.Drill,
        SlowProvider.Drill,
        HangingProvider.Drill,
        FailingProvider.Drill,
        FlashSale.Drill,
        HotKey.Drill,
        PoisonEvent.Drill,
        ReceiverDown.Drill,
        FullDisk.Drill,
        PostgresGone.Drill,
        ClockSteps.Drill,
        BackupUnderLoad.Drill,
        GreedyClient.Drill,
        RedisGone.Drill,
    ];
}

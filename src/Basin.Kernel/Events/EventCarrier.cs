namespace Basin.Kernel.Events;

/// <summary>Whether something brings the events of other processes. While nothing does, they are looked for in the database all the time.</summary>
public sealed class EventCarrier
{
    private volatile bool _isUp;

    internal bool IsUp
    {
        get => _isUp;
        set => _isUp = value;
    }
}

namespace Basin.Kernel.Resilience;

/// <summary>
/// How many repeats are left: each call earns a part of one, each repeat costs one, and a few are saved for quiet times. After gRPC's retry throttling
/// (gRFC A6) and Finagle's <c>RetryBudget</c>.
/// </summary>
internal sealed class RetryBudget(double share)
{
    private const double MostSaved = 10;

    private readonly Lock _lock = new();
    private double _saved = MostSaved;

    public void Earn()
    {
        lock (_lock)
            _saved = Math.Min(MostSaved, _saved + share);
    }

    public bool TrySpend()
    {
        lock (_lock)
        {
            if (_saved < 1)
                return false;
            _saved--;
            return true;
        }
    }
}

namespace Basin.Bench;

/// <summary>Balances that are kept durably, by Basin or by hand.</summary>
internal interface IBooks : IAsyncDisposable
{
    /// <summary>Opens accounts, named by their places in the array.</summary>
    Task OpenAsync(string[] accounts, CancellationToken cancellation);

    /// <summary>Moves money; done when all of it is on the disk.</summary>
    Task MoveAsync(IReadOnlyList<Move> moves, CancellationToken cancellation);

    /// <summary>What all accounts together have given.</summary>
    Task<decimal> MovedAsync(CancellationToken cancellation);
}

/// <summary>One transfer.</summary>
/// <param name="Id">Counts upwards.</param>
/// <param name="Debit">The place of the account that gives.</param>
/// <param name="Credit">The place of the account that gets.</param>
/// <param name="Name">16 characters, as its number or as if at random.</param>
internal readonly record struct Move(long Id, int Debit, int Credit, long Amount, string Name);

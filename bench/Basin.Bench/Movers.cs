using Basin.Kernel.Hosting;

namespace Basin.Bench;

/// <summary>Clients who each move a batch, wait for the answer, and move the next one.</summary>
/// <param name="scattered">Whether ids follow one another in no order.</param>
internal sealed class Movers(IBooks books, int accounts, int batch, int clients, bool scattered, TimeProvider time)
{
    private const int MostAmount = 1000;

    /// <summary>Its multiples by whole numbers are spread over all 64 bits (Knuth, The Art of Computer Programming 3, 6.4).</summary>
    private const ulong GoldenRatio = 0x9E37_79B9_7F4A_7C15;

    private long _lastId;
    private long _transfers;
    private long _moved;

    /// <summary>The amount that was answered to have moved.</summary>
    public long Moved => Volatile.Read(ref _moved);

    public Task OpenAsync(CancellationToken cancellation) =>
        books.OpenAsync([.. Enumerable.Range(0, accounts).Select(account => $"account:{account:D6}")], cancellation);

    /// <returns>How many transfers were answered, and in which time.</returns>
    public async Task<(long Transfers, TimeSpan Elapsed)> MoveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var (began, before) = (time.GetTimestamp(), Volatile.Read(ref _transfers));
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => MoveUntilAsync(client, began, duration, cancellation), cancellation)));
        return (Volatile.Read(ref _transfers) - before, time.GetElapsedTime(began));
    }

    private async Task MoveUntilAsync(int client, long began, TimeSpan duration, CancellationToken cancellation)
    {
        var chance = new Randomness(client);
        while (time.GetElapsedTime(began) < duration)
        {
            var moves = NextBatch(chance);
            await books.MoveAsync(moves, cancellation);
            Interlocked.Add(ref _transfers, moves.Length);
            Interlocked.Add(ref _moved, moves.Sum(move => move.Amount));
        }
    }

    private Move[] NextBatch(Randomness chance)
    {
        var last = Interlocked.Add(ref _lastId, batch);
        var moves = new Move[batch];
        for (var i = 0; i < batch; i++)
        {
            var debit = chance.Next(accounts);
            var id = last - batch + 1 + i;
            moves[i] = new Move(id, debit, (debit + 1 + chance.Next(accounts - 1)) % accounts, 1 + chance.Next(MostAmount), NameOf(id));
        }
        return moves;
    }

    private string NameOf(long id) => scattered ? $"{unchecked((ulong)id * GoldenRatio):x16}" : $"t{id:D15}";
}

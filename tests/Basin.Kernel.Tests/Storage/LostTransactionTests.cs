using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tests.Sample;
using Basin.Testing.Contracts;

namespace Basin.Kernel.Tests.Storage;

/// <summary>SQLite ends a transaction by itself after some errors; whatever runs then would be kept at once, each statement for itself.</summary>
public sealed class LostTransactionTests : IDisposable
{
    private readonly LoneShard _lone = new();

    public enum Loss
    {
        Statement,

        /// <summary>A query is not taken for a write, so nothing has to be undone when its work fails.</summary>
        Query,

        Constraint,

        ConstraintInPart,
    }

    [Theory]
    [InlineData(Loss.Statement, false)]
    [InlineData(Loss.Statement, true)]
    [InlineData(Loss.Query, false)]
    [InlineData(Loss.Query, true)]
    [InlineData(Loss.Constraint, false)]
    [InlineData(Loss.Constraint, true)]
    [InlineData(Loss.ConstraintInPart, false)]
    [InlineData(Loss.ConstraintInPart, true)]
    public async Task A_transaction_that_its_last_work_has_ended_keeps_and_publishes_nothing(Loss loss, bool fails)
    {
        await RefuseBatchAsync(() => [StepAsync(1), LoseAsync(loss, fails)]);
        await GoOnAsync();
    }

    [Theory]
    [InlineData(Loss.Query, false)]
    [InlineData(Loss.Query, true)]
    [InlineData(Loss.Constraint, false)]
    [InlineData(Loss.Constraint, true)]
    public async Task It_is_the_same_with_a_savepoint_around_each_work(Loss loss, bool fails)
    {
        await RefuseBatchAsync(() => [FailAsync(1), StepAsync(2), LoseAsync(loss, fails)]);
        await GoOnAsync();
    }

    [Theory]
    [InlineData(Loss.Query, false)]
    [InlineData(Loss.Query, true)]
    [InlineData(Loss.Constraint, false)]
    [InlineData(Loss.Constraint, true)]
    public async Task Work_behind_it_is_refused_too(Loss loss, bool fails)
    {
        await RefuseBatchAsync(() => [LoseAsync(loss, fails), StepAsync(1), StepAsync(2)]);
        await GoOnAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Work_behind_a_write_that_has_ended_it_does_not_run(bool fails)
    {
        var ran = false;
        await RefuseBatchAsync(() => [LoseAsync(Loss.Constraint, fails), _lone.WriteAsync(_ =>
        {
            ran = true;
            return ValueTask.FromResult(0);
        })]);
        Assert.False(ran);
    }

    [Theory]
    [InlineData(Loss.Query)]
    [InlineData(Loss.Constraint)]
    public async Task Work_that_has_ended_its_transaction_cannot_write_on(Loss loss)
    {
        await RefuseBatchAsync(() => [_lone.WriteAsync(async tx =>
        {
            await Record.ExceptionAsync(() => EndAsync(tx, loss).AsTask());
            await Record.ExceptionAsync(() => LoneShard.StepAsync(tx, 1).AsTask());
            return 0;
        })]);
        await GoOnAsync();
    }

    [Fact]
    public async Task A_part_that_has_ended_the_transaction_does_not_pass_for_one_that_failed()
    {
        Exception? failure = null;
        await RefuseBatchAsync(() => [_lone.WriteAsync(async tx =>
        {
            failure = await Record.ExceptionAsync(() => tx.TryAsync(() => EndAsync(tx, Loss.Constraint)).AsTask());
            return 0;
        })]);
        Assert.IsType<StoreUnavailableException>(failure);
    }

    private async Task RefuseBatchAsync(Func<List<Task<int>>> enqueue)
    {
        using var gate = await Gate.CloseAsync(_lone.Shard);
        var batch = enqueue();
        await gate.OpenAsync();
        foreach (var work in batch)
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => work);
            Assert.Equal(StoreUnavailableException.Reasons.InputOutput, refusal.Reason);
        }
        Assert.Equal(StoreUnavailableException.Reasons.InputOutput, _lone.Shard.Trouble?.Reason);
        await _lone.AssertKeptAsync();
    }

    private async Task GoOnAsync()
    {
        await StepAsync(7);
        Assert.Null(_lone.Shard.Trouble);
        await _lone.AssertKeptAsync(7);
        _lone.Reopen();
        await StepAsync(8);
        await _lone.AssertKeptAsync(7, 8);
    }

    private Task<int> StepAsync(int value) => _lone.WriteAsync(tx => LoneShard.StepAsync(tx, value));

    private Task<int> FailAsync(int value) => _lone.WriteAsync(async tx =>
    {
        await LoneShard.StepAsync(tx, value);
        throw new FormatException("refused");
    });

    private Task<int> LoseAsync(Loss loss, bool fails) => _lone.WriteAsync(async tx =>
    {
        await tx.PublishAsync(Walker.Tenant, new Stepped(new Id<Thing>(1), 99));
        var failure = await Record.ExceptionAsync(() => EndAsync(tx, loss).AsTask());
        return fails ? throw failure ?? new FormatException("refused") : 0;
    });

    private static async ValueTask EndAsync(Transaction tx, Loss loss)
    {
        switch (loss)
        {
            case Loss.Statement:
                await tx.ExecuteAsync("ROLLBACK");
                break;
            case Loss.Query:
                await tx.NumberAsync("ROLLBACK");
                break;
            case Loss.Constraint:
                await tx.ExecuteAsync("INSERT OR ROLLBACK INTO account (name, balance) VALUES ('in debt', -1)");
                break;
            case Loss.ConstraintInPart:
                await tx.TryAsync(() => EndAsync(tx, Loss.Constraint));
                break;
        }
    }

    public void Dispose() => _lone.Dispose();
}

using Basin.Payments.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Payments.Reconciling;

/// <summary>The next step of a comparison.</summary>
internal sealed record ReconciliationStep(Id<Reconciliation> Reconciliation) : IJob<ReconciliationStep>
{
    static JobType<ReconciliationStep> IJob<ReconciliationStep>.Type { get; } =
        new("payments.reconciliation-step.v1", Reconciling.Reconciliation.Prefix, RecordsJson.Default.ReconciliationStep);

    long IJob<ReconciliationStep>.Key => Reconciliation.Value;
}

/// <summary>A day of a tenant is over, as one shard has noticed; others may notice it too.</summary>
internal sealed record ReconciliationDue(Id<Tenant> Tenant, DateOnly Day) : IJob<ReconciliationDue>
{
    static JobType<ReconciliationDue> IJob<ReconciliationDue>.Type { get; } =
        new("payments.reconciliation-due.v1", Kernel.Tenancy.Tenant.Prefix, RecordsJson.Default.ReconciliationDue);

    long IJob<ReconciliationDue>.Key => Tenant.Value;
}

/// <summary>
/// The use cases of reconciliations. One is made in steps, each a job of its own that reads a page of the books, outside any transaction, and then keeps what
/// it has found together with its place: a restart loses at most a step.
/// </summary>
internal sealed class ReconciliationsApi(
    [FromKeyedServices(PaymentsSystem.Name)] Store store, ProviderDesk providers, Reconciler reconciler, PaymentsOptions options, TimeProvider time,
    Randomness chance, ILogger<ReconciliationsApi> log)
{
    /// <summary>So many days back there are comparisons, and can be asked for.</summary>
    public const int DaysKept = 90;

    /// <summary>Of one day and provider; the oldest make room.</summary>
    private const int KeptOfDay = 10;

    private const int ForgottenAtOnce = 50;
    private const int DueAtOnce = 20;

    /// <summary>Days that are made up for after a time in which nothing ran.</summary>
    private const int DaysMadeUp = 7;

    /// <summary>After midnight, so that what was on its way has arrived.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    /// <summary>Begins a comparison, or names the one of the same day that runs already.</summary>
    public Task<Answer<ReconciliationView>> BeginAsync(Caller caller, NewReconciliation request, Once once, CancellationToken cancellation)
    {
        var today = Reconciliation.DayOf(time.GetUtcNow());
        var day = request.Day ?? today;
        if (!providers.Names.Contains(request.Provider))
            throw KernelProblems.Invalid.At("provider", $"One of {string.Join(", ", providers.Names)} is expected.").Refusal();
        if (day > today || day < today.AddDays(-DaysKept))
            throw KernelProblems.Invalid.At("day", $"A day of UTC is expected, today or one of the {DaysKept} before.").Refusal();
        return once.WriteAsync(
            store,
            ShardKey.First,
            request,
            async tx =>
            {
                var report = await BeginAsync(tx, caller.Tenant, request.Provider, day);
                return Answer.Accepted($"/v1/payments/reconciliations/{report.Id}", ReconciliationView.Of(report));
            },
            cancellation);
    }

    /// <summary>All are in the first shard.</summary>
    public ValueTask<Reconciliation?> FindAsync(Id<Tenant> tenant, Id<Reconciliation> id, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => Records.FindAsync(snapshot, tenant, id), cancellation);

    /// <summary>The newest first.</summary>
    public async Task<Page<Reconciliation>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var query = new RecordQuery(From: 0, Before: paging.AfterNumber(long.MaxValue), paging.Limit + 1);
        var found = await Records.ListAsync<Reconciliation>(store, tenant, query, cancellation);
        return paging.PageOf(found, report => $"{report.Id.Value}");
    }

    public async Task RunAsync(ReconciliationStep step, JobRun run, CancellationToken cancellation)
    {
        if (await FindAsync(run.Tenant, step.Reconciliation, cancellation) is not { State: ReconciliationState.Running } report)
        {
            await run.CompleteAsync(cancellation);
            return;
        }
        Reconciliation next;
        try
        {
            next = await reconciler.GoOnAsync(report, cancellation);
        }
        catch (Exception failure) when (failure is not StoreUnavailableException && !cancellation.IsCancellationRequested)
        {
            await PutOffAsync(report, run, failure, cancellation);
            return;
        }
        await run.CompleteAsync(tx => KeepAsync(tx, next), cancellation);
        if (next is { State: ReconciliationState.Done, NeedsALook: true })
            PaymentsLog.BooksDiffer(log, next.Provider, next.Day, next.Id, next.Counts.Where(count => !count.Kind.PassesByItself).Sum(count => count.Count));
    }

    /// <summary>Whoever does not answer is asked again, with the patience of a payment.</summary>
    private async Task PutOffAsync(Reconciliation report, JobRun run, Exception failure, CancellationToken cancellation)
    {
        var reason = failure switch
        {
            ProblemException refusal => refusal.Problem.Code,
            DependencyException { WasAsked: false } => "not asked",
            DependencyException silent => silent.Cause.GetType().Name,
            _ => failure.GetType().Name,
        };
        var why = $"No answer: {reason}; try {run.Attempt}.";
        PaymentsLog.NotCompared(log, report.Provider, report.Day, report.Id, run.Attempt, failure);
        if (run.Attempt < options.MaxTries)
        {
            var next = time.GetUtcNow() + options.Backoff.After(run.Attempt, chance);
            await run.AgainAtAsync(next, tx => ChangeAsync(tx, report with { Trouble = why }), cancellation);
        }
        else
        {
            await run.CompleteAsync(tx => ChangeAsync(tx, report.GiveUp(why, tx.Now)), cancellation);
        }
    }

    private static async ValueTask KeepAsync(Transaction tx, Reconciliation next)
    {
        await ChangeAsync(tx, next.State == ReconciliationState.Done ? next.End(tx.Now) : next);
        if (next.State == ReconciliationState.Running)
            await tx.ScheduleAsync(next.Tenant, new ReconciliationStep(next.Id), tx.Now);
    }

    /// <summary>One that was forgotten meanwhile stays so.</summary>
    private static async ValueTask ChangeAsync(Transaction tx, Reconciliation next)
    {
        if (await Records.FindAsync(tx, next.Tenant, next.Id) is not null)
            await Records.ChangeAsync(tx, next);
    }

    private static async ValueTask<Reconciliation> BeginAsync(Transaction tx, Id<Tenant> tenant, string provider, DateOnly day)
    {
        var former = await ReconciliationStore.ListOfDayAsync(tx, tenant, provider, day);
        var report = Reconciliation.Begin(tx.NewId<Reconciliation>(), tenant, provider, day, tx.Now);
        if (former.Find(other => other.State == ReconciliationState.Running && other.IsOfWholeDay == report.IsOfWholeDay) is { } running)
            return running;
        foreach (var old in former.Skip(KeptOfDay - 1))
            await ReconciliationStore.ForgetAsync(tx, tenant, old.Id);
        await ReconciliationStore.ForgetBeforeAsync(tx, tenant, tx.Now.AddDays(-DaysKept), ForgottenAtOnce);
        await Records.AddAsync(tx, report);
        await tx.ScheduleAsync(tenant, new ReconciliationStep(report.Id), tx.Now);
        return report;
    }

    /// <summary>Notices that days of tenants are over.</summary>
    /// <returns>Whether there may be more.</returns>
    public static async ValueTask<bool> RemindAsync(Transaction tx)
    {
        var yesterday = Reconciliation.StartOf(Reconciliation.DayOf(tx.Now - Grace).AddDays(-1));
        var due = await ReconciliationStore.ListDueAsync(tx, yesterday, DueAtOnce);
        foreach (var (tenant, last) in due)
        {
            var earliest = yesterday.AddDays(1 - DaysMadeUp);
            var day = last is null ? yesterday : last.Value.AddDays(1) < earliest ? earliest : last.Value.AddDays(1);
            await ReconciliationStore.MarkAsync(tx, tenant, day);
            await tx.ScheduleAsync(tenant, new ReconciliationDue(tenant, Reconciliation.DayOf(day)), tx.Now);
        }
        return due.Count > 0;
    }

    /// <summary>Compares a day with every provider, unless that was done since the day was over.</summary>
    public async Task BeginDueAsync(ReconciliationDue due, JobRun run, CancellationToken cancellation)
    {
        await store.ShardOf(ShardKey.First).WriteAsync(
            async tx =>
            {
                foreach (var provider in providers.Names)
                {
                    var former = await ReconciliationStore.ListOfDayAsync(tx, run.Tenant, provider, due.Day);
                    if (!former.Exists(report => report is { IsOfWholeDay: true, State: not ReconciliationState.Failed }))
                        await BeginAsync(tx, run.Tenant, provider, due.Day);
                }
                return true;
            },
            WritePriority.Background,
            cancellation);
        await run.CompleteAsync(cancellation);
    }
}

namespace Basin.Payments.Providers;

/// <summary>Money that the sandbox provider holds.</summary>
internal sealed record Charge(string Token, long AuthorizedMinor, long CapturedMinor, long RefundedMinor, bool Voided) : IEntity
{
    public static string Prefix => "ch";
}

/// <summary>All SQL of the sandbox provider.</summary>
internal static class SandboxBooks
{
    public static ValueTask<ProviderOutcome?> FindCallAsync(Snapshot snapshot, Id<Tenant> tenant, string key) => snapshot.FindAsync(
        "SELECT charge, code FROM sandbox_call WHERE tenant = $1 AND key = $2",
        row => new ProviderOutcome(row.TextOrNull(0), row.TextOrNull(1)), tenant.Value, key);

    public static ValueTask KeepCallAsync(Transaction tx, Id<Tenant> tenant, string key, ProviderOutcome outcome) => tx.SendAsync(
        "INSERT INTO sandbox_call (tenant, key, charge, code) VALUES ($1, $2, $3, $4)", tenant.Value, key, outcome.Charge, outcome.Code);

    /// <returns>True the first time.</returns>
    public static async ValueTask<bool> LoseOnceAsync(Transaction tx, Id<Tenant> tenant, string key) =>
        await tx.ExecuteAsync("INSERT INTO sandbox_lost (tenant, key) VALUES ($1, $2) ON CONFLICT DO NOTHING", tenant.Value, key) == 1;

    public static ValueTask OpenChargeAsync(Transaction tx, Id<Tenant> tenant, Id<Charge> charge, ProviderCall call) => tx.SendAsync(
        "INSERT INTO sandbox_charge (id, tenant, payment, token, currency, authorized_minor) VALUES ($1, $2, $3, $4, $5, $6)",
        charge.Value, tenant.Value, call.Payment.Value, call.Token, call.Currency, call.AmountMinor);

    public static ValueTask<Charge?> FindChargeAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Charge> id) => snapshot.FindAsync(
        "SELECT token, authorized_minor, captured_minor, refunded_minor, voided FROM sandbox_charge WHERE id = $1 AND tenant = $2",
        row => new Charge(row.Text(0), row.Integer(1), row.Integer(2), row.Integer(3), row.Flag(4)), id.Value, tenant.Value);

    public static ValueTask ChangeChargeAsync(Transaction tx, Id<Tenant> tenant, Id<Charge> id, ProviderCall call) => tx.SendAsync(
        """
        UPDATE sandbox_charge SET captured_minor = captured_minor + $3, refunded_minor = refunded_minor + $4, voided = voided + $5
        WHERE id = $1 AND tenant = $2
        """,
        id.Value,
        tenant.Value,
        call.Operation == PaymentOperation.Capture ? call.AmountMinor : 0,
        call.Operation == PaymentOperation.Refund ? call.AmountMinor : 0,
        call.Operation == PaymentOperation.Void);

    public static ValueTask<List<ProviderCharge>> ListChargesAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> after, Id<Payment> through) =>
        snapshot.ListAsync(
            """
            SELECT id, payment, currency, authorized_minor, captured_minor, refunded_minor, voided FROM sandbox_charge
            WHERE tenant = $1 AND payment > $2 AND payment <= $3
            """,
            row => new ProviderCharge(
                new Id<Charge>(row.Integer(0)).ToString(), new Id<Payment>(row.Integer(1)), row.Text(2),
                row.Integer(3), row.Integer(4), row.Integer(5), row.Flag(6)),
            tenant.Value, after.Value, through.Value);
}

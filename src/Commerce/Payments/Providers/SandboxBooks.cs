namespace Basin.Payments.Providers;

/// <summary>Whether the customer has proved who they are. The numbers are stored.</summary>
internal enum Proof
{
    NotAsked,
    Asked,
    Given,
    Failed,
}

/// <summary>Money that the sandbox provider holds.</summary>
internal sealed record SandboxCharge(
    Id<Payment> Payment, string Token, string Currency, long AuthorizedMinor, long CapturedMinor, long RefundedMinor, bool Voided, Proof Proof) : IEntity
{
    public static string Prefix => "sbx";
}

/// <summary>What a customer is asked to prove before a card is kept.</summary>
/// <param name="Key">Of whoever keeps it.</param>
internal sealed record SetupAsked(Id<Tenant> Tenant, string Key, Proof Proof);

/// <summary>What a customer is asked to prove.</summary>
internal sealed record ProofAsked(Id<Tenant> Tenant, Id<Payment> Payment, string Currency, Proof Proof, string? ReturnUrl);

/// <summary>A card that the sandbox provider makes ready for later charges.</summary>
/// <param name="Key">The caller's.</param>
internal sealed record SandboxSetup(Id<SandboxSetup> Id, string Key, string Token, Proof Proof) : IEntity
{
    public static string Prefix => "sbxs";
}

/// <summary>All SQL of the sandbox provider.</summary>
internal static class SandboxBooks
{
    public static ValueTask<ProviderOutcome?> FindCallAsync(Snapshot snapshot, Id<Tenant> tenant, string key) => snapshot.FindAsync(
        "SELECT charge, code, fee_minor, action_url, is_pending, is_available FROM sandbox_call WHERE tenant = $1 AND key = $2",
        row => new ProviderOutcome(row.TextOrNull(0), row.TextOrNull(1))
        {
            FeeMinor = row.Integer(2),
            ActionUrl = row.TextOrNull(3),
            IsPending = row.Flag(4),
            IsAvailable = row.Flag(5),
        },
        tenant.Value, key);

    public static ValueTask KeepCallAsync(Transaction tx, Id<Tenant> tenant, string key, ProviderOutcome outcome) => tx.SendAsync(
        "INSERT INTO sandbox_call (tenant, key, charge, code, fee_minor, action_url, is_pending, is_available) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.Value, key, outcome.Charge, outcome.Code, outcome.FeeMinor, outcome.ActionUrl, outcome.IsPending, outcome.IsAvailable);

    /// <returns>True the first time.</returns>
    public static async ValueTask<bool> LoseOnceAsync(Transaction tx, Id<Tenant> tenant, string key) =>
        await tx.ExecuteAsync("INSERT INTO sandbox_lost (tenant, key) VALUES ($1, $2) ON CONFLICT DO NOTHING", tenant.Value, key) == 1;

    /// <param name="proof">A charge that has to be proved holds nothing yet.</param>
    public static ValueTask OpenChargeAsync(Transaction tx, Id<Tenant> tenant, Id<SandboxCharge> charge, ProviderCall call, Proof proof = Proof.NotAsked) =>
        tx.SendAsync(
            "INSERT INTO sandbox_charge (id, tenant, payment, token, currency, authorized_minor, proof, return_url) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            charge.Value, tenant.Value, call.Payment.Value, call.Token, call.Currency, proof == Proof.NotAsked ? call.AmountMinor : 0, (int)proof,
            call.ReturnUrl);

    public static ValueTask<SandboxCharge?> FindChargeAsync(Snapshot snapshot, Id<Tenant> tenant, Id<SandboxCharge> id) => snapshot.FindAsync(
        """
        SELECT payment, token, currency, authorized_minor, captured_minor, refunded_minor, voided, proof
        FROM sandbox_charge WHERE id = $1 AND tenant = $2
        """,
        row => new SandboxCharge(
            new Id<Payment>(row.Integer(0)), row.Text(1), row.Text(2), row.Integer(3), row.Integer(4), row.Integer(5), row.Flag(6), (Proof)row.Int(7)),
        id.Value, tenant.Value);

    public static ValueTask ChangeChargeAsync(Transaction tx, Id<Tenant> tenant, Id<SandboxCharge> id, SandboxCharge charge, long feeMinor) => tx.SendAsync(
        """
        UPDATE sandbox_charge SET authorized_minor = $3, captured_minor = $4, refunded_minor = $5, voided = $6, fee_minor = fee_minor + $7
        WHERE id = $1 AND tenant = $2
        """,
        id.Value, tenant.Value, charge.AuthorizedMinor, charge.CapturedMinor, charge.RefundedMinor, charge.Voided, feeMinor);

    /// <summary>A refund came back.</summary>
    public static ValueTask ReturnAsync(Transaction tx, Id<Tenant> tenant, Id<SandboxCharge> id, long amountMinor) => tx.SendAsync(
        "UPDATE sandbox_charge SET refunded_minor = refunded_minor - $3 WHERE id = $1 AND tenant = $2", id.Value, tenant.Value, amountMinor);

    /// <summary>A charge that waits for the customer, whose page knows nothing but its id; null when there is none.</summary>
    public static ValueTask<ProofAsked?> FindProofAsync(Snapshot snapshot, Id<SandboxCharge> id) => snapshot.FindAsync(
        "SELECT tenant, payment, currency, proof, return_url FROM sandbox_charge WHERE id = $1",
        row => new ProofAsked(
            new Id<Tenant>(row.Integer(0)), new Id<Payment>(row.Integer(1)), row.Text(2), (Proof)row.Int(3), row.TextOrNull(4)),
        id.Value);

    /// <returns>False when there is nothing to prove any more.</returns>
    public static async ValueTask<bool> ProveAsync(Transaction tx, Id<Tenant> tenant, Id<SandboxCharge> id, bool succeeds) => await tx.ExecuteAsync(
        "UPDATE sandbox_charge SET proof = $3 WHERE id = $1 AND tenant = $2 AND proof = 1 AND voided = 0",
        id.Value, tenant.Value, (int)(succeeds ? Proof.Given : Proof.Failed)) == 1;

    public static ValueTask OpenSetupAsync(Transaction tx, Id<Tenant> tenant, SandboxSetup setup) => tx.SendAsync(
        "INSERT INTO sandbox_setup (id, tenant, key, token, proof) VALUES ($1, $2, $3, $4, $5)",
        setup.Id.Value, tenant.Value, setup.Key, setup.Token, (int)setup.Proof);

    public static ValueTask<SandboxSetup?> FindSetupAsync(Snapshot snapshot, Id<Tenant> tenant, string key) => snapshot.FindAsync(
        "SELECT id, key, token, proof FROM sandbox_setup WHERE tenant = $1 AND key = $2", ReadSetup, tenant.Value, key);

    public static ValueTask<SandboxSetup?> FindSetupAsync(Snapshot snapshot, Id<Tenant> tenant, Id<SandboxSetup> id) => snapshot.FindAsync(
        "SELECT id, key, token, proof FROM sandbox_setup WHERE tenant = $1 AND id = $2", ReadSetup, tenant.Value, id.Value);

    /// <summary>The customer does what a setup asks of them, or fails to; only the first time counts.</summary>
    /// <returns>The setup; null when there is none.</returns>
    public static async ValueTask<SandboxSetup?> ProveSetupAsync(Transaction tx, Id<Tenant> tenant, Id<SandboxSetup> id, bool succeeds)
    {
        await tx.SendAsync(
            "UPDATE sandbox_setup SET proof = $3 WHERE id = $1 AND tenant = $2 AND proof = 1",
            id.Value, tenant.Value, (int)(succeeds ? Proof.Given : Proof.Failed));
        return await FindSetupAsync(tx, tenant, id);
    }

    /// <summary>A setup that waits for the customer, whose page knows nothing but its id; null when there is none.</summary>
    public static ValueTask<SetupAsked?> FindAskedAsync(Snapshot snapshot, Id<SandboxSetup> id) => snapshot.FindAsync(
        "SELECT tenant, key, proof FROM sandbox_setup WHERE id = $1",
        row => new SetupAsked(new Id<Tenant>(row.Integer(0)), row.Text(1), (Proof)row.Int(2)),
        id.Value);

    private static SandboxSetup ReadSetup(Row row) => new(new Id<SandboxSetup>(row.Integer(0)), row.Text(1), row.Text(2), (Proof)row.Int(3));

    public static ValueTask<List<ProviderCharge>> ListChargesAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> after, Id<Payment> through) =>
        snapshot.ListAsync(
            """
            SELECT id, payment, currency, authorized_minor, captured_minor, refunded_minor, voided, fee_minor FROM sandbox_charge
            WHERE tenant = $1 AND payment > $2 AND payment <= $3
            """,
            row => new ProviderCharge(
                new Id<SandboxCharge>(row.Integer(0)).ToString(), new Id<Payment>(row.Integer(1)), row.Text(2),
                row.Integer(3), row.Integer(4), row.Integer(5), row.Flag(6))
            {
                FeeMinor = row.Integer(7),
            },
            tenant.Value, after.Value, through.Value);
}

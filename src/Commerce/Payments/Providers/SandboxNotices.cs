using System.Security.Cryptography;
using System.Text.Json;

namespace Basin.Payments.Providers;

/// <summary>Something that the sandbox tells by itself, until it was taken.</summary>
internal sealed record SandboxNotice(ProviderNotice Notice, Id<SandboxCharge> Charge) : IJob<SandboxNotice>
{
    static JobType<SandboxNotice> IJob<SandboxNotice>.Type { get; } = new("sandbox.notice.v1", SandboxCharge.Prefix, RecordsJson.Default.SandboxNotice);

    long IJob<SandboxNotice>.Key => Charge.Value;
}

/// <summary>Brings the sandbox's notices to Payments, signed as they would be over the wire.</summary>
internal sealed class SandboxCourier(ProviderNotices notices, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    public async Task DeliverAsync(string provider, SandboxNotice notice, JobRun run, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(notice.Notice, RecordsJson.Default.ProviderNotice);
        try
        {
            await notices.ReceiveAsync(provider, body, SandboxSignature.Of(body), cancellation);
        }
        catch (ProblemException refusal) when (refusal.Problem.Code == PaymentsProblems.NoticeTooEarly.Code)
        {
            await run.AgainAtAsync(time.GetUtcNow() + (Patience * run.Attempt), static _ => ValueTask.CompletedTask, cancellation);
            return;
        }
        await run.CompleteAsync(tx => FollowAsync(tx, notice), cancellation);
    }

    /// <summary>A refund that comes back is no longer given.</summary>
    private static ValueTask FollowAsync(Transaction tx, SandboxNotice notice) => notice.Notice.Kind == NoticeKind.RefundFailed
        ? SandboxBooks.ReturnAsync(tx, notice.Notice.Tenant, notice.Charge, notice.Notice.AmountMinor)
        : ValueTask.CompletedTask;
}

/// <summary>Proves that a notice is the sandbox's: HMAC-SHA256 under a key that only this process knows, in hexadecimal digits.</summary>
internal static class SandboxSignature
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public static string Of(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(HMACSHA256.HashData(Key, body));

    public static bool IsOf(ReadOnlySpan<byte> body, string signature) =>
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(Of(body)), System.Text.Encoding.UTF8.GetBytes(signature));
}

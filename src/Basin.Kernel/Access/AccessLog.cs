using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Access;

/// <summary>Ids only: no key, no password, no address.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(1301, LogLevel.Information, "Make the first operator: {Link}")]
    public static partial void SetupLink(ILogger logger, string link);

    [LoggerMessage(1302, LogLevel.Information, "Account {Account} made, {Kind}")]
    public static partial void AccountMade(ILogger logger, Id<Account> account, AccountKind kind);

    [LoggerMessage(1303, LogLevel.Warning, "An address of tenant {Tenant} is locked after too many failed tries, {Kind}")]
    public static partial void Locked(ILogger logger, Id<Tenant> tenant, AccountKind kind);

    [LoggerMessage(1304, LogLevel.Information, "Account {Account} has a new password; its other sessions end")]
    public static partial void PasswordChanged(ILogger logger, Id<Account> account);

    [LoggerMessage(1305, LogLevel.Information, "Key {Key} made by {Subject}")]
    public static partial void KeyMade(ILogger logger, Id<ApiKey> key, string subject);

    [LoggerMessage(1306, LogLevel.Information, "Key {Key} revoked by {Subject}")]
    public static partial void KeyRevoked(ILogger logger, Id<ApiKey> key, string subject);

    [LoggerMessage(1307, LogLevel.Information, "Tenant {Tenant} made")]
    public static partial void TenantMade(ILogger logger, Id<Tenant> tenant);

    [LoggerMessage(1308, LogLevel.Information, "An operator is invited by {Subject}")]
    public static partial void OperatorInvited(ILogger logger, string subject);
}

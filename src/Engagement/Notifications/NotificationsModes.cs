using Basin.Kernel.Load;

namespace Basin.Notifications;

/// <summary>What Notifications puts off while the host has too much to do.</summary>
internal static class NotificationsModes
{
    public static readonly DegradedMode EmailLater = new(
        "email_later", "E-mail comes one to two minutes later; the inbox of the shop tells at once.", EnterAt: 1, LeaveBelow: 0.5);

    /// <summary>How much later an e-mail is sent at least, and by how much that differs, so that those put off do not come back together.</summary>
    public static readonly TimeSpan Later = TimeSpan.FromMinutes(1);
}

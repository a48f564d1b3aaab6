using System.Net.Mail;

namespace Basin.Notifications;

/// <summary>
/// E-mail as <c>.eml</c> files, for those who try Basin without a mail server: one folder per tenant below the data directory, at most a number of
/// files in each. A file is named by its notification, so a repeat replaces it, and names sort by time.
/// </summary>
internal sealed class DropFolder(StoreOptions store, NotificationsOptions options)
{
    private const string Extension = ".eml";
    private const long MaxFileBytes = 1_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Id<Tenant>, SortedSet<string>> _names = [];

    public async Task DropAsync(Id<Tenant> tenant, Id<Notification> id, MailMessage message, CancellationToken cancellation)
    {
        var folder = FolderOf(tenant);
        CreatePrivate(folder);
        // The framework writes a message under a name of its own choice, so it writes into a folder where nothing else is.
        var draft = Path.Combine(folder, $".{id}");
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);
        Directory.CreateDirectory(draft);
        using (var pickup = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = draft })
            await pickup.SendMailAsync(message, cancellation);
        File.Move(Directory.GetFiles(draft).Single(), PathOf(tenant, id.ToString()), overwrite: true);
        Directory.Delete(draft);
        Bound(tenant, id.ToString());
    }

    /// <summary>The newest mails, read from their files.</summary>
    /// <param name="before">The name of the last mail of the page before; null at the beginning.</param>
    public IReadOnlyList<DroppedMail> List(Id<Tenant> tenant, string? before, int limit)
    {
        List<string> names;
        lock (_lock)
            names = [.. NamesOf(tenant).Reverse().Where(name => before is null || string.CompareOrdinal(name, before) < 0).Take(limit)];
        return [.. names.Select(name => Find(tenant, name)).OfType<DroppedMail>()];
    }

    /// <summary>A mail, or null when there is none of this name.</summary>
    public DroppedMail? Find(Id<Tenant> tenant, string name)
    {
        // The text of an id names no other folder.
        if (!Id<Notification>.TryParse(name, null, out _))
            return null;
        try
        {
            var file = new FileInfo(PathOf(tenant, name));
            return file.Length <= MaxFileBytes ? DroppedMail.Parse(name, File.ReadAllText(file.FullName)) : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Bound(Id<Tenant> tenant, string added)
    {
        lock (_lock)
        {
            var names = NamesOf(tenant);
            names.Add(added);
            while (names.Count > options.MaxDroppedMails && names.Min is { } oldest)
            {
                File.Delete(PathOf(tenant, oldest));
                names.Remove(oldest);
            }
        }
    }

    /// <summary>The folder is listed once; from then on its files are known.</summary>
    private SortedSet<string> NamesOf(Id<Tenant> tenant)
    {
        if (_names.TryGetValue(tenant, out var names))
            return names;
        var folder = FolderOf(tenant);
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, $"*{Extension}") : [];
        return _names[tenant] = new SortedSet<string>(files.Select(file => Path.GetFileNameWithoutExtension(file)!), StringComparer.Ordinal);
    }

    private string FolderOf(Id<Tenant> tenant) => Path.Combine(Path.GetFullPath(store.Directory), "mail", tenant.ToString());

    private string PathOf(Id<Tenant> tenant, string name) => Path.Combine(FolderOf(tenant), name + Extension);

    /// <summary>E-mail is nobody's business but its owner's.</summary>
    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

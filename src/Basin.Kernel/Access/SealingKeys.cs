using System.Xml.Linq;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Access;

/// <summary>
/// The keys that seal cookies and forms, in the store, so that every process opens what another has sealed. Whoever reads the database can make sessions
/// anyway; it is the database's business to keep its files encrypted.
/// </summary>
internal sealed class SealingKeys([FromKeyedServices(AccessSystem.Name)] Store store) : IXmlRepository
{
    /// <summary>Where they are in PostgreSQL.</summary>
    public const string Table = "sealing_key";

    /// <summary>Where an installation in files has them, below its directory.</summary>
    public const string Folder = "keys";

    private const string KeyElement = "key";

    /// <summary>By which clocks may differ; the framework uses a key that begins within it.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<string> FilesIn(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.xml") : [];

    /// <summary>The keys of a folder as they would be in the table.</summary>
    public static IEnumerable<(string Name, string Xml)> In(string folder) =>
        FilesIn(folder).Select(path => (Path.GetFileNameWithoutExtension(path), TextOf(XElement.Load(path))));

    private static string TextOf(XElement element) => element.ToString(SaveOptions.DisableFormatting);

    public IReadOnlyCollection<XElement> GetAllElements() => store
        .ReadAsync(ShardKey.First, AccessStore.ListSealingKeysAsync, CancellationToken.None).AsTask().GetAwaiter().GetResult()
        .ConvertAll(XElement.Parse);

    /// <summary>
    /// Processes that start together on an empty database would each make the first key, and later each its successor, and not know those of the others
    /// until they next look. So the first to come makes it; the others read all keys again after this, and find it. The interface waits; it is asked once
    /// in months.
    /// </summary>
    public void StoreElement(XElement element, string friendlyName) => store
        .WriteAsync(
            ShardKey.First,
            async tx =>
            {
                var known = (await AccessStore.ListSealingKeysAsync(tx)).ConvertAll(XElement.Parse);
                return IsSpare(element, known) ? 0 : await AccessStore.InsertSealingKeyAsync(tx, friendlyName, TextOf(element));
            },
            CancellationToken.None)
        .GetAwaiter().GetResult();

    /// <summary>Whether another key is in use when this one would begin to be. After a revocation that can be any, or none.</summary>
    private static bool IsSpare(XElement element, List<XElement> known) => element.Name == KeyElement
        && known.TrueForAll(other => other.Name == KeyElement)
        && known.Exists(other => TimeOf(other, "activationDate") - ClockSkew <= TimeOf(element, "activationDate")
            && TimeOf(element, "activationDate") < TimeOf(other, "expirationDate"));

    private static DateTimeOffset TimeOf(XElement key, string name) => (DateTimeOffset)key.Element(name)!;
}

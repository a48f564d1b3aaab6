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

    public static IReadOnlyList<string> FilesIn(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.xml") : [];

    /// <summary>The keys of a folder as they would be in the table.</summary>
    public static IEnumerable<(string Name, string Xml)> In(string folder) =>
        FilesIn(folder).Select(path => (Path.GetFileNameWithoutExtension(path), TextOf(XElement.Load(path))));

    private static string TextOf(XElement element) => element.ToString(SaveOptions.DisableFormatting);

    public IReadOnlyCollection<XElement> GetAllElements() => store
        .ReadAsync(ShardKey.First, AccessStore.ListSealingKeysAsync, CancellationToken.None).AsTask().GetAwaiter().GetResult()
        .ConvertAll(XElement.Parse);

    /// <summary>The interface waits; it is asked once in months.</summary>
    public void StoreElement(XElement element, string friendlyName)
    {
        var xml = TextOf(element);
        store.WriteAsync(ShardKey.First, tx => AccessStore.InsertSealingKeyAsync(tx, friendlyName, xml), CancellationToken.None).GetAwaiter().GetResult();
    }
}

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
    public IReadOnlyCollection<XElement> GetAllElements() => store
        .ReadAsync(ShardKey.First, AccessStore.ListSealingKeysAsync, CancellationToken.None).AsTask().GetAwaiter().GetResult()
        .ConvertAll(XElement.Parse);

    /// <summary>The interface waits; it is asked once in months.</summary>
    public void StoreElement(XElement element, string friendlyName)
    {
        var xml = element.ToString(SaveOptions.DisableFormatting);
        store.WriteAsync(ShardKey.First, tx => AccessStore.InsertSealingKeyAsync(tx, friendlyName, xml), CancellationToken.None).GetAwaiter().GetResult();
    }
}

using System.ComponentModel.DataAnnotations;

namespace Basin.Catalog;

/// <summary>Section <c>Basin:Catalog</c>.</summary>
public sealed class CatalogOptions
{
    /// <summary>Offers kept in memory for those who ask for prices. Default 200000, about 60 MB when full.</summary>
    [Range(2, 10_000_000)]
    public int MaxCachedOffers { get; set; } = 200_000;

    /// <summary>Rows of an import written in one transaction at most. Default 256: other writes wait for about 20 ms.</summary>
    [Range(1, 10_000)]
    public int ImportBatchRows { get; set; } = 256;

    /// <summary>Longest row of an import in bytes. Default 65536.</summary>
    [Range(1024, 1_000_000)]
    public int MaxImportRowBytes { get; set; } = 65_536;
}

using Basin.Kernel.Ids;

namespace Basin.Kernel.Tenancy;

/// <summary>A customer of this installation. Every row belongs to one tenant and every query names it.</summary>
public sealed record Tenant(Id<Tenant> Id, string Slug, string Name, DateTimeOffset CreatedAt) : IEntity
{
    public static string Prefix => "ten";
}

using System.Collections.Frozen;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Postgres;

namespace Basin.Kernel.FrontDoors;

/// <summary>
/// Which systems run in this process. Those that run elsewhere keep their store open here, for the console and for events; their routes, handlers, jobs
/// and housekeeping are the other processes'.
/// </summary>
public sealed class Placement
{
    private readonly FrozenSet<string> _here;
    private readonly SystemsOptions _options;

    /// <exception cref="InvalidOperationException">The settings name no system, or leave open where one is.</exception>
    public Placement(IEnumerable<SystemDefinition> systems, SystemsOptions options, PostgresOptions postgres)
    {
        _options = options;
        var definitions = systems.ToList();
        var placed = definitions.Where(system => system.Companion is null && !system.IsEverywhere).Select(system => system.Name).ToHashSet();
        RefuseUnknown(options.Addresses.Keys, placed, "Addresses");
        var named = options.Here.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        RefuseUnknown(named, placed, "Here");
        IsWhole = named.Length == 0;
        _here = definitions
            .Where(system => IsWhole || system.IsEverywhere || named.Contains(system.Companion ?? system.Name))
            .Select(system => system.Name)
            .ToFrozenSet();
        if (!IsWhole && !postgres.IsUsed)
            throw new InvalidOperationException("Basin:Systems:Here needs Basin:Postgres:ConnectionString: only there can other processes run the other systems.");
        Elsewhere = [.. placed.Where(system => !_here.Contains(system)).Order(StringComparer.Ordinal)];
        foreach (var system in Elsewhere)
            _ = AddressOf(system);
    }

    /// <summary>Whether this process runs every system.</summary>
    public bool IsWhole { get; }

    /// <summary>Those that this process asks over HTTP.</summary>
    internal IReadOnlyList<string> Elsewhere { get; }

    public bool IsHere(string system) => _here.Contains(system);

    /// <exception cref="InvalidOperationException">The settings do not say it.</exception>
    internal Uri AddressOf(string system) => _options.Addresses.GetValueOrDefault(system) ?? _options.Address
        ?? throw new InvalidOperationException($"Where {system} runs is not said: set Basin:Systems:Address or Basin:Systems:Addresses:{system}.");

    private static void RefuseUnknown(IEnumerable<string> names, HashSet<string> systems, string setting)
    {
        foreach (var name in names.Where(name => !systems.Contains(name)))
            throw new InvalidOperationException($"Basin:Systems:{setting} names '{name}'. Systems are: {string.Join(", ", systems.Order())}.");
    }
}

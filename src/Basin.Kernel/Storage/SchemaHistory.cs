namespace Basin.Kernel.Storage;

/// <summary>A migration that a database has.</summary>
internal sealed record AppliedMigration(string Owner, int Number, string Checksum);

/// <summary>Compares what a database has with what the program knows.</summary>
internal static class SchemaHistory
{
    /// <summary>Whose migration a schema has for as long as an installation is being moved into it.</summary>
    public const string UnfinishedMove = "move";

    /// <summary>The migrations that are still to be applied, in their order.</summary>
    /// <exception cref="InvalidOperationException">The database knows a migration that the program does not, or another one of the same name.</exception>
    public static List<Migration> Missing(IReadOnlyList<Migration> known, IEnumerable<AppliedMigration> applied)
    {
        var checksums = applied.ToDictionary(a => (a.Owner, a.Number), a => a.Checksum);
        RefuseNewer(checksums.Keys, known);
        var missing = new List<Migration>();
        foreach (var migration in known)
        {
            if (!checksums.TryGetValue((migration.Owner, migration.Number), out var checksum))
                missing.Add(migration);
            else if (checksum != migration.Checksum)
                throw new InvalidOperationException($"Migration {migration.Owner}/{migration.Name} was changed after it was applied; add a new one.");
        }
        return missing;
    }

    private static void RefuseNewer(IEnumerable<(string Owner, int Number)> applied, IReadOnlyList<Migration> migrations)
    {
        var known = migrations.Select(m => (m.Owner, m.Number)).ToHashSet();
        foreach (var (owner, number) in applied)
        {
            if (owner == UnfinishedMove && !known.Contains((owner, number)))
                throw new InvalidOperationException("A move into this database has not come to its end. Run it again; it goes on where it was.");
            if (!known.Contains((owner, number)))
                throw new InvalidOperationException($"The data was written by a newer Basin: it has migration {owner}/{number:0000}.");
        }
    }
}

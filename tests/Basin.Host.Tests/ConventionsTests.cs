using System.Reflection;
using System.Text.RegularExpressions;
using Basin.Kernel.Ids;

namespace Basin.Host.Tests;

/// <summary>What all systems have to agree on.</summary>
public sealed class ConventionsTests
{
    [Fact]
    public void Every_entity_has_a_prefix_of_its_own()
    {
        var prefixes = Entities().Select(entity => PrefixOf(entity)).ToList();

        Assert.Contains("ord", prefixes);
        Assert.All(prefixes, prefix => Assert.Matches(new Regex("^[a-z]{2,8}$", RegexOptions.None, TimeSpan.FromSeconds(1)), prefix));
        Assert.Equal(prefixes.Distinct(), prefixes);
    }

    private static IEnumerable<Type> Entities() =>
        from file in Directory.GetFiles(AppContext.BaseDirectory, "Basin.*.dll")
        from type in Assembly.Load(Path.GetFileNameWithoutExtension(file)).GetTypes()
        where type.IsClass && type.IsAssignableTo(typeof(IEntity))
        select type;

    private static string PrefixOf(Type entity) => (string)typeof(ConventionsTests)
        .GetMethod(nameof(PrefixOfEntity), BindingFlags.NonPublic | BindingFlags.Static)!
        .MakeGenericMethod(entity)
        .Invoke(null, null)!;

    private static string PrefixOfEntity<T>()
        where T : IEntity => T.Prefix;
}

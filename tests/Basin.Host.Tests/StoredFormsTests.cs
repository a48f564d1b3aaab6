using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;

namespace Basin.Host.Tests;

/// <summary>
/// What is in somebody's files is read by every later version: the name of each event and job and the JSON of its data. A change that is meant, which
/// is a new type or an optional member, is written down by <c>BASIN_WRITE_GOLDEN=1</c>.
/// </summary>
public sealed class StoredFormsTests
{
    private const int MostValues = 100;

    [Fact]
    public async Task Events_and_jobs_are_stored_under_the_names_under_which_they_always_were()
    {
        string[] now = ["{", .. Forms().OrderBy(form => form.Name, StringComparer.Ordinal).Select(form => $"  \"{form.Name}\": {form.Json},"), "}"];
        now[^2] = now[^2].TrimEnd(',');
        if (Environment.GetEnvironmentVariable("BASIN_WRITE_GOLDEN") == "1")
            await File.WriteAllLinesAsync(Golden, now);
        var golden = await File.ReadAllLinesAsync(Golden);

        string[] differences = [.. golden.Except(now).Select(line => $"- {line}"), .. now.Except(golden).Select(line => $"+ {line}")];

        Assert.True(differences.Length == 0, $"{Golden} does not agree with the code:\n{string.Join('\n', differences)}");
    }

    /// <summary>Of all types of the program, whether a system has registered them or not.</summary>
    private static IEnumerable<(string Name, string Json)> Forms()
    {
        var host = typeof(HostArguments).Assembly;
        var assemblies = host.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Basin.", StringComparison.Ordinal)).Select(Assembly.Load);
        foreach (var type in assemblies.Prepend(host).SelectMany(assembly => assembly.GetTypes()))
        {
            if (Implements(type, typeof(IEvent<>)))
                yield return Call(nameof(EventForm), type);
            if (Implements(type, typeof(IJob<>)))
                yield return Call(nameof(JobForm), type);
        }
    }

    private static bool Implements(Type type, Type kind) =>
        type.GetInterfaces().Any(known => known.IsGenericType && known.GetGenericTypeDefinition() == kind);

    private static (string Name, string Json) EventForm<T>()
        where T : class, IEvent<T> => (T.Type.Name, Write(T.Type.Json));

    private static (string Name, string Json) JobForm<T>()
        where T : class, IJob<T> => (T.Type.Name, Write(T.Type.Json));

    private static (string Name, string Json) Call(string form, Type type) => ((string, string))typeof(StoredFormsTests)
        .GetMethod(form, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>As many samples as show every value of every enum.</summary>
    private static string Write<T>(JsonTypeInfo<T> json)
    {
        var samples = Enumerable.Range(0, MostValues).Select(turn => JsonSerializer.Serialize((T)Sample(typeof(T), turn), json));
        return $"[{string.Join(", ", samples.Distinct(StringComparer.Ordinal))}]";
    }

    private static object Sample(Type type, int turn)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Sample(inner, turn);
        if (type == typeof(string))
            return "text";
        if (type == typeof(bool))
            return true;
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        if (type == typeof(DateOnly))
            return new DateOnly(2026, 1, 1);
        if (type == typeof(TimeSpan))
            return TimeSpan.FromHours(2);
        if (type.IsEnum)
            return Enum.GetValues(type).Cast<object>().Take(turn + 1).Last();
        if (type.IsPrimitive)
            return Convert.ChangeType(2, type);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Id<>))
            return Activator.CreateInstance(type, 1L)!;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return ListOfOne(type.GenericTypeArguments[0], turn);
        if (type == typeof(IReadOnlyDictionary<string, string>))
            return new Dictionary<string, string> { ["name"] = "text" };
        var constructor = type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Sample(parameter.ParameterType, turn))]);
    }

    private static Array ListOfOne(Type type, int turn)
    {
        var list = Array.CreateInstance(type, 1);
        list.SetValue(Sample(type, turn), 0);
        return list;
    }

    private static string Golden
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
                folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run below the repository.");
            return Path.Combine(folder.FullName, "tests", "Basin.Host.Tests", "Golden", "stored.json");
        }
    }
}

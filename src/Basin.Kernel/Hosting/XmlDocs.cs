using System.Collections.Concurrent;
using System.Reflection;
using System.Xml.Linq;

namespace Basin.Kernel.Hosting;

/// <summary>What the source code says about a member, from the documentation file that the compiler puts beside the assembly.</summary>
public sealed class XmlDocs
{
    private readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> _members = new();

    public string? SummaryOf(Type type) => TextOf(Find(type.Assembly, $"T:{NameOf(type)}")?.Element("summary"));

    public string? SummaryOf(PropertyInfo property) =>
        TextOf(Find(property.DeclaringType!.Assembly, $"P:{NameOf(property.DeclaringType)}.{property.Name}")?.Element("summary"));

    public string? SummaryOf(MethodInfo method) => TextOf(Find(method)?.Element("summary"));

    public string? RemarksOf(MethodInfo method) => TextOf(Find(method)?.Element("remarks"));

    public string? ParameterOf(MethodInfo method, string name) => ParameterOf(Find(method), name);

    /// <summary>What the parameters of a record say about its properties.</summary>
    public string? ParameterOf(Type record, string name) => ParameterOf(Find(record.Assembly, $"T:{NameOf(record)}"), name);

    /// <summary>Handlers are not overloaded, so a method is found by its name.</summary>
    private XElement? Find(MethodInfo method) =>
        method.DeclaringType is { } type ? Find(type.Assembly, $"M:{NameOf(type)}.{method.Name}") : null;

    private XElement? Find(Assembly assembly, string member) => _members.GetOrAdd(assembly, Read).GetValueOrDefault(member);

    private static Dictionary<string, XElement> Read(Assembly assembly)
    {
        var members = new Dictionary<string, XElement>(StringComparer.Ordinal);
        var file = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml");
        if (!File.Exists(file))
            return members;
        foreach (var member in XElement.Load(file).Descendants("member"))
        {
            var name = member.Attribute("name")?.Value ?? "";
            members.TryAdd(name.StartsWith("M:", StringComparison.Ordinal) ? name.Split('(')[0] : name, member);
        }
        return members;
    }

    private static string NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string? ParameterOf(XElement? member, string name) =>
        TextOf(member?.Elements("param").FirstOrDefault(param => string.Equals(param.Attribute("name")?.Value, name, StringComparison.OrdinalIgnoreCase)));

    private static string? TextOf(XElement? element)
    {
        if (element is null)
            return null;
        foreach (var reference in element.Descendants().Where(child => child.Attribute("cref") is not null).ToList())
            reference.ReplaceWith(reference.Attribute("cref")!.Value.Split('(')[0].Split('.')[^1]);
        foreach (var reference in element.Descendants("paramref").ToList())
            reference.ReplaceWith(reference.Attribute("name")!.Value);
        return string.Join(' ', element.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }
}

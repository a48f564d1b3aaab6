using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Hosting;

/// <summary>One option as it is in force.</summary>
/// <param name="Key">Its configuration key, such as <c>Basin:Store:Directory</c>.</param>
/// <param name="Value">As text; a secret is never shown.</param>
/// <param name="From">Where it was set, such as <c>command line</c>; <c>default</c> when nowhere.</param>
public sealed record Setting(string Key, string Value, string Default, string? Description, string From);

/// <summary>Every option of every system: what is in force and where it comes from.</summary>
public sealed class Settings(IEnumerable<OptionsSection> sections, IConfiguration configuration, IServiceProvider services, XmlDocs docs)
{
    private static readonly string[] SecretNames = ["Password", "Secret", "Token", "ApiKey", "SigningKey", "ConnectionString", "ConnectionStrings"];

    public IReadOnlyList<Setting> All =>
        [.. sections.OrderBy(section => section.Path, StringComparer.Ordinal).SelectMany(SettingsOf)];

    /// <summary>A misspelt section would otherwise be ignored without a word.</summary>
    /// <exception cref="InvalidOperationException">The configuration has a section below <c>Basin</c> that nobody reads.</exception>
    public void RefuseUnknownSections()
    {
        var known = sections.Select(section => section.Path.Split(':')[1]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetSection("Basin").GetChildren())
        {
            if (!known.Contains(section.Key))
                throw new InvalidOperationException($"There is no setting Basin:{section.Key}. Sections are: {string.Join(", ", known.Order())}.");
        }
    }

    private IEnumerable<Setting> SettingsOf(OptionsSection section)
    {
        var (inForce, defaults) = (services.GetRequiredService(section.Type), Activator.CreateInstance(section.Type)!);
        foreach (var property in section.Type.GetProperties().Where(property => property.CanWrite))
        {
            var key = $"{section.Path}:{property.Name}";
            var secret = SecretNames.Any(name => property.Name.EndsWith(name, StringComparison.OrdinalIgnoreCase));
            yield return new Setting(
                key,
                secret ? Masked(property.GetValue(inForce)) : TextOf(property.GetValue(inForce)),
                secret ? Masked(property.GetValue(defaults)) : TextOf(property.GetValue(defaults)),
                docs.SummaryOf(property),
                SourceOf(key));
        }
    }

    private static string Masked(object? secret) => secret is null or "" ? "not set" : "set, not shown";

    private static string TextOf(object? value) => value switch
    {
        null or "" => "not set",
        string text => text,
        bool flag => flag ? "true" : "false",
        Uri { UserInfo.Length: > 0 } uri => uri.OriginalString.Replace(uri.UserInfo, "***"),
        IDictionary pairs => List(pairs.Keys.Cast<object>().Select(key => $"{key}={TextOf(pairs[key])}")),
        IEnumerable items => List(items.Cast<object>().Select(TextOf)),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string List(IEnumerable<string> items) => string.Join(", ", items) is { Length: > 0 } text ? text : "none";

    /// <summary>The last provider that has the key wins, as it does in the configuration.</summary>
    private string SourceOf(string key) =>
        ((IConfigurationRoot)configuration).Providers.LastOrDefault(provider => Has(provider, key)) switch
        {
            null => "default",
            CommandLineConfigurationProvider => "command line",
            EnvironmentVariablesConfigurationProvider => "environment",
            JsonConfigurationProvider json => Path.GetFileName(json.Source.Path) ?? "JSON file",
            _ => "program",
        };

    private static bool Has(IConfigurationProvider provider, string key) =>
        provider.TryGet(key, out _) || provider.GetChildKeys([], key).Any();
}

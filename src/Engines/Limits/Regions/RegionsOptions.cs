using System.ComponentModel.DataAnnotations;

namespace Basin.Limits.Regions;

/// <summary>Section <c>Basin:Limits:Regions</c>: installations that count some policies together, far from each other.</summary>
public sealed class RegionsOptions
{
    internal const int MaxNameLength = 30;

    private const int MaxOthers = 15;

    /// <summary>What the others call this region, such as <c>eu</c>. Default none: nothing is counted over regions.</summary>
    public string Here { get; set; } = "";

    /// <summary>The others by name, 15 at most. They have the same policies, and each has this region among its own.</summary>
    public Dictionary<string, RegionOptions> Others { get; set; } = [];

    /// <summary>How much of a burst each region may have let in that the others do not know of yet; of all regions together 100 at most. Default 10.</summary>
    public int UnsettledPercent { get; set; } = 10;

    /// <summary>How often each of the others is told. Default 100 ms.</summary>
    public TimeSpan SettleEvery { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Another region has so long for its answer. Default 2 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A promise to another region is for so long; whoever misses one goes by its part of the rate. Default 5 s, at least twice SettleEvery and Timeout together.</summary>
    public TimeSpan LostAfter { get; set; } = TimeSpan.FromSeconds(5);

    internal bool AreUsed => Others.Count > 0;

    internal IEnumerable<ValidationResult> Validate()
    {
        if (!AreUsed)
            yield break;
        if (!IsName(Here))
            yield return Wrong("A name of 1 to 30 lower case letters, digits and dashes is expected.", nameof(Here));
        if (Others.Count > MaxOthers)
            yield return Wrong($"At most {MaxOthers} are expected.", nameof(Others));
        if (UnsettledPercent < 1 || UnsettledPercent * (Others.Count + 1) > 100)
            yield return Wrong($"{UnsettledPercent} of each of {Others.Count + 1} regions is not 1 to 100 together.", nameof(UnsettledPercent));
        if (SettleEvery < TimeSpan.FromMilliseconds(10) || SettleEvery > TimeSpan.FromMinutes(1))
            yield return Wrong("10 ms to a minute is expected.", nameof(SettleEvery));
        if (Timeout < TimeSpan.FromMilliseconds(50) || Timeout > TimeSpan.FromMinutes(1))
            yield return Wrong("50 ms to a minute is expected.", nameof(Timeout));
        if (LostAfter < 2 * (SettleEvery + Timeout) || LostAfter > TimeSpan.FromHours(1))
            yield return Wrong("Twice SettleEvery and Timeout together at least, and an hour at most, is expected.", nameof(LostAfter));
        foreach (var (name, other) in Others)
        {
            if (!IsName(name) || name == Here)
                yield return Wrong("A name of 1 to 30 lower case letters, digits and dashes, other than Here, is expected.", $"{nameof(Others)}:{name}");
            if (other.Address is not { IsAbsoluteUri: true, Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "" })
                yield return Wrong("http:// or https:// with a host, and no path, is expected.", $"{nameof(Others)}:{name}:{nameof(RegionOptions.Address)}");
            if (string.IsNullOrWhiteSpace(other.Key))
                yield return Wrong("An API key of that region is expected.", $"{nameof(Others)}:{name}:{nameof(RegionOptions.Key)}");
        }
    }

    private static bool IsName(string text) =>
        text.Length is > 0 and <= MaxNameLength && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');

    private static ValidationResult Wrong(string sentence, string member) => new($"Regions:{member}: {sentence}", [$"Regions:{member}"]);
}

/// <summary>Another region.</summary>
public sealed class RegionOptions
{
    /// <summary>Such as <c>https://us.example.com</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>An API key of that region's tenant <c>main</c> with the scope <c>limits:settle</c>.</summary>
    public string Key { get; set; } = "";
}

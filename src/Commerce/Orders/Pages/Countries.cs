namespace Basin.Orders.Pages;

/// <summary>Where the shop delivers to by choice of a list; a program may name any country.</summary>
internal static class Countries
{
    /// <summary>By ISO 3166-1 alpha-2, in the order of their names.</summary>
    public static readonly IReadOnlyList<(string Code, string Name)> All =
    [
        ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BR", "Brazil"), ("BG", "Bulgaria"), ("CA", "Canada"), ("HR", "Croatia"),
        ("CY", "Cyprus"), ("CZ", "Czechia"), ("DK", "Denmark"), ("EE", "Estonia"), ("FI", "Finland"), ("FR", "France"), ("DE", "Germany"),
        ("GR", "Greece"), ("HU", "Hungary"), ("IS", "Iceland"), ("IN", "India"), ("IE", "Ireland"), ("IT", "Italy"), ("JP", "Japan"),
        ("LV", "Latvia"), ("LT", "Lithuania"), ("LU", "Luxembourg"), ("MT", "Malta"), ("MX", "Mexico"), ("NL", "Netherlands"),
        ("NZ", "New Zealand"), ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("RO", "Romania"), ("SK", "Slovakia"), ("SI", "Slovenia"),
        ("ZA", "South Africa"), ("KR", "South Korea"), ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"), ("GB", "United Kingdom"),
        ("US", "United States"),
    ];

    public static string NameOf(string code) => All.FirstOrDefault(country => country.Code == code).Name ?? code;
}

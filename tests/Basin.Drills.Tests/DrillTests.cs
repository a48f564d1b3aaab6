namespace Basin.Drills.Tests;

/// <summary>What every drill has, and who else shows it.</summary>
public sealed class DrillTests
{
    public static TheoryData<string> Names => [.. AllDrills.List.Select(drill => drill.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_drill_says_what_it_claims_why_it_holds_and_how_it_was_seen_to_fail(string name)
    {
        var drill = AllDrills.List.Single(one => one.Name == name);

        foreach (var words in (string[])[drill.Title, drill.Area, drill.Hypothesis, drill.Why, drill.TakenAway.Mechanism, drill.TakenAway.How, drill.TakenAway.Failed])
            Assert.False(string.IsNullOrWhiteSpace(words), name);
        Assert.Contains(drill.Grades, grade => drill.TakenAway.Failed.StartsWith(grade.Name, StringComparison.Ordinal));
        Assert.Matches("[0-9]|never", drill.TakenAway.Failed);
        Assert.All(drill.Code, path => Assert.True(File.Exists(Path.Combine(Workplace.Root, path)), path));
        Assert.Subset(drill.Grades.Select(grade => grade.Name).ToHashSet(), Grade.Always.Select(grade => grade.Name).ToHashSet());
        Assert.InRange(drill.Load.Seconds, 1, Load.MaxSeconds);
    }

    [Fact]
    public void Drills_have_names_of_their_own_and_cover_the_shop()
    {
        Assert.Equal(AllDrills.List.Count, AllDrills.List.Select(drill => drill.Name).Distinct().Count());
        Assert.Subset(AllDrills.List.Select(drill => drill.Area).ToHashSet(), new HashSet<string> { "orders", "payments", "inventory", "events", "limits", "host" });
    }

    [Fact]
    public async Task The_console_knows_the_drills_that_there_are() =>
        Assert.Equal(Words.CatalogueOf(AllDrills.List), await File.ReadAllTextAsync(Path.Combine(Workplace.Root, Words.Catalogue), TestContext.Current.CancellationToken));

    [Fact]
    public async Task The_page_of_the_docs_has_the_table_of_the_drills_that_there_are()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Workplace.Root, Words.Page), TestContext.Current.CancellationToken);

        Assert.Equal(page, Words.WithTable(page, AllDrills.List));
    }
}

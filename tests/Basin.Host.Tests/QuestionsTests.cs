using Basin.Host.Drills;
using Basin.Host.Learning;

namespace Basin.Host.Tests;

/// <summary>What people who learn are promised is there.</summary>
public sealed class QuestionsTests
{
    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Basin.slnx")))
                folder = folder.Parent!;
            return folder.FullName;
        }
    }

    [Fact]
    public void Every_question_has_a_page_and_code_that_are_there() => Assert.All(Questions.All, question =>
    {
        Assert.NotEmpty(question.Asked);
        Assert.NotEmpty(question.Pages);
        Assert.NotEmpty(question.Code);
        Assert.All([.. question.Pages, .. question.Code], reading => Assert.True(File.Exists(Path.Combine(Root, reading.Path)), reading.Path));
    });

    [Fact]
    public void Every_drill_is_one_that_can_be_run_and_tries_to_break_an_answer()
    {
        var drills = DrillCatalogue.All.Select(drill => drill.Name).ToHashSet();

        Assert.All(Questions.All.SelectMany(question => question.Drills), drill => Assert.Contains(drill, drills));
    }

    [Fact]
    public void The_list_is_the_one_of_the_documentation()
    {
        var rows = File.ReadLines(Path.Combine(Root, "docs", "questions.md")).Count(line => line.StartsWith("| ", StringComparison.Ordinal));

        // The head of the table and the line below it.
        Assert.Equal(rows - 2, Questions.All.Count);
    }
}

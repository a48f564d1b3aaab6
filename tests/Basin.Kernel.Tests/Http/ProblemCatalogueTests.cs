using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Tests.Sample;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Tests.Http;

public sealed class ProblemCatalogueTests
{
    [Fact]
    public void A_code_has_one_meaning()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var full = builder.AddSystem("full", typeof(Walker).Assembly).Refuses(new Problem(409, "full", "There is no room."));
        var empty = builder.AddSystem("empty", typeof(Walker).Assembly).Refuses(new Problem(409, "empty", "There is nothing left."));

        Assert.Equal(["kernel", "full"], new ProblemCatalogue([full]).All.Select(each => each.System).Distinct());

        empty.Refuses(new Problem(404, "full", "The moon is not full."));
        var refusal = Assert.Throws<InvalidOperationException>(() => new ProblemCatalogue([full, empty]));
        Assert.Contains("'full'", refusal.Message);
        Assert.Throws<InvalidOperationException>(() => new ProblemCatalogue([full.Refuses(KernelProblems.Busy)]));
    }
}

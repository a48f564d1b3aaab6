using Basin.Kernel.Hosting;

namespace Basin.Kernel.Http;

/// <summary>Every refusal of the kernel and of the systems.</summary>
public sealed class ProblemCatalogue
{
    /// <exception cref="InvalidOperationException">A code has two meanings.</exception>
    public ProblemCatalogue(IEnumerable<SystemDefinition> systems)
    {
        All = [
            .. KernelProblems.All.Select(problem => ("kernel", problem)),
            .. systems.SelectMany(system => system.Problems.Select(problem => (system.Name, problem))),
        ];
        foreach (var same in All.GroupBy(each => each.Problem.Code, StringComparer.Ordinal).Where(same => same.Count() > 1))
            throw new InvalidOperationException($"The problem code '{same.Key}' has several meanings: {string.Join(", ", same.Select(each => each.System))}.");
    }

    public IReadOnlyList<(string System, Problem Problem)> All { get; }
}

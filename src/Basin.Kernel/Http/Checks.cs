using System.Buffers;
using System.Runtime.CompilerServices;
using Basin.Kernel.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Http;

/// <summary>A request that knows what is wrong with it. Routes in a group with <c>WithChecks</c> refuse it with 400 before the handler runs.</summary>
public interface IChecked
{
    void Check(Checks checks);
}

/// <summary>
/// Collects what is wrong, by the JSON path of each member. Checks are written by hand because they cost next to nothing while everything is right.
/// </summary>
public sealed class Checks
{
    /// <summary>More than this helps nobody.</summary>
    private const int MaxErrors = 50;

    private static readonly string Controls = new([.. Enumerable.Range(0, 128).Select(code => (char)code).Where(char.IsControl)]);
    private static readonly SearchValues<char> NotInText = SearchValues.Create([.. Controls.Except("\t\r\n")]);
    private static readonly SearchValues<char> NotInAddresses = SearchValues.Create($"{Controls} <>,;\"");

    private readonly List<(string Member, int Index)> _path = [];
    private Dictionary<string, string[]>? _errors;

    /// <summary>The refusal, or null when nothing is wrong.</summary>
    public Problem? Problem => _errors is { } errors ? KernelProblems.Invalid with { Errors = errors } : null;

    /// <summary>Says what is expected of a member when <paramref name="right"/> is false.</summary>
    public void That(bool right, string member, string sentence)
    {
        if (!right)
            Refuse(member, sentence);
    }

    /// <inheritdoc cref="That(bool, string, string)"/>
    public void That(bool right, string member, [InterpolatedStringHandlerArgument(nameof(right))] LazySentence sentence)
    {
        if (!right)
            Refuse(member, sentence.ToString());
    }

    private void Refuse(string member, string sentence)
    {
        var errors = _errors ??= [];
        if (errors.Count < MaxErrors)
            errors.TryAdd(PathOf(member), [sentence]);
    }

    /// <summary>
    /// Text of a length, after which nothing but white space would be nothing. Of the control characters it takes those that set lines and
    /// columns.
    /// </summary>
    public void Text(string? text, string member, int maximum, int minimum = 1)
    {
        var right = text is not null && text.Length >= minimum && text.Length <= maximum && (minimum == 0 || !string.IsNullOrWhiteSpace(text));
        if (minimum <= 1)
            That(right, member, $"Text of at most {maximum} characters is expected.");
        else
            That(right, member, $"Text of {minimum} to {maximum} characters is expected.");
        That(!text.AsSpan().ContainsAny(NotInText), member, "Text without control characters is expected.");
    }

    public void Range(long number, string member, long minimum, long maximum) =>
        That(number >= minimum && number <= maximum, member, $"A number from {minimum} to {maximum} is expected.");

    /// <summary>An address as people have them: one @ with something on both sides, no white space.</summary>
    public void Email(string? text, string member)
    {
        var at = text?.IndexOf('@') ?? -1;
        That(
            text is { Length: <= 254 } && at > 0 && at < text.Length - 1 && text.LastIndexOf('@') == at && !text.AsSpan().ContainsAny(NotInAddresses),
            member,
            "An e-mail address is expected.");
    }

    /// <summary>Between a minimum and a maximum of items, none of them null, each checked at its own path.</summary>
    public void Items<T>(IReadOnlyList<T>? items, string member, int minimum, int maximum)
        where T : IChecked
    {
        That(items is not null && items.Count >= minimum && items.Count <= maximum, member, $"{minimum} to {maximum} items are expected.");
        if (items is null || items.Count > maximum)
            return;
        for (var i = 0; i < items.Count; i++)
        {
            _path.Add((member, i));
            if (items[i] is null)
                That(false, "", "A value is expected, not null.");
            else
                items[i].Check(this);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    public void Nested<T>(T? value, string member)
        where T : IChecked
    {
        if (value is null)
        {
            That(false, member, "A value is expected, not null.");
            return;
        }
        _path.Add((member, -1));
        value.Check(this);
        _path.RemoveAt(_path.Count - 1);
    }

    private string PathOf(string member)
    {
        var parts = _path.Select(part => part.Index < 0 ? part.Member : $"{part.Member}[{part.Index}]");
        return string.Join('.', member.Length == 0 ? parts : parts.Append(member));
    }
}

public static class CheckedExtensions
{
    extension(RouteGroupBuilder group)
    {
        /// <summary>Refuses requests that are <see cref="IChecked"/> and wrong.</summary>
        public RouteGroupBuilder WithChecks()
        {
            group.AddEndpointFilterFactory(static (endpoint, next) =>
            {
                var rightOfWay = endpoint.ApplicationServices.GetRequiredService<RightOfWay>();
                return context => rightOfWay.CountAsync(context, next);
            });
            group.AddEndpointFilter(static (context, next) =>
            {
                foreach (var argument in context.Arguments)
                {
                    if (argument is not IChecked request)
                        continue;
                    var checks = new Checks();
                    request.Check(checks);
                    if (checks.Problem is { } problem)
                        return ValueTask.FromResult<object?>(new RefusedResult(problem));
                }
                return next(context);
            });
            return group;
        }
    }

    private sealed class RefusedResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => ProblemResult.WriteAsync(httpContext, problem);
    }
}

namespace Basin.Limits;

/// <summary>The load of this process in one second.</summary>
/// <param name="Level">0 when nothing waits, 1 when the host can take no more, above 1 when work is refused.</param>
/// <param name="Limit">Requests that may be worked on at the same time, as found.</param>
/// <param name="InFlight">Requests that are worked on.</param>
/// <param name="Waiting">Requests that wait outside.</param>
/// <param name="Staying">Answers that go on for as long as their clients stay, such as live pages.</param>
/// <param name="QueueMs">How long work inside waits to begin, in milliseconds.</param>
/// <param name="Modes">What is left out while there is too much to do.</param>
public sealed record LoadReport(
    DateTimeOffset At, double Level, int Limit, int InFlight, int Waiting, int Staying, double QueueMs, IReadOnlyList<ClassLoad> Classes,
    IReadOnlyList<ModeReport> Modes);

/// <param name="ServedPerSecond">Requests answered.</param>
/// <param name="RefusedPerSecond">Requests refused because of the load.</param>
/// <param name="Served">Since the start.</param>
/// <param name="Refused">Since the start.</param>
/// <param name="Gone">Whose client has gone while they waited, since the start.</param>
public sealed record ClassLoad(
    [property: JsonConverter(typeof(SnakeCaseEnumConverter<RequestClass>))] RequestClass Class,
    double ServedPerSecond, double RefusedPerSecond, int Waiting, long Served, long Refused, long Gone);

/// <param name="Name">Such as <c>suggestions_off</c>.</param>
/// <param name="Seen">What people see of it.</param>
/// <param name="Since">When it was entered or left last; null when it never was.</param>
/// <param name="EnterAt">The level at which it begins.</param>
/// <param name="LeaveBelow">The level below which it ends.</param>
/// <param name="Times">How often it was entered since the start.</param>
public sealed record ModeReport(string Name, string Seen, bool IsOn, DateTimeOffset? Since, double EnterAt, double LeaveBelow, int Times);

/// <param name="Route">Its pattern, such as <c>/v1/orders/{id}</c>.</param>
/// <param name="Stays">Whether an answer goes on for as long as the client stays.</param>
public sealed record RouteClass(
    string Method, string Route, [property: JsonConverter(typeof(SnakeCaseEnumConverter<RequestClass>))] RequestClass Class, bool Stays);

public sealed record RouteClassList(IReadOnlyList<RouteClass> Items);

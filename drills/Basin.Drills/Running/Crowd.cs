using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Basin.Drills.Running;

/// <summary>The customers of a plan. Each comes at its moment, and asks under one key until it has an answer or enough.</summary>
internal sealed class Crowd(Stage stage, HttpClient client)
{
    private readonly Manners _manners = stage.Drill.Load.Manners;
    private long _began;

    /// <summary>Who would come later stays at home. Second of the load.</summary>
    public double Until { get; set; } = double.PositiveInfinity;

    private double Now => stage.Time.GetElapsedTime(_began).TotalSeconds;

    /// <summary>Ends when the last customer has gone.</summary>
    /// <param name="began">Timestamp of second 0.</param>
    public async Task ComeAsync(IReadOnlyList<Arrival> plan, long began)
    {
        _began = began;
        var inside = new List<Task>(plan.Count);
        foreach (var arrival in plan)
        {
            if (TimeSpan.FromSeconds(arrival.At - Now) is { Ticks: > 0 } wait)
                await Task.Delay(wait, stage.Time);
            if (arrival.At > Until)
                break;
            inside.Add(VisitAsync(arrival));
        }
        await Task.WhenAll(inside);
    }

    /// <summary>Asks once more, under the same key, what was asked before.</summary>
    /// <returns>Null when it was not answered.</returns>
    public static async Task<string?> RepeatAsync(HttpClient client, Arrival arrival)
    {
        using var request = Shop.RequestOf(arrival);
        using var answer = await client.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
    }

    private async Task VisitAsync(Arrival arrival)
    {
        var answers = new ConcurrentDictionary<string, double>();
        var tries = await Task.WhenAll(Enumerable.Range(0, _manners.Copies).Select(_ => AskUntilAnsweredAsync(arrival, answers)));
        var first = answers.IsEmpty ? null : answers.MinBy(answer => answer.Value).Key;
        var end = answers.IsEmpty ? Now : answers.Values.Min();
        stage.Visits.Add(new Visit(
            arrival, (end - arrival.At) * 1000, tries.Max(), first is not null, first is null ? null : IdIn(arrival, first), [.. answers.Keys]));
    }

    /// <returns>How many tries it took.</returns>
    private async Task<int> AskUntilAnsweredAsync(Arrival arrival, ConcurrentDictionary<string, double> answers)
    {
        for (var tries = 1; ; tries++)
        {
            var (reply, body) = await TryAsync(arrival);
            if (reply == Reply.Done)
                answers.TryAdd(body!, Now);
            if (reply is Reply.Done or Reply.Rejected || Now - arrival.At > _manners.GivesUpAfter.TotalSeconds)
                return tries;
            await Task.Delay(_manners.Pause, stage.Time);
        }
    }

    private async Task<(Reply Reply, string? Body)> TryAsync(Arrival arrival)
    {
        var at = Now;
        using var patience = new CancellationTokenSource(_manners.Patience, stage.Time);
        try
        {
            using var request = Shop.RequestOf(arrival);
            using var answer = await client.SendAsync(request, patience.Token);
            var body = await answer.Content.ReadAsStringAsync(patience.Token);
            var reply = ReplyOf(answer.StatusCode);
            stage.Tries.Add(new Try(arrival.Kind, at, (Now - at) * 1000, reply, (int)answer.StatusCode));
            return (reply, body);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            stage.Tries.Add(new Try(arrival.Kind, at, (Now - at) * 1000, Reply.Silence, 0));
            return (Reply.Silence, null);
        }
    }

    private static Reply ReplyOf(HttpStatusCode status) => (int)status switch
    {
        < 400 => Reply.Done,
        409 or 429 or 503 => Reply.Refused,
        >= 500 => Reply.Error,
        _ => Reply.Rejected,
    };

    private static string? IdIn(Arrival arrival, string answer) => arrival.Kind == Kind.Browse ? null : JsonNode.Parse(answer)?["id"]?.GetValue<string>();
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Basin.Testing;
using Basin.Testing.Contracts;

namespace Basin.Commerce.Tests.StripeDialect;

/// <summary>The table of idempotency, in the dialect of <c>/v1</c> (IETF draft) and in Stripe's, in one transaction and in two.</summary>
public sealed class OnceInBothDialectsTests : IAsyncLifetime
{
    public enum Speech
    {
        /// <summary>POST /v1/pets, JSON.</summary>
        Draft,

        /// <summary>POST /stripe/v1/pets, in one transaction.</summary>
        Stripe,

        /// <summary>POST /stripe/v1/pets with expand: the answer is finished after the transaction.</summary>
        StripeExpanded,

        /// <summary>POST /stripe/v1/slow_pets: begun in one transaction, answered in another.</summary>
        StripeInTwo,
    }

    private TestHost _host = null!;

    private PetShop Shop => _host.Get<PetShop>();

    public async ValueTask InitializeAsync() => _host = await PetShop.OpenAsync(new() { ["Basin:Store:Shards:pets"] = "2" });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    public static TheoryData<Speech> All => [Speech.Draft, Speech.Stripe, Speech.StripeExpanded, Speech.StripeInTwo];

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_first_has_an_effect_and_a_repeat_gets_its_answer_byte_for_byte(Speech speech)
    {
        using var first = await AskAsync(speech, "k", "cat");
        await _host.RestartAsync();
        using var again = await AskAsync(speech, "k", "cat");

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.False(IsReplayed(speech, first));
        Assert.True(IsReplayed(speech, again));
        Assert.Equal(1, await PetShop.CountAsync(_host));
        if (speech == Speech.Draft)
            return;
        Assert.Equal(RequestIdOf(first), Header(first, "Original-Request"));
        Assert.Equal(RequestIdOf(first), Header(again, "Original-Request"));
        Assert.NotEqual(RequestIdOf(first), RequestIdOf(again));
        Assert.Equal("k", Header(again, "Idempotency-Key"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Other_parameters_under_the_key_are_refused(Speech speech)
    {
        using var first = await AskAsync(speech, "k", "cat");
        using var other = await AskAsync(speech, "k", "dog");
        await AssertReusedAsync(speech, other);
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Theory]
    [InlineData(Speech.Stripe, Speech.StripeInTwo)]
    [InlineData(Speech.StripeInTwo, Speech.Stripe)]
    [InlineData(Speech.Stripe, Speech.StripeExpanded)]
    public async Task Another_path_or_other_expansions_under_the_key_are_refused(Speech one, Speech two)
    {
        // The shard is found by the key, so both ask the same one.
        using var first = await AskAsync(one, "k", "cat");
        using var other = await AskAsync(two, "k", "cat");
        await AssertReusedAsync(two, other);
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_repeat_while_the_first_still_runs_is_refused(Speech speech)
    {
        await _host.SettleAsync();
        var gates = new List<Gate>();
        foreach (var shard in Shards)
            gates.Add(await Gate.CloseAsync(shard));
        var first = AskAsync(speech, "k", "cat");
        await Eventually.TrueAsync(() => Shards.Sum(shard => shard.QueuedWrites) == 1);
        using (var second = await AskAsync(speech, "k", "cat"))
        {
            Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
            Assert.NotNull(second.Headers.RetryAfter);
            Assert.Equal(speech == Speech.Draft ? "idempotency_in_flight" : "idempotency_key_in_use", await CodeAsync(speech, second));
            if (speech != Speech.Draft)
                Assert.Equal("true", Header(second, "Stripe-Should-Retry"));
        }
        gates.ForEach(gate => gate.Dispose());
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        using var third = await AskAsync(speech, "k", "cat");
        Assert.True(IsReplayed(speech, third));
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task After_its_time_the_key_is_new(Speech speech)
    {
        using var first = await AskAsync(speech, "k", "cat");
        await _host.AdvanceAsync(TimeSpan.FromHours(24));
        using (var again = await AskAsync(speech, "k", "cat"))
            Assert.True(IsReplayed(speech, again));
        await _host.AdvanceAsync(TimeSpan.FromSeconds(1));
        using (var later = await AskAsync(speech, "k", "dog"))
        {
            Assert.Equal(HttpStatusCode.OK, later.StatusCode);
            Assert.False(IsReplayed(speech, later));
        }
        Assert.Equal(2, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task After_a_500_the_draft_tries_again_and_Stripe_repeats_it(Speech speech)
    {
        Shop.OnWritten = _ => throw new FormatException("unforeseen");
        using var first = await AskAsync(speech, "k", "cat");
        Shop.OnWritten = null;
        using var again = await AskAsync(speech, "k", "cat");

        Assert.Equal(HttpStatusCode.InternalServerError, first.StatusCode);
        Assert.DoesNotContain("unforeseen", await first.Content.ReadAsStringAsync());
        Assert.Equal(speech == Speech.Draft ? HttpStatusCode.OK : HttpStatusCode.InternalServerError, again.StatusCode);
        Assert.Equal(speech != Speech.Draft, IsReplayed(speech, again));
        Assert.Equal(speech == Speech.Draft ? 1 : 0, await PetShop.CountAsync(_host));
        if (speech == Speech.Draft)
            return;
        Assert.Equal("false", Header(first, "Stripe-Should-Retry"));
        Assert.Equal("false", Header(again, "Stripe-Should-Retry"));
        Assert.Equal("api_error", (await ErrorAsync(again))["type"]!.GetValue<string>());
        Assert.Contains(_host.Log.Lines, line => line.Exception is FormatException);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_refusal_is_kept_and_undoes_what_was_written(Speech speech)
    {
        Shop.OnWritten = name => throw new Problem(409, "out_of_pets", $"There is no {name}.").Refusal();
        using var first = await AskAsync(speech, "k", "cat");
        Shop.OnWritten = null;
        using var again = await AskAsync(speech, "k", "cat");
        Assert.Equal(HttpStatusCode.Conflict, first.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("out_of_pets", await CodeAsync(speech, again));
        Assert.True(IsReplayed(speech, again));
        Assert.Equal(0, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_only_the_moment_refuses_is_not_kept(Speech speech)
    {
        Action<string>[] failures =
        [
            _ => throw KernelProblems.SystemUnavailable.Refusal(),
            _ => throw new Problem(503, "later", "Later.").Refusal(),
            _ => throw new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, "full"),
        ];
        for (var i = 0; i < failures.Length; i++)
        {
            Shop.OnWritten = failures[i];
            using (var failed = await AskAsync(speech, $"k{i}", "cat"))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
                if (speech != Speech.Draft)
                    Assert.Equal("true", Header(failed, "Stripe-Should-Retry"));
            }
            Shop.OnWritten = null;
            using var again = await AskAsync(speech, $"k{i}", "cat");
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        }
        Assert.Equal(failures.Length, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_is_malformed_is_refused_before_it_begins_and_not_kept(Speech speech)
    {
        using (var malformed = speech == Speech.Draft ? await _host.Client.SendAsync(Draft("k", null)) : await AskAsync(speech, "k", ""))
            Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        using var right = await AskAsync(speech, "k", "cat");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_key_belongs_to_one_caller(Speech speech)
    {
        using var first = await AskAsync(speech, "k", "cat");
        using var other = await AskAsync(speech, "k", "cat", _host.ClientOf(TestHost.DefaultCaller with { Subject = "somebody_else" }));
        Assert.False(IsReplayed(speech, other));
        Assert.Equal(2, await PetShop.CountAsync(_host));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Fifty_at_once_have_one_effect(Speech speech)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AskAsync(speech, "same", "cat")));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict));
        var bodies = await Task.WhenAll(answers.Where(a => a.StatusCode == HttpStatusCode.OK).Select(a => a.Content.ReadAsStringAsync()));
        Assert.Single(bodies.Distinct());
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task Keys_of_the_two_dialects_do_not_meet()
    {
        foreach (var speech in (Speech[])[Speech.Draft, Speech.Stripe])
        {
            using var answer = await AskAsync(speech, "k", "cat");
            Assert.False(IsReplayed(speech, answer));
        }
        Assert.Equal(2, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task Only_POST_reads_the_key()
    {
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, "/stripe/v1/pets/pet_1");
            request.Headers.Add(Once.Header, "k");
            using var answer = await _host.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Original-Request"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\tinside")]
    [InlineData("long")]
    public async Task A_key_that_is_garbage_is_refused(string key)
    {
        using var answer = await AskAsync(Speech.Stripe, key == "long" ? new string('k', 256) : key, "cat");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(0, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task An_error_that_is_returned_keeps_what_was_written()
    {
        using var first = await AskAsync(Speech.Stripe, "k", "dragon");
        using var again = await AskAsync(Speech.Stripe, "k", "dragon");
        Assert.Equal([HttpStatusCode.PaymentRequired, HttpStatusCode.PaymentRequired], [first.StatusCode, again.StatusCode]);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task What_was_begun_before_the_process_died_is_finished_by_a_repeat_and_never_begun_again()
    {
        Shop.OnFinish = cancelled => new TaskCompletionSource().Task.WaitAsync(cancelled);
        using (var patience = new CancellationTokenSource())
        {
            var dying = AskAsync(Speech.StripeInTwo, "k", "cat", cancellation: patience.Token);
            await Eventually.TrueAsync(() => Volatile.Read(ref Shop.Finished) == 1);
            using (var second = await AskAsync(Speech.StripeInTwo, "k", "cat"))
                Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dying);
        }
        await _host.RestartAsync();

        using var finished = await AskAsync(Speech.StripeInTwo, "k", "cat");
        using var again = await AskAsync(Speech.StripeInTwo, "k", "cat");
        using var other = await AskAsync(Speech.StripeInTwo, "k", "dog");
        Assert.Equal(HttpStatusCode.OK, finished.StatusCode);
        Assert.False(IsReplayed(Speech.StripeInTwo, finished));
        Assert.True(IsReplayed(Speech.StripeInTwo, again));
        Assert.Equal(await finished.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        await AssertReusedAsync(Speech.StripeInTwo, other);
        Assert.Equal((0, 1), (Shop.Begun, Shop.Finished));
        Assert.Equal(1, await PetShop.CountAsync(_host));
    }

    [Fact]
    public async Task A_failure_of_the_second_half_is_kept_and_one_of_the_moment_goes_on()
    {
        Shop.OnFinish = _ => throw new FormatException("unforeseen");
        using var failed = await AskAsync(Speech.StripeInTwo, "a", "cat");
        Shop.OnFinish = _ => throw KernelProblems.SystemUnavailable.Refusal();
        using var away = await AskAsync(Speech.StripeInTwo, "b", "cat");
        Shop.OnFinish = null;
        using var failedAgain = await AskAsync(Speech.StripeInTwo, "a", "cat");
        using var back = await AskAsync(Speech.StripeInTwo, "b", "cat");
        Assert.Equal(
            [HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError, HttpStatusCode.OK],
            [failed.StatusCode, away.StatusCode, failedAgain.StatusCode, back.StatusCode]);
        Assert.Equal(2, Shop.Begun);
        Assert.Equal(2, await PetShop.CountAsync(_host));
    }

    private IReadOnlyList<Shard> Shards => _host.StoreOf(PetShop.Name).Shards;

    private async Task<HttpResponseMessage> AskAsync(
        Speech speech, string key, string name, HttpClient? client = null, CancellationToken cancellation = default)
    {
        using var request = speech == Speech.Draft ? Draft(key, name) : Stripe(speech, key, name);
        return await (client ?? _host.Client).SendAsync(request, cancellation);
    }

    private static HttpRequestMessage Draft(string key, string? name) => WithKey(
        new HttpRequestMessage(HttpMethod.Post, "/v1/pets") { Content = JsonContent.Create(new JsonObject { ["name"] = name }) }, key);

    private static HttpRequestMessage Stripe(Speech speech, string key, string name)
    {
        var path = speech == Speech.StripeInTwo ? "/stripe/v1/slow_pets" : "/stripe/v1/pets";
        List<KeyValuePair<string, string>> form = [new("name", name)];
        if (speech == Speech.StripeExpanded)
            form.AddRange([new("owner", "own_1"), new("expand[]", "owner")]);
        return WithKey(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form) }, key);
    }

    private static HttpRequestMessage WithKey(HttpRequestMessage request, string key)
    {
        request.Headers.TryAddWithoutValidation(Once.Header, key);
        return request;
    }

    private static bool IsReplayed(Speech speech, HttpResponseMessage answer) =>
        answer.Headers.Contains(speech == Speech.Draft ? "Idempotency-Replayed" : "Idempotent-Replayed");

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;

    private static string? RequestIdOf(HttpResponseMessage answer) => Header(answer, "Request-Id");

    private static async Task<JsonNode> ErrorAsync(HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"]!;

    private static async Task<string?> CodeAsync(Speech speech, HttpResponseMessage answer) =>
        (speech == Speech.Draft ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())! : await ErrorAsync(answer))["code"]?.GetValue<string>();

    private static async Task AssertReusedAsync(Speech speech, HttpResponseMessage answer)
    {
        if (speech == Speech.Draft)
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            Assert.Equal("idempotency_key_reused", await CodeAsync(speech, answer));
            return;
        }
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await ErrorAsync(answer);
        Assert.Equal("idempotency_error", error["type"]!.GetValue<string>());
        Assert.Contains("'k'", error["message"]!.GetValue<string>());
        Assert.False(IsReplayed(speech, answer));
    }
}

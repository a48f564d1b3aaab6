using System.Security.Cryptography;
using System.Text;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Basin.Testing;
using Basin.Vault;
using Basin.Vault.Keys;

namespace Basin.Commerce.Tests.Vault;

/// <summary>Data keys: how they change, and what they protect from.</summary>
public sealed class RotationTests
{
    private static readonly string[] Numbers = ["4242424242424242", "5555555555554444", "378282246310005", "6011000990139424", "36227206271667"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_has_sealed_enough_is_followed_by_another()
    {
        await using var vault = await VaultHost.StartAsync(new() { ["Basin:Vault:MaxEncryptionsPerKey"] = "5" });

        var cards = await KeepAsync(vault, 5);

        Assert.Equal([4, 4, 2], (await OverviewAsync(vault)).Keys.Where(key => !IsOfFingerprints(key)).Select(key => key.Key.Encryptions));
        await AssertWholeAsync(vault, cards);
    }

    [Fact]
    public async Task A_rotation_seals_all_cards_anew_and_deletes_the_keys_before()
    {
        await using var vault = await VaultHost.StartAsync(new() { ["Basin:Vault:MaxEncryptionsPerKey"] = "200" });
        var cards = await KeepAsync(vault, 250);
        await vault.Door.EraseAsync(VaultHost.Tenant, cards[7].Card.Id, Cancelled);
        var before = await OverviewAsync(vault);

        var rotation = await RotateAsync(vault);
        var same = await RotateAsync(vault);
        vault.Host.Clock.Jump(TimeSpan.FromSeconds(1));
        // Housekeeping has no queue by which it could be seen that it is about to begin.
        await Eventually.TrueAsync(async () => (await OverviewAsync(vault)).Rotations[0].EndedAt is not null);

        Assert.Equal(rotation, same);
        var after = await OverviewAsync(vault);
        Assert.Empty(before.Keys.Select(key => key.Key.Id).Intersect(CardKeysOf(after)));
        Assert.Equal(249, after.Keys.Sum(key => key.Cards));
        Assert.Equal(before.Keys.Single(IsOfFingerprints).Key.Wrapped, after.Keys.Single(IsOfFingerprints).Key.Wrapped);
        Assert.All(after.Keys, key => Assert.InRange(key.Key.Encryptions, 0, 200));
        var ended = Assert.Single(after.Rotations);
        Assert.Equal((249, 249, vault.Host.Time.GetUtcNow()), (ended.Cards, ended.Resealed, ended.EndedAt));
        cards.RemoveAt(7);
        await AssertWholeAsync(vault, cards);
        Assert.NotEqual(rotation.Id, (await RotateAsync(vault)).Id);
    }

    [Fact]
    public async Task A_rotation_goes_on_where_a_restart_has_interrupted_it()
    {
        await using var vault = await VaultHost.StartAsync();
        var cards = await KeepAsync(vault, 250);
        await RotateAsync(vault);
        Assert.True(await StepAsync(vault));
        Assert.Equal(2, (await OverviewAsync(vault)).Keys.Count(key => key.Cards > 0));

        await vault.Host.RestartAsync();
        await vault.Host.SettleAsync();

        var after = await OverviewAsync(vault);
        Assert.Equal((250, true), (after.Rotations[0].Resealed, after.Rotations[0].EndedAt is not null));
        Assert.Single(CardKeysOf(after));
        await AssertWholeAsync(vault, cards);
    }

    [Fact]
    public async Task A_rotation_disturbs_nobody_and_loses_nothing()
    {
        await using var vault = await VaultHost.StartAsync();
        var cards = await KeepAsync(vault, 300);
        var added = new System.Collections.Concurrent.ConcurrentBag<(Card, string)>();
        var isDone = false;
        var writers = Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                while (!Volatile.Read(ref isDone))
                {
                    foreach (var number in Numbers)
                        added.Add((await vault.KeepAsync(number), number));
                }
            },
            Cancelled));
        var readers = Enumerable.Range(0, 3).Select(reader => Task.Run(
            async () =>
            {
                for (var i = reader; i < cards.Count; i += 3)
                {
                    Assert.Equal(cards[i].Number, await vault.NumberOfAsync(cards[i].Card.Id));
                    Assert.Equal(cards[i].Card, await vault.Door.FindCardAsync(VaultHost.Tenant, cards[i].Card.Id, Cancelled));
                }
            },
            Cancelled));
        var eraser = Task.Run(
            async () =>
            {
                foreach (var (card, _) in await KeepAsync(vault, 50))
                    await vault.Door.EraseAsync(VaultHost.Tenant, card.Id, Cancelled);
            },
            Cancelled);
        Task[] load = [.. readers, eraser];
        Task[] open = [.. writers];

        for (var rotations = 0; rotations < 3 || !Task.WhenAll(load).IsCompleted; rotations++)
        {
            await RotateAsync(vault);
            while (await StepAsync(vault))
            {
            }
        }
        Volatile.Write(ref isDone, true);
        await Task.WhenAll([.. load, .. open]);

        await RotateAsync(vault);
        while (await StepAsync(vault))
        {
        }
        Assert.Single(CardKeysOf(await OverviewAsync(vault)));
        Assert.Equal(cards.Count + added.Count, await vault.CountAsync("card", "erased_at IS NULL"));
        vault.Provider.Told.Clear();
        await vault.ExecuteAsync("DELETE FROM provider_token");
        await AssertWholeAsync(vault, [.. cards, .. added]);
    }

    [Theory]
    [InlineData("number", "holder")]
    [InlineData("number", "number")]
    [InlineData("holder", "holder")]
    public async Task What_is_sealed_for_one_card_opens_for_no_other(string from, string to)
    {
        await using var vault = await VaultHost.StartAsync();
        var (mine, theirs) = (await vault.KeepAsync(), await vault.KeepAsync("5555555555554444"));
        var into = from == to ? mine : theirs;

        await vault.ExecuteAsync(
            $"UPDATE card SET {to} = (SELECT c.{from} FROM card c WHERE c.id = $1) WHERE id = $2", theirs.Id.Value, into.Id.Value);

        await Assert.ThrowsAnyAsync<CryptographicException>(async () =>
        {
            await vault.Door.FindCardAsync(VaultHost.Tenant, into.Id, Cancelled);
            await vault.NumberOfAsync(into.Id);
        });
        Assert.DoesNotContain("5555555555554444", vault.Provider.Told.Values);
    }

    [Fact]
    public async Task A_card_that_is_put_into_another_tenant_does_not_open_there()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();

        await vault.ExecuteAsync("UPDATE card SET tenant = 77 WHERE id = $1", card.Id.Value);

        await Assert.ThrowsAnyAsync<CryptographicException>(() => vault.NumberOfAsync(card.Id, new(77)));
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await vault.Door.FindCardAsync(new(77), card.Id, Cancelled));
    }

    [Fact]
    public async Task A_key_does_not_open_under_another_name_or_for_another_purpose()
    {
        await using var vault = await VaultHost.StartAsync();
        var card = await vault.KeepAsync();

        await vault.ExecuteAsync("UPDATE data_key SET purpose = 1 - purpose");

        await Assert.ThrowsAnyAsync<CryptographicException>(() => vault.NumberOfAsync(card.Id));
    }

    [Fact]
    public void A_single_changed_bit_keeps_a_box_shut()
    {
        var key = RandomNumberGenerator.GetBytes(Box.KeyBytes);
        var box = Box.Seal(key, "4242"u8, "about"u8);
        Assert.Equal("4242"u8, Box.Open(key, box, "about"u8));
        Assert.NotEqual(box, Box.Seal(key, "4242"u8, "about"u8));

        for (var bit = 0; bit < box.Length * 8; bit++)
        {
            var changed = (byte[])box.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => Box.Open(key, changed, "about"u8));
        }
        for (var length = 0; length < box.Length; length++)
            Assert.ThrowsAny<CryptographicException>(() => Box.Open(key, box.AsSpan(0, length), "about"u8));
    }

    [Fact]
    public async Task No_number_no_holder_and_no_key_is_stored_in_any_readable_form()
    {
        const string Number = "6011000990139424";
        await using var vault = await VaultHost.StartAsync();
        var card = VaultHost.Typed(Number, name: "Adelheid Kellermann");
        var token = (await vault.AskAsync(card, "key")).Value!;
        await vault.RedeemAsync(token.Id, "pm_1");
        await vault.NumberOfAsync(token.Card.Id);
        await RotateAsync(vault);
        while (await StepAsync(vault))
        {
        }
        var roots = vault.Host.Get<VaultKeys>().Roots.Current.Bytes;
        using var dataKey = (await OverviewAsync(vault)).Keys.Single(key => key.Cards == 1).Key.Unwrap(vault.Host.Get<VaultKeys>().Roots);
        byte[][] secrets =
        [
            Encoding.ASCII.GetBytes(Number), Encoding.Unicode.GetBytes(Number), Encoding.BigEndianUnicode.GetBytes(Number),
            Convert.FromHexString(Number), BitConverter.GetBytes(long.Parse(Number)), [.. BitConverter.GetBytes(long.Parse(Number)).Reverse()],
            SHA256.HashData(Encoding.ASCII.GetBytes(Number)), "Kellermann"u8.ToArray(), "Lindenstrasse"u8.ToArray(), roots, dataKey.Bytes.ToArray(),
        ];

        Assert.Contains("vault", await vault.Host.StoringAsync("9424"));
        await AssertNowhereAsync(vault, secrets);
        if (TestBackend.OfRun == Backend.Sqlite)
        {
            // Now the log is folded in.
            await vault.Host.StopAsync();
            await AssertNowhereAsync(vault, secrets);
        }
        Assert.DoesNotContain(vault.Host.Log.Lines, line => line.ToString().Contains(Number, StringComparison.Ordinal));
    }

    private static async Task AssertNowhereAsync(VaultHost vault, byte[][] secrets)
    {
        var isPostgres = TestBackend.OfRun == Backend.Postgres;
        foreach (var secret in secrets)
        {
            var texts = new List<string> { Convert.ToHexStringLower(secret), Convert.ToHexString(secret) };
            // What is in the middle of a longer base64 begins at one of three places.
            texts.AddRange(Enumerable.Range(0, 3).Select(shift => Convert.ToBase64String([.. new byte[shift], .. secret])[(shift == 0 ? 0 : 4)..^4]));
            if (!isPostgres)
                texts.Add(Encoding.Latin1.GetString(secret));
            else if (Array.TrueForAll(secret, letter => letter is > 0 and < 128))
                texts.Add(Encoding.ASCII.GetString(secret));
            foreach (var text in texts)
                Assert.Empty((await vault.Host.StoringAsync(text)).Except(["vault-keys"]));
        }
    }

    private static bool IsOfFingerprints(KeyUse key) => key.Key.Purpose == KeyPurpose.Fingerprints;

    private static IEnumerable<Kernel.Ids.Id<DataKey>> CardKeysOf(VaultOverview overview) =>
        overview.Keys.Where(key => !IsOfFingerprints(key)).Select(key => key.Key.Id);

    private static async Task<List<(Card Card, string Number)>> KeepAsync(VaultHost vault, int count)
    {
        var numbers = Enumerable.Range(0, count).Select(i => Numbers[i % Numbers.Length]);
        return [.. await Task.WhenAll(numbers.Select(async number => (await vault.KeepAsync(number), number)))];
    }

    private static async Task AssertWholeAsync(VaultHost vault, IEnumerable<(Card Card, string Number)> cards)
    {
        foreach (var (card, number) in cards)
        {
            Assert.Equal(number, await vault.NumberOfAsync(card.Id));
            Assert.Equal(card, await vault.Door.FindCardAsync(VaultHost.Tenant, card.Id, Cancelled));
        }
    }

    private static ValueTask<VaultOverview> OverviewAsync(VaultHost vault) => vault.Vault.ShowAsync(VaultHost.Tenant, 10, Cancelled);

    private static Task<bool> StepAsync(VaultHost vault) =>
        vault.Store.WriteAsync(ShardKey.First, tx => vault.Vault.ResealAsync(tx), Cancelled);

    private static async Task<Rotation> RotateAsync(VaultHost vault)
    {
        var caller = TestHost.DefaultCaller with { Tenant = vault.Host.Get<Kernel.Tenancy.Tenants>().Main };
        var answer = await vault.Vault.RotateAsync(caller, vault.Host.Get<OnceRegistry>().For(caller, null, "rotate"), Cancelled);
        return answer.Value!;
    }
}

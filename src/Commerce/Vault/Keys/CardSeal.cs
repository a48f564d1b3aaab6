using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Vault.Keys;

/// <summary>What is secret of a card, as it is stored: its number with the expiry, and apart its holder, so that a look at them opens no number.</summary>
internal sealed record SealedCard(Id<DataKey> Key, byte[] Number, byte[]? Holder)
{
    /// <summary>How many boxes that is.</summary>
    public int Boxes => Holder is null ? 1 : 2;
}

/// <summary>Seals cards and opens them. Each box is about one part of one card of one tenant, under one key.</summary>
internal static class CardSeal
{
    private const string NumberPart = "number";
    private const string HolderPart = "holder";

    public static int BoxesOf(NewCard card) => card.Holder is null ? 1 : 2;

    public static SealedCard Seal(RootKeys roots, DataKey key, Id<Tenant> tenant, Id<Card> id, NewCard card)
    {
        using var open = key.Unwrap(roots);
        var number = Encoding.ASCII.GetBytes($"{card.Number.Reveal()}/{card.ExpMonth}/{card.FullYear}");
        var sealedNumber = Box.Seal(open.Bytes, number, About(NumberPart, tenant, id, key.Id));
        CryptographicOperations.ZeroMemory(number);
        var holder = card.Holder is null ? null : JsonSerializer.SerializeToUtf8Bytes(card.Holder, HolderJson.Default.CardHolder);
        return new SealedCard(key.Id, sealedNumber, holder is null ? null : Box.Seal(open.Bytes, holder, About(HolderPart, tenant, id, key.Id)));
    }

    /// <exception cref="CryptographicException">The boxes are not those of this card under this key.</exception>
    public static CardHolder OpenHolder(RootKeys roots, DataKey key, Id<Tenant> tenant, Id<Card> id, byte[] holder)
    {
        using var open = key.Unwrap(roots);
        return JsonSerializer.Deserialize(Box.Open(open.Bytes, holder, About(HolderPart, tenant, id, key.Id)), HolderJson.Default.CardHolder)!;
    }

    /// <inheritdoc cref="OpenHolder"/>
    public static CardDetails Open(RootKeys roots, DataKey key, Id<Tenant> tenant, Id<Card> id, SealedCard card)
    {
        using var open = key.Unwrap(roots);
        var text = Box.Open(open.Bytes, card.Number, About(NumberPart, tenant, id, key.Id));
        var parts = Encoding.ASCII.GetString(text).Split('/');
        CryptographicOperations.ZeroMemory(text);
        return new CardDetails(
            CardNumber.Of(parts[0]), int.Parse(parts[1]), int.Parse(parts[2]),
            card.Holder is null ? null : OpenHolder(roots, key, tenant, id, card.Holder));
    }

    /// <summary>The same under another key.</summary>
    /// <inheritdoc cref="OpenHolder"/>
    public static SealedCard Reseal(RootKeys roots, DataKey from, DataKey to, Id<Tenant> tenant, Id<Card> id, SealedCard card)
    {
        using var open = from.Unwrap(roots);
        using var next = to.Unwrap(roots);
        return new SealedCard(to.Id, ResealPart(card.Number, NumberPart), card.Holder is null ? null : ResealPart(card.Holder, HolderPart));

        byte[] ResealPart(byte[] box, string part)
        {
            var text = Box.Open(open.Bytes, box, About(part, tenant, id, from.Id));
            var again = Box.Seal(next.Bytes, text, About(part, tenant, id, to.Id));
            CryptographicOperations.ZeroMemory(text);
            return again;
        }
    }

    private static byte[] About(string part, Id<Tenant> tenant, Id<Card> card, Id<DataKey> key) =>
        Encoding.UTF8.GetBytes($"card {part} {tenant.Value} {card.Value} {key.Value}");
}

[JsonSerializable(typeof(CardHolder))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class HolderJson : JsonSerializerContext;

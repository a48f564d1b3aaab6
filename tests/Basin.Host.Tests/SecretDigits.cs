using System.Buffers.Binary;
using System.Text;

namespace Basin.Host.Tests;

/// <summary>Digits that must be nowhere, and all the forms in which they could be somewhere.</summary>
/// <param name="Use">How they were used.</param>
internal sealed record SecretDigits(string Digits, string Use)
{
    /// <summary>A card number of 16 digits that has not been used before, with the check digit of ISO/IEC 7812-1.</summary>
    /// <param name="count">Tells one from another.</param>
    public static SecretDigits CardOf(int count, string use)
    {
        var digits = $"4731952084{count:00000}";
        var sum = digits.Reverse().Select((digit, i) => (digit - '0') * (2 - (i % 2))).Sum(product => (product / 10) + (product % 10));
        return new SecretDigits($"{digits}{(10 - (sum % 10)) % 10}", use);
    }

    /// <summary>What is looked for.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Forms =>
    [
        ("digits", Encoding.ASCII.GetBytes(Digits)),
        ("groups with spaces", Encoding.ASCII.GetBytes(Grouped(" "))),
        ("groups with dashes", Encoding.ASCII.GetBytes(Grouped("-"))),
        ("groups in a form", Encoding.ASCII.GetBytes(Grouped("+"))),
        ("groups in an address", Encoding.ASCII.GetBytes(Grouped("%20"))),
        ("UTF-16", Encoding.Unicode.GetBytes(Digits)),
        ("UTF-16, big endian", Encoding.BigEndianUnicode.GetBytes(Digits)),
        .. Enumerable.Range(0, 3).Select(offset => ("base64", Base64At(offset))),
        ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Digits)))),
        ("packed decimal", Convert.FromHexString(Digits.Length % 2 == 0 ? Digits : $"{Digits}F")),
        ("packed decimal, moved by a digit", Convert.FromHexString(Digits[1..^(Digits.Length % 2 == 0 ? 1 : 0)])),
        ("a number", NumberOf(BinaryPrimitives.WriteInt64BigEndian)[1..]),
        ("a number, little endian", NumberOf(BinaryPrimitives.WriteInt64LittleEndian)[..^1]),
        ("backwards", Encoding.ASCII.GetBytes([.. Digits.Reverse()])),
    ];

    private string Grouped(string separator) => string.Join(separator, Digits.Chunk(4).Select(group => new string(group)));

    /// <summary>As base64 where so many bytes come before it; without the characters that other bytes have a part in.</summary>
    private byte[] Base64At(int offset)
    {
        var text = Convert.ToBase64String([.. new byte[offset], .. Encoding.ASCII.GetBytes(Digits)]);
        var end = (offset + Digits.Length) * 8 / 6;
        return Encoding.ASCII.GetBytes(text[(((offset * 8) + 5) / 6)..end]);
    }

    private delegate void Write(Span<byte> bytes, long number);

    private byte[] NumberOf(Write write)
    {
        var bytes = new byte[sizeof(long)];
        write(bytes, long.Parse(Digits));
        return bytes;
    }

    public override string ToString() => $"{Digits} ({Use})";
}

/// <summary>
/// Looks for many secrets at once: those of a family differ in a few digits, so that each form of it is one search for what they have in common.
/// </summary>
internal sealed class SecretSearch(IEnumerable<SecretDigits> secrets)
{
    private readonly List<Family> _families =
    [
        .. secrets.GroupBy(secret => (secret.Digits[..6], secret.Digits.Length)).SelectMany(family => family
            .SelectMany(secret => secret.Forms.Select((form, i) => (Number: i, Wanted: new Wanted(form.Bytes, $"{secret}: {form.Name}"))))
            .GroupBy(each => each.Number, each => each.Wanted)
            .Select(form => new Family([.. form]))),
    ];

    /// <summary>What is there, and in which form.</summary>
    public IEnumerable<string> FindIn(byte[] bytes) => _families.SelectMany(family => family.FindIn(bytes)).Distinct();

    private sealed record Wanted(byte[] Bytes, string Name);

    private sealed class Family
    {
        private readonly List<Wanted> _wanted;
        private readonly byte[] _common;

        /// <summary>Where what they have in common is in each of them.</summary>
        private readonly int _place;

        public Family(List<Wanted> wanted)
        {
            _wanted = wanted;
            var first = wanted[0].Bytes;
            var begin = wanted.Min(each => first.AsSpan().CommonPrefixLength(each.Bytes));
            var end = wanted.Min(each => CommonEnd(first, each.Bytes));
            (_common, _place) = begin >= end ? (first[..begin], 0) : (first[^end..], first.Length - end);
        }

        public IEnumerable<string> FindIn(byte[] bytes)
        {
            for (var at = 0; ; at++)
            {
                var next = bytes.AsSpan(at).IndexOf(_common);
                if (next < 0)
                    yield break;
                at += next;
                var begin = at - _place;
                foreach (var wanted in _wanted)
                {
                    if (begin >= 0 && bytes.AsSpan(begin).StartsWith(wanted.Bytes))
                        yield return wanted.Name;
                }
            }
        }

        private static int CommonEnd(byte[] one, byte[] other) => one.Zip(other).Reverse().TakeWhile(pair => pair.First == pair.Second).Count();
    }
}

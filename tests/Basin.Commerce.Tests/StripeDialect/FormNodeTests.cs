using System.Text;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.StripeDialect;

namespace Basin.Commerce.Tests.StripeDialect;

public sealed class FormNodeTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a=b", "a=b")]
    [InlineData("a", "a=")]
    [InlineData("&a=b&&c=d&", "a=b&c=d")]
    [InlineData("b=1&a=2", "a=2&b=1")]
    [InlineData("a[b]=c&a[d][e]=f", "a[b]=c&a[d][e]=f")]
    [InlineData("a%5Bb%5D=c", "a[b]=c")]
    [InlineData("a[]=x&a[]=y", "a[0]=x&a[1]=y")]
    [InlineData("a[1]=y&a[0]=x", "a[0]=x&a[1]=y")]
    [InlineData("a[][k]=1&a[][l]=2&a[][k]=3", "a[0][k]=1&a[0][l]=2&a[1][k]=3")]
    [InlineData("a[0]=x&a[1][k]=v", "a[0]=x&a[1][k]=v")]
    [InlineData("a=b+c%20d%2B", "a=b c d+")]
    [InlineData("a=%C3%A9%F0%9F%98%80", "a=é😀")]
    [InlineData("a==b", "a==b")]
    public void A_form_becomes_a_tree(string form, string expected) =>
        Assert.Equal(expected, Uri.UnescapeDataString(Parse(form).Encode()));

    [Fact]
    public void What_stands_in_for_a_secret_takes_its_place_in_the_one_order() => Assert.Equal(
        "card[cvc]=&card[number]=fingerprint",
        Uri.UnescapeDataString(Parse("card[number]=4242&card[cvc]=123").Encode(
            new Dictionary<string, string> { ["card[number]"] = "fingerprint", ["card[cvc]"] = "", ["card[other]"] = "x" })));

    [Theory]
    [InlineData("a=1&a=2", "a")]
    [InlineData("a=1&a[b]=2", "a[b]")]
    [InlineData("a[b]=1&a=2", "a")]
    [InlineData("a[]=1&a[b]=2", "a[b]")]
    [InlineData("a[b]=1&a[]=2", "a[]")]
    [InlineData("a[b]=1&a[b]=2", "a[b]")]
    [InlineData("a=%", "a")]
    [InlineData("a=%4", "a")]
    [InlineData("a=%zz", "a")]
    [InlineData("a=%ff", "a")]
    [InlineData("a=%ED%A0%80", "a")]
    [InlineData("a=b%00c", "a")]
    [InlineData("=b", "")]
    [InlineData("[a]=b", "[a]")]
    [InlineData("a]=b", "a]")]
    [InlineData("a[=b", "a[")]
    [InlineData("a[b=c", "a[b")]
    [InlineData("a[b]c=d", "a[b]c")]
    [InlineData("a[b[c]]=d", "a[b[c]]")]
    [InlineData("a[b][c][d][e][f][g][h][i]=j", "a[b][c][d][e][f][g][h][i]")]
    [InlineData("%ff=1", null)]
    [InlineData("a%00=1", null)]
    public void What_is_no_form_is_refused_with_its_parameter(string form, string? param) => Assert.Equal(param, RefusalOf(form).Param);

    [Fact]
    public void Limits_are_kept()
    {
        Assert.Equal(FormNode.MaxParameters, Parse(Many(FormNode.MaxParameters)).Members.Count);
        Assert.Contains("1000", RefusalOf(Many(FormNode.MaxParameters + 1)).Message);
        var value = new string('v', FormNode.MaxValueLength);
        Assert.Equal(value, Parse($"a={value}").Members["a"].Text);
        Assert.Equal("a", RefusalOf($"a={value}v").Param);
        var name = new string('n', FormNode.MaxNameLength);
        Assert.Single(Parse($"{name}=1").Members);
        Assert.Contains("500", RefusalOf($"{name}n=1").Message);
        Assert.Single(Parse("a[b][c][d][e][f][g][h]=8").Members);
    }

    [Fact]
    public void No_input_does_anything_but_parse_or_be_refused_and_what_parses_is_the_same_when_it_is_encoded()
    {
        var chance = new Randomness(77);
        var parsed = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var form = Garbage(chance);
            FormNode tree;
            try
            {
                tree = FormNode.Parse(form);
            }
            catch (ProblemException refusal)
            {
                Assert.IsType<StripeError>(refusal.Problem);
                continue;
            }
            parsed++;
            AssertSame(tree, FormNode.Parse(Encoding.UTF8.GetBytes(tree.Encode())));
        }
        Assert.InRange(parsed, 1_000, 49_000);
    }

    [Fact]
    public void A_tree_that_is_encoded_and_parsed_is_the_same()
    {
        var chance = new Randomness(78);
        for (var i = 0; i < 2_000; i++)
        {
            var pairs = new List<string>();
            Grow(chance, Name(chance), 1, pairs);
            var tree = Parse(string.Join('&', pairs));
            Assert.Equal(pairs.Count, Leaves(tree).Count());
            AssertSame(tree, Parse(tree.Encode()));
        }
    }

    private static void Grow(Randomness chance, string path, int depth, List<string> pairs)
    {
        var members = depth == FormNode.MaxDepth ? 0 : chance.Next(4);
        if (members == 0)
            pairs.Add($"{Uri.EscapeDataString(path)}={Uri.EscapeDataString(Name(chance))}");
        for (var i = 0; i < members; i++)
            Grow(chance, $"{path}[{(chance.Next(2) == 0 ? $"{i}" : $"{i}{Name(chance)}")}]", depth + 1, pairs);
    }

    private static string Name(Randomness chance) =>
        string.Concat(Enumerable.Range(0, 1 + chance.Next(4)).Select(_ => "ab&=%+ é😀\"\\./?#".EnumerateRunes().ElementAt(chance.Next(15))));

    private static byte[] Garbage(Randomness chance)
    {
        var alphabet = "aaabc[[]]==&&%%+012345fF\0\u00e9 "u8.ToArray();
        var length = chance.Next(24);
        return [.. Enumerable.Range(0, length).Select(_ => chance.Next(50) == 0 ? (byte)chance.Next(256) : alphabet[chance.Next(alphabet.Length)])];
    }

    private static void AssertSame(FormNode expected, FormNode actual)
    {
        Assert.Equal((expected.Path, expected.Text), (actual.Path, actual.Text));
        Assert.Equal(expected.Members.Keys.Order(StringComparer.Ordinal), actual.Members.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, member) in expected.Members)
            AssertSame(member, actual.Members[name]);
    }

    private static IEnumerable<FormNode> Leaves(FormNode node) => node.Text is not null ? [node] : node.Members.Values.SelectMany(Leaves);

    private static string Many(int count) => string.Join('&', Enumerable.Range(0, count).Select(i => $"p{i}={i}"));

    private static FormNode Parse(string form) => FormNode.Parse(Encoding.UTF8.GetBytes(form));

    private static StripeError RefusalOf(string form)
    {
        var error = Assert.IsType<StripeError>(Assert.Throws<ProblemException>(() => Parse(form)).Problem);
        Assert.Equal((400, StripeError.InvalidRequest), (error.Status, error.Type));
        return error;
    }
}

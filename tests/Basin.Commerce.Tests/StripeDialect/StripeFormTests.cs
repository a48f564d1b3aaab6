using System.Text;
using Basin.Kernel.Http;
using Basin.StripeDialect;

namespace Basin.Commerce.Tests.StripeDialect;

public sealed class StripeFormTests
{
    private enum Method
    {
        Automatic,
        AutomaticAsync,
        Manual,
    }

    public static TheoryData<string, string, string?, string?, string> Refusals => new()
    {
        { "amount", "", "parameter_missing", "amount", "Missing required param: amount." },
        { "amount", "amount=", "parameter_invalid_empty", "amount", "empty string for 'amount'" },
        { "amount", "amount=abc", "parameter_invalid_integer", "amount", "Invalid integer: abc" },
        { "amount", "amount=1.5", "parameter_invalid_integer", "amount", "Invalid integer: 1.5" },
        { "amount", "amount=99999999999999999999", "parameter_invalid_integer", "amount", "Invalid integer: (hidden)" },
        { "amount", "amount=0", "parameter_invalid_integer", "amount", "This value must be greater than or equal to 1." },
        { "amount", "amount=100000000", "amount_too_large", "amount", "Amount must be no more than 99999999" },
        { "amount", "amount[a]=1", null, "amount", "Invalid string" },
        { "limit", "limit=101", "parameter_invalid_integer", "limit", "less than or equal to 100 (it currently is '101')" },
        { "currency", "currency=xyz", null, "currency", "Invalid currency: xyz" },
        { "flag", "flag=1", null, "flag", "Invalid boolean: 1" },
        { "time", "time=-1", "parameter_invalid_integer", "time", "greater than or equal to 0" },
        { "mode", "mode=x", null, "mode", "Invalid mode: must be one of fast or slow" },
        { "method", "method=x", null, "method", "Invalid method: must be one of automatic, automatic_async, or manual" },
        { "method", "method=AutomaticAsync", null, "method", "Invalid method" },
        { "text", "text=12345678901", "parameter_invalid_string_too_long", "text", "at most 10" },
        { "card", "card=4242", null, "card", "Invalid object" },
        { "card", "card[x]=1", "parameter_missing", "card[number]", "Missing required param: card[number]." },
        { "card", "card[number]=1&card[x]=2", "parameter_unknown", "card[x]", "Received unknown parameter: card[x]" },
        { "card", "card[number]=1&a=1&b[c]=2", "parameter_unknown", "a", "Received unknown parameters: a, b" },
        { "items", "items[0][price]=1&items[2][price]=1", null, "items", "Invalid array" },
        { "items", "items[a][price]=1", null, "items", "Invalid array" },
        { "items", "items=1", null, "items", "Invalid array" },
        { "items", "items[0]=1", null, "items[0]", "Invalid object" },
        { "items", "items[0][price]=x", "parameter_invalid_integer", "items[0][price]", "Invalid integer: x" },
        { "items", "items[][price]=1&items[][price]=1&items[][price]=1", null, "items", "at most 2" },
        { "types", "types[]=", "parameter_invalid_empty", "types[0]", "empty" },
        { "types", "types[0][a]=1", null, "types[0]", "Invalid string" },
        { "metadata", "metadata=x", null, "metadata", "Invalid object" },
        { "metadata", "metadata[a][b]=x", null, "metadata[a]", "must be strings" },
        { "metadata", $"metadata[{new string('k', 41)}]=x", null, $"metadata[{new string('k', 41)}]", "1 to 40" },
        { "metadata", $"metadata[k]={new string('v', 501)}", null, "metadata[k]", "up to 500" },
        { "metadata", string.Join('&', Enumerable.Range(0, 51).Select(i => $"metadata[{i}]=x")), null, "metadata", "up to 50" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_is_wrong_is_refused_in_Stripe_s_words(string reading, string form, string? code, string? param, string message)
    {
        var error = Assert.IsType<StripeError>(Assert.Throws<ProblemException>(() => Read(reading, Form(form))).Problem);
        Assert.Equal((400, "invalid_request_error", code, param), (error.Status, error.Type, error.ErrorCode, error.Param));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void What_is_right_is_read()
    {
        var form = Form(
            "amount=99999999&limit=-5&currency=EUR&flag=false&time=1700000000&mode=slow&method=automatic_async&text=0123456789&card[number]=4242"
            + "&items[0][price]=1&items[1][price]=2&types[]=a&types[]=b&metadata[0]=zero&metadata[k]=");
        Assert.Equal(99_999_999, form.Amount("amount"));
        Assert.Equal(-5, form.Integer("limit"));
        Assert.Equal("eur", form.Currency("currency"));
        Assert.False(form.Boolean("flag"));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), form.Time("time"));
        Assert.Equal("slow", form.OneOf("mode", "fast", "slow"));
        Assert.Equal(Method.AutomaticAsync, form.Choice<Method>("method"));
        Assert.Equal("0123456789", form.Text("text", 10));
        Assert.Equal("4242", form.Child("card").Text("number"));
        Assert.Equal([1L, 2L], form.Children("items").Select(item => item.Amount("price")));
        Assert.Equal(["a", "b"], form.Texts("types"));
        Assert.Equal(
            new Dictionary<string, string> { ["0"] = "zero", ["other"] = "stays" },
            form.Metadata().ApplyTo(new Dictionary<string, string> { ["k"] = "goes", ["other"] = "stays" }));
        form.RefuseOthers();
    }

    [Fact]
    public void A_change_tells_a_new_value_from_none_and_from_silence()
    {
        var form = Form("a=new&b=&metadata=&address=&card[number]=1");
        Assert.Equal("new", form.TextChange("a").Or("old"));
        Assert.Null(form.TextChange("b").Or("old"));
        Assert.Equal("old", form.TextChange("c").Or("old"));
        Assert.Equal((true, null), (form.ChildChange("address").IsGiven, form.ChildChange("address").Value));
        Assert.Equal("1", form.ChildChange("card").Value!.Text("number"));
        Assert.False(form.ChildChange("shipping").IsGiven);
        Assert.Empty(form.Metadata().ApplyTo(new Dictionary<string, string> { ["k"] = "v" }));
        form.RefuseOthers();
    }

    [Fact]
    public void Metadata_may_be_fifty_keys_after_the_change()
    {
        var fifty = Enumerable.Range(0, 50).ToDictionary(i => $"k{i}", _ => "v");
        Assert.Equal(50, Form("metadata[k0]=new").Metadata().ApplyTo(fifty).Count);
        Assert.Equal(50, Form("metadata[k0]=&metadata[more]=1").Metadata().ApplyTo(fifty).Count);
        Assert.Throws<ProblemException>(() => Form("metadata[more]=1").Metadata().ApplyTo(fifty));
    }

    private static void Read(string reading, StripeForm form)
    {
        switch (reading)
        {
            case "amount":
                form.Amount("amount");
                break;
            case "limit":
                form.Integer("limit", 1, 100);
                break;
            case "currency":
                form.Currency("currency");
                break;
            case "flag":
                form.Boolean("flag");
                break;
            case "time":
                form.Time("time");
                break;
            case "mode":
                form.OneOf("mode", "fast", "slow");
                break;
            case "method":
                form.Choice<Method>("method");
                break;
            case "text":
                form.Text("text", 10);
                break;
            case "card":
                form.Child("card").Text("number");
                break;
            case "items":
                foreach (var item in form.Children("items", 2))
                    item.Amount("price");
                break;
            case "types":
                form.Texts("types");
                break;
            case "metadata":
                form.Metadata().ApplyTo();
                break;
        }
        form.RefuseOthers();
    }

    private static StripeForm Form(string form) => new(FormNode.Parse(Encoding.UTF8.GetBytes(form)));
}

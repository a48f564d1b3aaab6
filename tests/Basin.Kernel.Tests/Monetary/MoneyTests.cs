using Basin.Kernel.Monetary;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Kernel.Tests.Monetary;

public sealed class MoneyTests
{
    [Theory]
    [InlineData(14590, "EUR", "€145.90")]
    [InlineData(123456789, "USD", "$1,234,567.89")]
    [InlineData(-500, "USD", "-$5.00")]
    [InlineData(-5, "GBP", "-£0.05")]
    [InlineData(0, "EUR", "€0.00")]
    [InlineData(1235, "JPY", "¥1,235")]
    [InlineData(1250, "KWD", "KWD\u00a01.250")]
    [InlineData(123456, "CLF", "CLF\u00a012.3456")]
    [InlineData(990, "CHF", "CHF\u00a09.90")]
    [InlineData(long.MinValue, "JPY", "-¥9,223,372,036,854,775,808")]
    public void An_amount_is_written_with_the_digits_of_its_currency(long minor, string currency, string text) =>
        Assert.Equal(text, new Money(minor, currency).ToString());

    [Theory]
    [InlineData("EUR", true)]
    [InlineData("JPY", true)]
    [InlineData("ZWG", true)]
    [InlineData("eur", false)]
    [InlineData("EURO", false)]
    [InlineData("XAU", false)]
    [InlineData("XXX", false)]
    [InlineData("DEM", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_currency_is_one_that_is_in_use(string? code, bool known) => Assert.Equal(known, Currencies.IsKnown(code));

    [Fact]
    public void An_unknown_currency_is_a_mistake_of_the_program() =>
        Assert.Throws<ArgumentException>(() => new Money(1, "DEM").ToString());

    [Fact]
    public void Currencies_do_not_mix() =>
        Assert.Throws<InvalidOperationException>(() => new Money(1, "EUR") + new Money(1, "USD"));

    [Fact]
    public void An_amount_never_wraps_around()
    {
        Assert.Throws<OverflowException>(() => new Money(long.MaxValue, "EUR") + new Money(1, "EUR"));
        Assert.Throws<OverflowException>(() => new Money(long.MinValue, "EUR") - new Money(1, "EUR"));
        Assert.Throws<OverflowException>(() => new Money(long.MaxValue / 2, "EUR") * 3);
    }

    [Fact]
    public void Sums_are_exact() => Prop.ForAll<int, int, int>((a, b, times) =>
        (new Money(a, "EUR") + new Money(b, "EUR")) * times == new Money(((long)a + b) * times, "EUR")).Check(Config.QuickThrowOnFailure);
}

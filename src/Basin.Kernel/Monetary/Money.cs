using System.Globalization;

namespace Basin.Kernel.Monetary;

/// <summary>An exact amount. Overflow and a mix of currencies are mistakes of the program and throw.</summary>
/// <param name="Minor">In the currency's minor unit: cents of EUR, whole JPY, thousandths of KWD.</param>
/// <param name="Currency">ISO 4217, known to <see cref="Currencies"/>.</param>
public readonly record struct Money(long Minor, string Currency)
{
    public static Money operator +(Money left, Money right) => left with { Minor = checked(left.Minor + left.Same(right).Minor) };

    public static Money operator -(Money left, Money right) => left with { Minor = checked(left.Minor - left.Same(right).Minor) };

    public static Money operator *(Money amount, long times) => amount with { Minor = checked(amount.Minor * times) };

    /// <summary>As people read it: <c>€1,234.50</c>, <c>¥1,235</c>, <c>KWD 1.250</c>, <c>-$5.00</c>.</summary>
    public override string ToString() => Text(Minor, Currency);

    /// <summary>The same of a sum of many amounts, which may be more than one of them can be. Decimal holds every long exactly.</summary>
    public static string Text(decimal minor, string currency)
    {
        var digits = Currencies.DigitsOf(currency);
        var amount = Math.Abs(minor) / PowerOfTen(digits);
        var sign = minor < 0 ? "-" : "";
        return $"{sign}{Currencies.MarkOf(currency)}{amount.ToString($"N{digits}", CultureInfo.InvariantCulture)}";
    }

    private Money Same(Money other) =>
        other.Currency == Currency ? other : throw new InvalidOperationException($"{Currency} and {other.Currency} do not mix.");

    private static decimal PowerOfTen(int digits) => digits switch { 0 => 1, 2 => 100, 3 => 1_000, _ => 10_000 };
}

using System.Text.Json;
using Basin.StripeDialect;
using Basin.Testing;
using Basin.Vault;
using Microsoft.Extensions.Logging;

namespace Basin.Commerce.Tests.Vault;

public sealed partial class CardNumberTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 31, 23, 59, 59, TimeSpan.Zero);

    [Theory]
    [InlineData("4242424242424242", CardBrand.Visa)]
    [InlineData("4242 4242 4242 4242", CardBrand.Visa)]
    [InlineData("4242-4242-4242-4242", CardBrand.Visa)]
    [InlineData("4000056655665556", CardBrand.Visa)]
    [InlineData("4222222222222", CardBrand.Visa)]
    [InlineData("5555555555554444", CardBrand.Mastercard)]
    [InlineData("5105105105105100", CardBrand.Mastercard)]
    [InlineData("2223003122003222", CardBrand.Mastercard)]
    [InlineData("2221000000000009", CardBrand.Mastercard)]
    [InlineData("2720990000000007", CardBrand.Mastercard)]
    [InlineData("378282246310005", CardBrand.Amex)]
    [InlineData("341111111111111", CardBrand.Amex)]
    [InlineData("6011111111111117", CardBrand.Discover)]
    [InlineData("6440000000000005", CardBrand.Discover)]
    [InlineData("6500000000000002", CardBrand.Discover)]
    [InlineData("3056930009020004", CardBrand.Diners)]
    [InlineData("36227206271667", CardBrand.Diners)]
    [InlineData("3566002020360505", CardBrand.Jcb)]
    [InlineData("6200000000000005", CardBrand.Unionpay)]
    [InlineData("6205500000000000004", CardBrand.Unionpay)]
    [InlineData("6304000000000000", CardBrand.Unknown)]
    [InlineData("2720999999999996", CardBrand.Mastercard)]
    [InlineData("2721000000000004", CardBrand.Unknown)]
    [InlineData("2220999999999991", CardBrand.Unknown)]
    public void A_number_says_whose_it_is(string typed, CardBrand brand)
    {
        var number = CardNumber.Of(typed);

        Assert.Equal(brand, number.Brand);
        Assert.Null(new NewCard(number, 12, 2030).RefusalAt(Now));
    }

    [Theory]
    [InlineData("4242424242424241", "incorrect_number")]
    [InlineData("4242424242424224", "incorrect_number")]
    [InlineData("5555555555554445", "incorrect_number")]
    [InlineData("6304000000000001", "incorrect_number")]
    [InlineData("", "invalid_number")]
    [InlineData(null, "invalid_number")]
    [InlineData("4242", "invalid_number")]
    [InlineData("424242424242424", "invalid_number")]
    [InlineData("42424242424242424", "invalid_number")]
    [InlineData("3782822463100050", "invalid_number")]
    [InlineData("42424242424242424242", "invalid_number")]
    [InlineData("4242x42424242424", "invalid_number")]
    [InlineData("4242.4242.4242.4242", "invalid_number")]
    [InlineData("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "invalid_number")]
    [InlineData("tok_visa", "invalid_number")]
    public void What_is_no_number_is_refused(string? typed, string code) =>
        Assert.Equal(code, new NewCard(CardNumber.Of(typed), 12, 2030).RefusalAt(Now)?.Code);

    [Theory]
    [InlineData(3, 2026, null)]
    [InlineData(3, 26, null)]
    [InlineData(2, 2026, "invalid_expiry_year")]
    [InlineData(12, 2025, "invalid_expiry_year")]
    [InlineData(12, 2076, null)]
    [InlineData(1, 2077, "invalid_expiry_year")]
    [InlineData(1, 95, "invalid_expiry_year")]
    [InlineData(1, 100, "invalid_expiry_year")]
    [InlineData(1, -1, "invalid_expiry_year")]
    [InlineData(0, 2030, "invalid_expiry_month")]
    [InlineData(13, 2030, "invalid_expiry_month")]
    [InlineData(-1, 2030, "invalid_expiry_month")]
    public void A_card_is_good_until_its_month_has_ended(int month, int year, string? code)
    {
        var card = new NewCard(CardNumber.Of(VaultHost.Visa), month, year);

        Assert.Equal(code, card.RefusalAt(Now)?.Code);
        if ((month, year) is (3, 2026))
            Assert.Equal("invalid_expiry_year", card.RefusalAt(Now.AddSeconds(1))?.Code);
    }

    [Theory]
    [InlineData("4242424242424242", "123", true)]
    [InlineData("4242424242424242", null, true)]
    [InlineData("4242424242424242", "", false)]
    [InlineData("4242424242424242", "12", false)]
    [InlineData("4242424242424242", "1234", false)]
    [InlineData("4242424242424242", "12a", false)]
    [InlineData("378282246310005", "1234", true)]
    [InlineData("378282246310005", "123", false)]
    [InlineData("6304000000000000", "123", true)]
    [InlineData("6304000000000000", "1234", true)]
    [InlineData("6304000000000000", "12345", false)]
    public void The_security_code_has_the_digits_of_its_brand(string number, string? cvc, bool isRight) => Assert.Equal(
        isRight ? null : "invalid_cvc", new NewCard(CardNumber.Of(number), 12, 2030, SecurityCode.Of(cvc)).RefusalAt(Now)?.Code);

    [Theory]
    [InlineData("name")]
    [InlineData("addressLine1")]
    [InlineData("postalCode")]
    public void A_number_in_a_member_that_is_for_something_else_is_refused_without_being_repeated(string member)
    {
        const string Text = "Ada 4242 4242 4242 4242";
        var holder = new CardHolder(member == "name" ? Text : "Ada", member == "addressLine1" ? Text : "1", member == "postalCode" ? Text : "2");

        var refusal = new NewCard(CardNumber.Of(VaultHost.Visa), 12, 2030, null, holder).RefusalAt(Now)!;

        Assert.Equal(("invalid_request", member), (refusal.Code, Assert.Single(refusal.Errors).Key));
        Assert.DoesNotContain("4242", JsonSerializer.Serialize(refusal));
        Assert.DoesNotContain("4242", refusal.Refusal().ToString());
    }

    [Fact]
    public void Nobody_prints_a_number_or_a_security_code()
    {
        var card = new NewCard(CardNumber.Of("4000 0566 5566 5556"), 12, 2030, SecurityCode.Of("987"));
        using var log = new TestLog();
        var logger = log.CreateLogger("vault");

        Note(logger, card, card.Number, card.Cvc);

        Assert.Equal("•••• 5556", card.Number.ToString());
        Assert.Equal("•••• ", CardNumber.Of("123").ToString());
        Assert.All([card.ToString(), $"{card.Number}", log.Lines.Single().Text], AssertMasked);
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(card));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(card.Number));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(card.Cvc));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new CardDetails(card.Number, 1, 2030, null)));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<CardNumber>("\"4000056655665556\""));
        Assert.DoesNotContain(typeof(CardNumber).GetProperties(), property => property.GetValue(card.Number) is string { Length: > 4 });

        static void AssertMasked(string text)
        {
            Assert.Contains("5556", text);
            Assert.DoesNotContain("5665", text);
            Assert.DoesNotContain("987", text);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Card} {@Number} {Code}")]
    private static partial void Note(ILogger logger, NewCard card, CardNumber number, SecurityCode? code);

    [Theory]
    [InlineData("4242424242424242", CardFunding.Credit, "US")]
    [InlineData("4000056655665556", CardFunding.Debit, "US")]
    [InlineData("5200828282828210", CardFunding.Debit, "US")]
    [InlineData("5105105105105100", CardFunding.Prepaid, "US")]
    [InlineData("4000000000000002", CardFunding.Credit, "US")]
    [InlineData("4000002760000016", CardFunding.Credit, "DE")]
    [InlineData("6200000000000005", CardFunding.Credit, "CN")]
    [InlineData("4222222222222", CardFunding.Unknown, null)]
    [InlineData("4000001230000000", CardFunding.Unknown, null)]
    public void Of_test_cards_it_is_known_who_has_issued_them(string number, CardFunding funding, string? country) =>
        Assert.Equal((funding, country), TestCards.IssuerOf(CardNumber.Of(number)));

    [Fact]
    public void Every_test_card_can_be_kept() => Assert.All(TestCards.Names, name => Assert.Null(TestCards.Find(name, Now)!.RefusalAt(Now)));
}

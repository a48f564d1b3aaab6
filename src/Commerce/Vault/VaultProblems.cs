namespace Basin.Vault;

/// <summary>What the vault refuses; the codes are Stripe's where it has one (https://docs.stripe.com/error-codes).</summary>
public static class VaultProblems
{
    public static readonly Problem InvalidNumber = Card("invalid_number", "The card number is not a valid credit card number.", "number");
    public static readonly Problem IncorrectNumber = Card("incorrect_number", "Your card number is incorrect.", "number");
    public static readonly Problem InvalidExpiryMonth = Card("invalid_expiry_month", "Your card's expiration month is invalid.", "expMonth");
    public static readonly Problem InvalidExpiryYear = Card("invalid_expiry_year", "Your card's expiration year is invalid.", "expYear");
    public static readonly Problem InvalidCvc = Card("invalid_cvc", "Your card's security code is invalid.", "cvc");
    public static readonly Problem TokenAlreadyUsed = new(400, "token_already_used", "A token stands for a card once; it was used already.");
    public static readonly Problem CardErased = new(409, "card_erased", "The number of the card was erased; nobody can charge it any more.");
    public static readonly Problem ProviderUnknown = new(422, "card_provider_unknown", "There is no provider of this name that takes card numbers.");

    public static readonly Problem ProviderUnavailable = new(503, "card_provider_unavailable", "The provider has not taken the card; try again soon.")
    {
        RetryAfter = TimeSpan.FromSeconds(2),
    };

    public static readonly Problem KeyUnavailable = new(503, "vault_key_unavailable", "This process does not have the key for it.")
    {
        Remedy = "Whoever runs the installation gives every process of the vault the same root keys, and puts a new one first only when all have it.",
    };

    public static IReadOnlyList<Problem> All =>
    [
        InvalidNumber, IncorrectNumber, InvalidExpiryMonth, InvalidExpiryYear, InvalidCvc, TokenAlreadyUsed, CardErased, ProviderUnknown,
        ProviderUnavailable, KeyUnavailable,
    ];

    private static Problem Card(string code, string title, string member) => new Problem(402, code, title).At(member, title);
}

namespace Basin.Vault;

/// <summary>What a provider is told of a card.</summary>
public sealed record CardDetails(CardNumber Number, int ExpMonth, int ExpYear, CardHolder? Holder);

/// <summary>
/// A provider of payments that takes card numbers and gives tokens of its own. Whoever has one registers it, in the processes that run the vault;
/// nobody else is ever told a number.
/// </summary>
public interface ICardProvider
{
    /// <summary>Lower case, one word; the same for ever, because answers are kept under it.</summary>
    string Provider { get; }

    /// <summary>Hands a card over. It is asked again under the same id when its answer was lost, and gives the same or an equal token then.</summary>
    /// <exception cref="ProblemException">It does not take this card.</exception>
    ValueTask<string> TokenizeAsync(Id<Tenant> tenant, Id<Card> card, CardDetails details, CancellationToken cancellation);
}

using System.Runtime.CompilerServices;

namespace Basin.Kernel.Hosting;

/// <summary>What to say when a condition does not hold; nothing is formatted while it holds.</summary>
[InterpolatedStringHandler]
public ref struct LazySentence
{
    private DefaultInterpolatedStringHandler _text;

    public LazySentence(int literalLength, int formattedCount, bool holds, out bool isNeeded)
    {
        isNeeded = !holds;
        _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public override string ToString() => _text.ToStringAndClear();
}

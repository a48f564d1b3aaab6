namespace Basin.Kernel.Storage.Moving;

/// <summary>Why an installation is not moved, in one sentence for whoever asked.</summary>
public sealed class MoveException(string sentence) : Exception(sentence);

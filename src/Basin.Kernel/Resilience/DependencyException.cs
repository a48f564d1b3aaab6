namespace Basin.Kernel.Resilience;

/// <summary>Why there is no answer.</summary>
public enum DependencyFailure
{
    /// <summary>Most calls fail: it is not asked for a while.</summary>
    Open,

    /// <summary>So many calls are on their way that there was no place for another.</summary>
    Full,

    /// <summary>There was no answer in time.</summary>
    Late,

    /// <summary>The call has failed; the inner exception says how.</summary>
    Failed,
}

/// <summary>A dependency has not answered, or was not asked.</summary>
public sealed class DependencyException(string dependency, DependencyFailure failure, string sentence, Exception? inner = null) : Exception(sentence, inner)
{
    public string Dependency => dependency;

    public DependencyFailure Failure => failure;

    /// <summary>What the call has thrown; itself where none was made.</summary>
    public Exception Cause => InnerException ?? this;

    /// <summary>Whether the call was begun; otherwise it is certain that it had no effect.</summary>
    public bool WasAsked => failure is DependencyFailure.Late or DependencyFailure.Failed;
}

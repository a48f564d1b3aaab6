namespace Basin.Kernel.Storage.Moving;

/// <summary>A table that its system makes anew from others, because each engine keeps it in its own way.</summary>
/// <param name="Step">Makes some more of it, in PostgreSQL, and says whether it has to be asked again.</param>
internal sealed record RebuiltTable(string Table, Func<Transaction, ValueTask<bool>> Step);

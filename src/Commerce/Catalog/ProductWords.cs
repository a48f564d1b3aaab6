using System.Globalization;
using System.Text;

namespace Basin.Catalog;

/// <summary>
/// The index of the words of the products on sale. Each engine has its own; both fold case and accents and find a word by its beginning. The tenant is
/// a word too, so that no search reads another tenant's matches.
/// </summary>
internal abstract class ProductWords
{
    /// <summary>Of either engine, with other columns.</summary>
    public const string Table = "product_words";

    private static readonly ProductWords Sqlite = new SqliteWords();
    private static readonly ProductWords Postgres = new PostgresWords();

    public static ProductWords Of(Snapshot snapshot) => snapshot.Dialect == SqlDialect.Postgres ? Postgres : Sqlite;

    /// <summary>One rank of a search: <c>$1</c> what matches, <c>$2</c> the id before which to go on, <c>$3</c> the tenant, <c>$4</c> a limit.</summary>
    public abstract string Select(int rank);

    /// <summary>The same with the category as <c>$4</c> and the limit as <c>$5</c>.</summary>
    public abstract string SelectInCategory(int rank);

    /// <summary>What finds the words of a query, as the engine writes it.</summary>
    public abstract string Match(ProductQuery query, int rank);

    public abstract ValueTask InsertAsync(Transaction tx, Product product);

    public abstract ValueTask DeleteAsync(Transaction tx, Id<Product> id);

    private static string TenantWord(Id<Tenant> tenant) => $"t{tenant.Value}";

    private static IEnumerable<string> BodyOf(ProductDetails details) =>
        details.Variants.SelectMany(variant => new[] { variant.Sku, variant.Option }).Concat(details.Categories).Append(details.Description);

    /// <summary>FTS5. Source: https://www.sqlite.org/fts5.html.</summary>
    private sealed class SqliteWords : ProductWords
    {
        private const string SelectAny = $"""
            SELECT {CatalogStore.Columns} FROM product_words w JOIN product p ON p.id = w.rowid
            WHERE w.product_words MATCH $1 AND w.rowid < $2 AND p.tenant = $3 ORDER BY w.rowid DESC LIMIT $4
            """;

        private const string SelectCategory = $"""
            SELECT {CatalogStore.Columns} FROM product_words w JOIN product p ON p.id = w.rowid
            JOIN category_product c ON c.tenant = $3 AND c.slug = $4 AND c.product = w.rowid
            WHERE w.product_words MATCH $1 AND w.rowid < $2 AND p.tenant = $3 ORDER BY w.rowid DESC LIMIT $5
            """;

        public override string Select(int rank) => SelectAny;

        public override string SelectInCategory(int rank) => SelectCategory;

        public override string Match(ProductQuery query, int rank)
        {
            var words = string.Join(" AND ", query.Words.Select(word => $"\"{word}\" *"));
            var mine = $"tenant : {TenantWord(query.Tenant)}";
            return rank == Hit.InTitle
                ? $"{mine} AND title : ({words})"
                : $"({mine} AND {{title body}} : ({words})) NOT title : ({words})";
        }

        public override ValueTask InsertAsync(Transaction tx, Product product) => tx.SendAsync(
            "INSERT INTO product_words (rowid, tenant, title, body) VALUES ($1, $2, $3, $4)",
            product.Id.Value, TenantWord(product.Tenant), product.Details.Title, string.Join('\n', BodyOf(product.Details)));

        public override ValueTask DeleteAsync(Transaction tx, Id<Product> id) =>
            tx.SendAsync("DELETE FROM product_words WHERE rowid = $1", id.Value);
    }

    /// <summary>Vectors of words, split here as FTS5 splits them. Source: https://www.postgresql.org/docs/current/datatype-textsearch.html.</summary>
    private sealed class PostgresWords : ProductWords
    {
        private const string From = $"SELECT {CatalogStore.Columns} FROM product_words w JOIN product p ON p.id = w.product";
        private const string Query = "regexp_replace(normalize($1, NFD), U&'[\\0300-\\036f]', '', 'g')::tsquery";
        private const string InTitle = $"w.in_title @@ {Query}";
        private const string Elsewhere = $"w.anywhere @@ {Query} AND NOT w.in_title @@ {Query}";

        /// <summary>The database takes the marks from letters: the program may run where its platform does not know them.</summary>
        private const string Insert = """
            INSERT INTO product_words (product, in_title, anywhere) VALUES ($1,
                regexp_replace(normalize($2, NFD), U&'[\0300-\036f]', '', 'g')::tsvector,
                regexp_replace(normalize($3, NFD), U&'[\0300-\036f]', '', 'g')::tsvector)
            """;

        private const string Page = "AND w.product < $2 AND p.tenant = $3 ORDER BY w.product DESC LIMIT";
        private const string Category = "JOIN category_product c ON c.tenant = $3 AND c.slug = $4 AND c.product = w.product";

        public override string Select(int rank) => rank == Hit.InTitle ? $"{From} WHERE {InTitle} {Page} $4" : $"{From} WHERE {Elsewhere} {Page} $4";

        public override string SelectInCategory(int rank) =>
            rank == Hit.InTitle ? $"{From} {Category} WHERE {InTitle} {Page} $5" : $"{From} {Category} WHERE {Elsewhere} {Page} $5";

        public override string Match(ProductQuery query, int rank) =>
            string.Join(" & ", query.Words.SelectMany(Split).Select(word => $"'{word}':*").Prepend($"'{TenantWord(query.Tenant)}'"));

        public override ValueTask InsertAsync(Transaction tx, Product product)
        {
            var title = Split(product.Details.Title).Append(TenantWord(product.Tenant)).ToHashSet();
            var anywhere = BodyOf(product.Details).SelectMany(Split).Union(title);
            return tx.SendAsync(Insert, product.Id.Value, VectorOf(title), VectorOf(anywhere));
        }

        public override ValueTask DeleteAsync(Transaction tx, Id<Product> id) =>
            tx.SendAsync("DELETE FROM product_words WHERE product = $1", id.Value);

        /// <summary>Words have letters, digits and marks only, so quotes are enough.</summary>
        private static string VectorOf(IEnumerable<string> words) => string.Join(' ', words.Select(word => $"'{word}'"));

        private static IEnumerable<string> Split(string text)
        {
            var word = new StringBuilder();
            foreach (var rune in $"{text} ".EnumerateRunes())
            {
                if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
                {
                    word.Append(Rune.ToLowerInvariant(rune));
                }
                else if (word.Length > 0)
                {
                    yield return word.ToString();
                    word.Clear();
                }
            }
        }
    }
}

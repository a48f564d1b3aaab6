using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Tests.Storage;

public sealed class DocumentsTests
{
    private const int Places = 16_384;

    private static readonly Id<Tenant> Tenant = new(1);

    private readonly Documents _documents = new();

    [Fact]
    public void What_is_remembered_is_found_by_its_tenant_id_and_type()
    {
        var document = Remember(7);

        Assert.Same(document, Find(7));
        Assert.Null(Find(8));
        Assert.Null(_documents.Find<Document>(new Id<Tenant>(2), 7));
        Assert.Null(_documents.Find<string>(Tenant, 7));
    }

    [Fact]
    public void Two_tenants_may_have_documents_of_one_id()
    {
        var mine = Remember(7);
        var other = new Document();
        _documents.Remember(new Id<Tenant>(2), 7, other, bytes: 100);

        Assert.Same(mine, Find(7));
        Assert.Same(other, _documents.Find<Document>(new Id<Tenant>(2), 7));
    }

    [Fact]
    public void A_large_document_is_not_kept()
    {
        Remember(1, bytes: 2048);
        Remember(2, bytes: 2049);

        Assert.NotNull(Find(1));
        Assert.Null(Find(2));
    }

    [Fact]
    public void Many_documents_take_the_places_of_the_oldest()
    {
        for (var id = 1; id <= 4 * Places; id++)
        {
            Remember(id);
            Assert.NotNull(Find(id));
        }

        Assert.InRange(Enumerable.Range(1, 4 * Places).Count(id => Find(id) is not null), Places / 2, Places);
        Assert.Null(Find(1));
    }

    [Fact]
    public void What_comes_while_nobody_looks_is_kept_only_while_there_are_places()
    {
        for (var id = 1; id <= Places; id++)
            Remember(id);
        Remember(Places + 1);

        Assert.Null(Find(Places + 1));
        Assert.NotNull(Find(Places));
    }

    [Fact]
    public void Whoever_looks_makes_it_keep_again()
    {
        for (var id = 1; id <= Places; id++)
            Remember(id);

        Assert.Null(Find(Places + 1));
        for (var id = Places + 1; id <= Places + 5; id++)
            Remember(id);

        Assert.Equal([true, true, true, true, false], Enumerable.Range(Places + 1, 5).Select(id => Find(id) is not null));
    }

    [Fact]
    public void What_is_forgotten_is_not_found()
    {
        Remember(7);

        _documents.Forget();

        Assert.Null(Find(7));
        var again = Remember(7);
        Assert.Same(again, Find(7));
    }

    private Document Remember(long id, int bytes = 100)
    {
        var document = new Document();
        _documents.Remember(Tenant, id, document, bytes);
        return document;
    }

    private Document? Find(long id) => _documents.Find<Document>(Tenant, id);

    private sealed record Document;
}

-- What is on sale. One row is a whole product: its lists are JSON because they are only ever read and written together.
CREATE TABLE product (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    active      INTEGER NOT NULL,
    title       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    variants    TEXT    NOT NULL,
    categories  TEXT    NOT NULL,
    pictures    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX product_tenant ON product (tenant, id);
CREATE INDEX product_active ON product (tenant, id) WHERE active = 1;

-- Which product a SKU belongs to, also while the product is not on sale.
CREATE TABLE sku (
    tenant  INTEGER NOT NULL,
    sku     TEXT    NOT NULL,
    product INTEGER NOT NULL REFERENCES product (id),
    PRIMARY KEY (tenant, sku)
) STRICT, WITHOUT ROWID;
CREATE INDEX sku_product ON sku (product);

-- A category is there while products on sale name it; the first of them gives it its name.
CREATE TABLE category (
    tenant   INTEGER NOT NULL,
    slug     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    products INTEGER NOT NULL CHECK (products >= 0),
    PRIMARY KEY (tenant, slug)
) STRICT, WITHOUT ROWID;

-- The products of a category that are on sale.
CREATE TABLE category_product (
    tenant  INTEGER NOT NULL,
    slug    TEXT    NOT NULL,
    product INTEGER NOT NULL REFERENCES product (id),
    PRIMARY KEY (tenant, slug, product)
) STRICT, WITHOUT ROWID;
CREATE INDEX category_product_product ON category_product (product);

-- The words of the products on sale; the rowid is the product. The tenant is a word too, so that no search reads another tenant's matches.
CREATE VIRTUAL TABLE product_words USING fts5 (tenant, title, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

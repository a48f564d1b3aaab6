-- What is on sale. One row is a whole product: its lists are JSON because they are only ever read and written together.
CREATE TABLE product (
    id          BIGINT PRIMARY KEY,
    tenant      BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    active      BIGINT NOT NULL,
    title       TEXT   NOT NULL,
    description TEXT   NOT NULL,
    currency    TEXT   NOT NULL,
    variants    TEXT   NOT NULL,
    categories  TEXT   NOT NULL,
    pictures    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX product_tenant ON product (tenant, id);
CREATE INDEX product_active ON product (tenant, id) WHERE active = 1;

-- Which product a SKU belongs to, also while the product is not on sale.
CREATE TABLE sku (
    tenant  BIGINT NOT NULL,
    sku     TEXT   NOT NULL,
    product BIGINT NOT NULL REFERENCES product (id),
    PRIMARY KEY (tenant, sku)
);
CREATE INDEX sku_product ON sku (product);

-- A category is there while products on sale name it; the first of them gives it its name.
CREATE TABLE category (
    tenant   BIGINT NOT NULL,
    slug     TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    products BIGINT NOT NULL CHECK (products >= 0),
    PRIMARY KEY (tenant, slug)
);

-- The products of a category that are on sale.
CREATE TABLE category_product (
    tenant  BIGINT NOT NULL,
    slug    TEXT   NOT NULL,
    product BIGINT NOT NULL REFERENCES product (id),
    PRIMARY KEY (tenant, slug, product)
);
CREATE INDEX category_product_product ON category_product (product);

-- The words of the products on sale, those of the title and all of them. The tenant is a word too, so that no search reads another tenant's matches.
CREATE TABLE product_words (
    product  BIGINT PRIMARY KEY REFERENCES product (id),
    in_title TSVECTOR NOT NULL,
    anywhere TSVECTOR NOT NULL
);
CREATE INDEX product_words_in_title ON product_words USING gin (in_title);
CREATE INDEX product_words_anywhere ON product_words USING gin (anywhere);

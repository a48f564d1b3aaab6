CREATE TABLE cart (
    id         BIGINT PRIMARY KEY,
    tenant     BIGINT NOT NULL,
    owner      TEXT,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    items      TEXT   NOT NULL
);
CREATE UNIQUE INDEX cart_owner ON cart (tenant, owner) WHERE owner IS NOT NULL;
CREATE INDEX cart_visitor ON cart (changed_at);

CREATE TABLE signed_in (
    tenant   BIGINT NOT NULL,
    visitor  TEXT   NOT NULL,
    customer TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (tenant, visitor)
);
CREATE INDEX signed_in_at ON signed_in (at);

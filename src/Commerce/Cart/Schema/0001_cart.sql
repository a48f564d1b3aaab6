CREATE TABLE cart (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    owner      TEXT,
    version    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- At most a hundred lines that are always read and written together, so they are one document.
    items      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX cart_owner ON cart (tenant, owner) WHERE owner IS NOT NULL;
CREATE INDEX cart_visitor ON cart (changed_at) WHERE owner GLOB 'visitor_*';

-- Visitors who have turned out to be customers. A request of the visitor that was under way then still finds the cart.
CREATE TABLE signed_in (
    tenant   INTEGER NOT NULL,
    visitor  TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, visitor)
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_in_at ON signed_in (at);

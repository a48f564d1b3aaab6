CREATE TABLE orders (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    owner      TEXT,
    state      INTEGER NOT NULL,
    reason     INTEGER,
    payment    INTEGER NOT NULL,
    stock      INTEGER NOT NULL,
    shipment   INTEGER NOT NULL,
    entries    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- The terms never change and are read whole, so they are one document.
    terms      TEXT    NOT NULL
) STRICT;
CREATE INDEX orders_tenant ON orders (tenant, id);
CREATE INDEX orders_owner ON orders (tenant, owner, id) WHERE owner IS NOT NULL;

CREATE TABLE timeline (
    order_id INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    note     TEXT,
    PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

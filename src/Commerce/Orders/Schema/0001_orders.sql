CREATE TABLE orders (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    owner      TEXT,
    state      INTEGER NOT NULL,
    reason     INTEGER,
    payment    INTEGER NOT NULL,
    stock      INTEGER NOT NULL,
    shipment   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- JSON objects, comma after comma, so that a new one is appended without reading the others.
    history    TEXT    NOT NULL
) STRICT;
CREATE INDEX orders_tenant ON orders (tenant, id);
CREATE INDEX orders_owner ON orders (tenant, owner, id) WHERE owner IS NOT NULL;

-- What never changes, apart from what does: a step of an order rewrites a short row. Read whole, so it is one document.
CREATE TABLE terms (
    order_id INTEGER PRIMARY KEY,
    document TEXT    NOT NULL
) STRICT;

CREATE TABLE warehouse (
    tenant     INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;

-- What each warehouse has. The checks are the last line of defence: one that fails stops the shard.
CREATE TABLE stock (
    tenant    INTEGER NOT NULL,
    sku       TEXT    NOT NULL,
    warehouse TEXT    NOT NULL,
    on_hand   INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved  INTEGER NOT NULL CHECK (reserved >= 0),
    -- Counts the changes of on_hand.
    version   INTEGER NOT NULL,
    -- The newest movement of the SKU, in whichever warehouse; 0 when there was none since this row was made.
    moved     INTEGER NOT NULL,
    CHECK (reserved <= on_hand),
    PRIMARY KEY (tenant, sku, warehouse),
    FOREIGN KEY (tenant, warehouse) REFERENCES warehouse (tenant, code)
) STRICT, WITHOUT ROWID;

-- Why each unit came or went: for every row of stock the deltas add up to on_hand. Rows are appended, and each names the one before it of its SKU:
-- the newest are read along that chain, and no index is written in as many places as there are SKUs.
CREATE TABLE movement (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    sku         TEXT    NOT NULL,
    warehouse   TEXT    NOT NULL,
    delta       INTEGER NOT NULL CHECK (delta <> 0),
    cause       INTEGER NOT NULL,
    reason      TEXT,
    subject     TEXT,
    reservation INTEGER,
    at          INTEGER NOT NULL,
    previous    INTEGER NOT NULL
) STRICT;

-- One row per reservation, its picks as JSON: half the statements of a row per line.
CREATE TABLE reservation (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    picks      TEXT    NOT NULL,
    missing    TEXT    NOT NULL,
    held_until INTEGER NOT NULL
) STRICT;
-- State 0 is held: the index knows only what can still expire.
CREATE INDEX reservation_held ON reservation (held_until) WHERE state = 0;

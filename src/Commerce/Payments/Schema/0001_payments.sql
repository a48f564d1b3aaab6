-- One row per payment, read and written whole by its key: every query names the tenant, so the tenant leads.
-- A check that fails stops the shard: money never moves on from there.
CREATE TABLE payment (
    tenant           INTEGER NOT NULL,
    id               INTEGER NOT NULL,
    state            INTEGER NOT NULL,
    amount_minor     INTEGER NOT NULL,
    currency         TEXT    NOT NULL,
    authorized_minor INTEGER NOT NULL,
    captured_minor   INTEGER NOT NULL,
    refunded_minor   INTEGER NOT NULL,
    capture_asked    INTEGER NOT NULL,
    release_asked    INTEGER NOT NULL,
    outcome_unknown  INTEGER NOT NULL,
    charge           TEXT,
    code             TEXT,
    created_at       INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    -- JSON objects, comma after comma, so that a new one is appended without reading the others.
    history          TEXT    NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor AND captured_minor <= authorized_minor)
) STRICT, WITHOUT ROWID;

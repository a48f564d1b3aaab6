-- One row per parcel, read and written whole by its key: every query names the tenant, so the tenant leads.
CREATE TABLE shipment (
    tenant          INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    carrier         TEXT,
    tracking_number TEXT,
    reason          TEXT,
    created_at      INTEGER NOT NULL,
    has_left        INTEGER NOT NULL,
    -- Address and lines never change, so they are one document; null when only a cancellation ever came.
    parcel          TEXT,
    -- JSON objects, comma after comma, so that a new one is appended without reading the others.
    tracking        TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

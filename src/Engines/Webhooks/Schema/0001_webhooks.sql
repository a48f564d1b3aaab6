CREATE TABLE endpoint (
    tenant          INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    url             TEXT    NOT NULL,
    description     TEXT,
    -- JSON arrays and objects.
    enabled_types   TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,
    -- Null while it is enabled.
    disabled_reason INTEGER,
    status_since    INTEGER NOT NULL,
    api_version     TEXT,
    created_at      INTEGER NOT NULL,
    last_success_at INTEGER,
    failing_since   INTEGER,
    -- JSON: what signs, sealed, the newest last; each of the others with the time at which it ends.
    secrets         TEXT    NOT NULL,
    -- What the one who asked for it knows it by.
    request_key     TEXT,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX endpoint_request ON endpoint (tenant, request_key);

-- What is told, once for all endpoints that are told it.
CREATE TABLE message (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    -- The id that its publisher has given, and that receivers see.
    name       TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_name ON message (tenant, name);

-- A message on its way to an endpoint. The states up to 4 are open.
CREATE TABLE delivery (
    tenant     INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    endpoint   INTEGER NOT NULL,
    message    INTEGER NOT NULL,
    object_key TEXT    NOT NULL,
    place      INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    turn       INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    next_at    INTEGER,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
-- The messages of one object, in their order.
CREATE INDEX delivery_lane ON delivery (endpoint, object_key, place) WHERE state <= 4;
-- Those of an endpoint that are being sent, and those that wait for that.
CREATE INDEX delivery_queue ON delivery (endpoint, state, id) WHERE state <= 4;
CREATE INDEX delivery_endpoint ON delivery (endpoint, id);
CREATE INDEX delivery_state ON delivery (tenant, state, id);
CREATE INDEX delivery_message ON delivery (message);

CREATE TABLE attempt (
    tenant      INTEGER NOT NULL,
    delivery    INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status      INTEGER,
    error       TEXT,
    answer      TEXT,
    PRIMARY KEY (tenant, delivery, number)
) STRICT, WITHOUT ROWID;

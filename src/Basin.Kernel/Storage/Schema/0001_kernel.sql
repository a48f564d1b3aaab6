-- What every shard of every system carries beside the system's own tables.

-- Events published by this shard, in order, a row for those of one commit. Consumers read it as a log; what all of them have passed is trimmed.
CREATE TABLE basin_outbox (
    last_sequence INTEGER PRIMARY KEY,
    -- A JSON array of arrays: sequence, type, key, tenant, at, traceParent, data. Names would be a third of it.
    events        TEXT    NOT NULL
) STRICT;

-- How far this shard has applied the events of each source shard.
CREATE TABLE basin_checkpoint (
    source       TEXT    NOT NULL,
    source_shard INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    PRIMARY KEY (source, source_shard)
) STRICT, WITHOUT ROWID;

-- Events that failed, and those of the same key that wait behind them.
CREATE TABLE basin_parked (
    source       TEXT    NOT NULL,
    source_shard INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    key          INTEGER NOT NULL,
    tenant       INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    trace_parent TEXT,
    data         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'blocked', 'dead')),
    attempts     INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    error        TEXT,
    PRIMARY KEY (source, source_shard, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX basin_parked_key ON basin_parked (source, source_shard, key, sequence);
CREATE INDEX basin_parked_due ON basin_parked (state, due_at);

-- Work that happens later or outside: a call to a provider, an e-mail, an expiry. It lies in the order in which it is due, so that there is no
-- index to keep beside it.
CREATE TABLE basin_job (
    dead         INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    key          INTEGER NOT NULL,
    tenant       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT,
    trace_parent TEXT,
    data         TEXT    NOT NULL,
    PRIMARY KEY (dead, due_at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX basin_job_dead ON basin_job (id) WHERE dead = 1;

-- The first answer to each Idempotency-Key. Keys are random, so answers are appended and only the index is written in many places.
CREATE TABLE basin_idempotency (
    id           INTEGER PRIMARY KEY,
    tenant       INTEGER NOT NULL,
    caller       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BLOB    NOT NULL,
    status       INTEGER NOT NULL,
    location     TEXT,
    etag         TEXT,
    body         TEXT,
    at           INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX basin_idempotency_key ON basin_idempotency (tenant, caller, key);

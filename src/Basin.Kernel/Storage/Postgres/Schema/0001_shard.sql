-- What a shard needs beside the kernel's own tables where several processes may write to it.

-- Whose turn it is to write: locked by a writer for the whole of its transaction, before that sees anything, so that writers follow one another
-- instead of meeting. It stays empty, and nothing ever has to be cleaned up in it.
CREATE TABLE basin_turn (nothing BIGINT);

-- One row, rewritten by each commit that publishes events or schedules jobs.
CREATE TABLE basin_shard (
    one           BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    -- Of the last event; there is no gap between the events of two commits.
    last_sequence BIGINT NOT NULL DEFAULT 0,
    -- Counts the commits that have scheduled jobs.
    job_commits   BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
INSERT INTO basin_shard DEFAULT VALUES;

-- The last batch of each process, so that one whose connection breaks during a commit can learn whether it was kept.
CREATE TABLE basin_writer (
    process TEXT PRIMARY KEY,
    batch   BIGINT NOT NULL
) WITH (fillfactor = 20);

-- The process that carries the shard's events and runs its jobs. Each change of hands is an epoch, which a former owner does not know.
CREATE TABLE basin_owner (
    one          BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    process      TEXT,
    epoch        BIGINT NOT NULL DEFAULT 0,
    leased_until TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    -- The session of its writer: when that is gone, so is the process, and nobody waits for the end of its lease.
    backend      BIGINT NOT NULL DEFAULT 0,
    -- A process that owns fewer shards and would take this one too.
    wisher       TEXT,
    wisher_owns  BIGINT NOT NULL DEFAULT 0,
    wished_at    TIMESTAMPTZ NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 20);
INSERT INTO basin_owner DEFAULT VALUES;

-- How far each shard of another system has applied this shard's events, as far as it has said: behind that they may be trimmed.
CREATE TABLE basin_consumer (
    consumer TEXT   NOT NULL,
    shard    BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (consumer, shard)
) WITH (fillfactor = 20);

-- The numbers that ids carry, one for each process that makes ids of this shard. Ids made under a number begin above its mark.
CREATE TABLE basin_id_lease (
    number       BIGINT PRIMARY KEY,
    process      TEXT NOT NULL,
    mark         BIGINT NOT NULL DEFAULT 0,
    leased_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 20);

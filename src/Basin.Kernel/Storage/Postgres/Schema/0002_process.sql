-- What each process has last said of itself, for the console of all. Only that of the first shard is used.
CREATE TABLE basin_process (
    process TEXT PRIMARY KEY,
    said_at TIMESTAMPTZ NOT NULL,
    report  TEXT NOT NULL
) WITH (fillfactor = 20);

-- What operators have changed of the policies that are configured; a policy without a body is as it is configured again.
CREATE TABLE limit_policy (
    name       TEXT    PRIMARY KEY,
    version    INTEGER NOT NULL,
    body       TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

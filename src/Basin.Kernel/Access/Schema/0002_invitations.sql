-- Links that make one more operator, once. Only the hash of a link's token is kept.
CREATE TABLE operator_invitation (
    token_hash BLOB    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

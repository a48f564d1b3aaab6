-- Who may do what: tenants, the keys of programs and the accounts of people.

CREATE TABLE tenant (
    id         INTEGER PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Only the hash of a key's secret is kept. Scopes are separated by spaces.
CREATE TABLE api_key (
    id           INTEGER PRIMARY KEY,
    tenant       INTEGER NOT NULL REFERENCES tenant (id),
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX api_key_tenant ON api_key (tenant, id) WHERE revoked_at IS NULL;

-- A new password makes a new stamp, and sessions of another stamp end.
CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenant (id),
    kind          TEXT    NOT NULL CHECK (kind IN ('operator', 'customer')),
    email         TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    stamp         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (tenant, kind, email)
) STRICT;

-- Failed tries to sign in, by the hash of the address that was typed, whether it has an account or not: what they cost and what they are
-- answered tells nobody which addresses have one.
CREATE TABLE sign_in_tries (
    tenant       INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    email_hash   BLOB    NOT NULL,
    failures     INTEGER NOT NULL,
    locked_until INTEGER,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, email_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_tries_last_at ON sign_in_tries (last_at);

-- Double-entry books: every transfer takes from one account what it gives to another.

CREATE TABLE account (
    tenant          INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    code            TEXT    NOT NULL,
    flags           INTEGER NOT NULL,
    debits_pending  INTEGER NOT NULL CHECK (debits_pending >= 0),
    debits_posted   INTEGER NOT NULL CHECK (debits_posted >= 0),
    credits_pending INTEGER NOT NULL CHECK (credits_pending >= 0),
    credits_posted  INTEGER NOT NULL CHECK (credits_posted >= 0),
    reference       TEXT,
    opened_at       INTEGER NOT NULL,
    entries         INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer (
    number          INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    debit           TEXT    NOT NULL,
    credit          TEXT    NOT NULL,
    amount          INTEGER NOT NULL CHECK (amount >= 0),
    currency        TEXT    NOT NULL,
    code            TEXT    NOT NULL,
    kind            INTEGER NOT NULL,
    flags           INTEGER NOT NULL,
    pending_id      TEXT,
    timeout_seconds INTEGER,
    reference       TEXT,
    at              INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX transfer_id ON transfer (tenant, id);

-- What a transfer did to each of its accounts. A promise that expires makes entries too, of the same transfer.
CREATE TABLE entry (
    tenant          INTEGER NOT NULL,
    account         TEXT    NOT NULL,
    -- Neither goes back along an account, and the number counts its entries.
    at              INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    transfer        INTEGER NOT NULL,
    is_expiry       INTEGER NOT NULL,
    -- After it; null where the account keeps no history.
    debits_pending  INTEGER,
    debits_posted   INTEGER,
    credits_pending INTEGER,
    credits_posted  INTEGER,
    PRIMARY KEY (tenant, account, at, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE promise (
    tenant     INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    state      INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX promise_expiry ON promise (expires_at) WHERE state = 0 AND expires_at IS NOT NULL;

-- Ids of transfers that were refused for what the accounts were then.
CREATE TABLE failed (
    tenant INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

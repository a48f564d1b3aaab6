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
    -- How many there are, the newest of them, and when that was.
    entries         INTEGER NOT NULL,
    newest          INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- What happened: transfers, and promises that expired. Each row is an entry of both its accounts and names the entry before it of each, 0 when it is the
-- first: the entries of an account are read along that chain. Rows are only appended, and no index is written in as many places as there are accounts.
CREATE TABLE journal (
    number          INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    -- Of the transfer; null where a promise expired.
    id              TEXT,
    -- The number of the promise that expired.
    expired         INTEGER,
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
    at              INTEGER NOT NULL,
    debit_entry     INTEGER NOT NULL,
    debit_before    INTEGER NOT NULL,
    credit_entry    INTEGER NOT NULL,
    credit_before   INTEGER NOT NULL,
    CHECK ((id IS NULL) <> (expired IS NULL))
) STRICT;
CREATE UNIQUE INDEX journal_id ON journal (tenant, id);

-- The way into the middle of a chain: every so many entries of an account, one. Neither time nor entry goes back along an account.
CREATE TABLE milestone (
    tenant  INTEGER NOT NULL,
    account TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    entry   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, at, entry)
) STRICT, WITHOUT ROWID;

-- The balance after an entry, of accounts that keep their history.
CREATE TABLE history (
    number          INTEGER NOT NULL,
    account         TEXT    NOT NULL,
    debits_pending  INTEGER NOT NULL,
    debits_posted   INTEGER NOT NULL,
    credits_pending INTEGER NOT NULL,
    credits_posted  INTEGER NOT NULL,
    PRIMARY KEY (number, account)
) STRICT, WITHOUT ROWID;

-- What became of pending transfers, by their number.
CREATE TABLE promise (
    number     INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    state      INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX promise_expiry ON promise (expires_at) WHERE state = 0 AND expires_at IS NOT NULL;

-- Ids of transfers that were refused for what the accounts were then.
CREATE TABLE failed (
    tenant INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

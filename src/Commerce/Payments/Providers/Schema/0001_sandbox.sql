-- What the sandbox provider knows. Nobody else reads it.

CREATE TABLE sandbox_charge (
    id               INTEGER PRIMARY KEY,
    tenant           INTEGER NOT NULL,
    -- The payment that the caller says it is for. Not unique: a caller who makes two charges for one payment gets two, as anywhere.
    payment          INTEGER NOT NULL,
    token            TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    authorized_minor INTEGER NOT NULL,
    captured_minor   INTEGER NOT NULL DEFAULT 0,
    refunded_minor   INTEGER NOT NULL DEFAULT 0,
    voided           INTEGER NOT NULL DEFAULT 0,
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor AND captured_minor <= authorized_minor),
    CHECK (voided = 0 OR captured_minor = 0)
) STRICT;
CREATE INDEX sandbox_charge_payment ON sandbox_charge (tenant, payment);

-- The first outcome of each idempotency key; null code means success.
CREATE TABLE sandbox_call (
    tenant INTEGER NOT NULL,
    key    TEXT    NOT NULL,
    charge TEXT,
    code   TEXT,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- Calls that never arrived, as the token told: the second time they do.
CREATE TABLE sandbox_lost (
    tenant INTEGER NOT NULL,
    key    TEXT    NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- What a customer has to prove, and what the provider keeps.
ALTER TABLE sandbox_charge ADD COLUMN proof INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_charge ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_call ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_charge ADD COLUMN return_url TEXT;
ALTER TABLE sandbox_call ADD COLUMN action_url TEXT;
ALTER TABLE sandbox_call ADD COLUMN is_pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_call ADD COLUMN is_available INTEGER NOT NULL DEFAULT 0;

-- Cards that are made ready for later charges, and whether their customers have proved who they are.
CREATE TABLE sandbox_setup (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    key    TEXT    NOT NULL,
    token  TEXT    NOT NULL,
    proof  INTEGER NOT NULL,
    UNIQUE (tenant, key)
) STRICT;

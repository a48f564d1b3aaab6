-- Money is taken in part, comes back in parts, and is asked of more than one provider.
ALTER TABLE payment ADD COLUMN provider TEXT NOT NULL DEFAULT 'sandbox';
ALTER TABLE payment ADD COLUMN refunding_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN capture_minor INTEGER;
ALTER TABLE payment ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN holds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN intent INTEGER;
ALTER TABLE payment ADD COLUMN customer INTEGER;
ALTER TABLE payment ADD COLUMN action_url TEXT;
ALTER TABLE payment ADD COLUMN is_taken_later INTEGER NOT NULL DEFAULT 1;
ALTER TABLE payment ADD COLUMN is_given_back INTEGER NOT NULL DEFAULT 0;

CREATE INDEX payment_intent ON payment (tenant, intent, id) WHERE intent IS NOT NULL;
CREATE INDEX payment_customer ON payment (tenant, customer, id) WHERE customer IS NOT NULL;

CREATE TABLE refund (
    tenant       INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    payment      INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    state        INTEGER NOT NULL,
    is_owed      INTEGER NOT NULL,
    reason       TEXT,
    code         TEXT,
    metadata     TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    is_accepted  INTEGER NOT NULL,
    turn         INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refund_payment ON refund (tenant, payment, id);

-- What a movement did to what a provider owes the tenant.
CREATE TABLE balance_transaction (
    tenant       INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    fee_minor    INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    payment      INTEGER,
    source       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX balance_transaction_source ON balance_transaction (tenant, source, kind);

-- Sums of the same, by the day from which they can be paid out.
CREATE TABLE balance_day (
    tenant       INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    available_at INTEGER NOT NULL,
    net_minor    INTEGER NOT NULL,
    PRIMARY KEY (tenant, currency, provider, available_at)
) STRICT, WITHOUT ROWID;

-- Customers, payment methods, intents, disputes, payouts and events: each a document.
CREATE TABLE record (
    tenant INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    id     INTEGER NOT NULL,
    owner  INTEGER,
    label  TEXT,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_owner ON record (tenant, kind, owner, id) WHERE owner IS NOT NULL;
CREATE INDEX record_label ON record (tenant, kind, label, id) WHERE label IS NOT NULL;

-- What a charge was made with, and for whom.
CREATE TABLE charge (
    tenant INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Notices of providers that were taken: each takes effect once.
CREATE TABLE notice (
    tenant   INTEGER NOT NULL,
    provider TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, provider, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_age ON notice (at);

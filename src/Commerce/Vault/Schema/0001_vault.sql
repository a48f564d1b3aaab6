-- Cards. Their numbers are sealed with data keys, data keys with root keys, and root keys are never here.

-- What the installation seals the cards of all tenants with, and the one key that makes fingerprints.
CREATE TABLE data_key (
    id          INTEGER PRIMARY KEY,
    purpose     INTEGER NOT NULL,
    root        TEXT    NOT NULL,
    wrapped     BLOB    NOT NULL,
    -- How many boxes it has sealed.
    encryptions INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE card (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    brand       INTEGER NOT NULL,
    last4       TEXT    NOT NULL,
    exp_month   INTEGER NOT NULL,
    exp_year    INTEGER NOT NULL,
    fingerprint TEXT    NOT NULL,
    funding     INTEGER NOT NULL,
    country     TEXT,
    -- What was given that a provider can check.
    checks      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    erased_at   INTEGER,
    -- Sealed; null once it is erased. The security code is nowhere.
    data_key    INTEGER,
    number      BLOB,
    holder      BLOB
) STRICT;
CREATE INDEX card_key ON card (data_key) WHERE data_key IS NOT NULL;
CREATE INDEX card_brand ON card (tenant, brand);

CREATE TABLE token (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    card        INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    redeemer    TEXT,
    redeemed_at INTEGER
) STRICT;
CREATE INDEX token_expiry ON token (expires_at) WHERE redeemer IS NULL;

-- What stands for a card at a provider.
CREATE TABLE provider_token (
    tenant   INTEGER NOT NULL,
    card     INTEGER NOT NULL,
    provider TEXT    NOT NULL,
    token    TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    PRIMARY KEY (card, provider)
) STRICT, WITHOUT ROWID;

-- Each time that all cards were asked to be sealed anew.
CREATE TABLE rotation (
    id       INTEGER PRIMARY KEY,
    -- Cards end up under this key, or a newer one.
    data_key INTEGER NOT NULL,
    cards    INTEGER NOT NULL,
    resealed INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE TABLE notification (
    id        INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    recipient TEXT    NOT NULL,
    kind      INTEGER NOT NULL,
    order_id  INTEGER NOT NULL,
    detail    TEXT    NOT NULL,
    read      INTEGER NOT NULL DEFAULT 0,
    -- The one before it in the same inbox; 0 when there was none.
    previous  INTEGER NOT NULL,
    -- Grows along the chain; ids of several processes need not.
    place     INTEGER NOT NULL
) STRICT;

CREATE TABLE inbox (
    tenant     INTEGER NOT NULL,
    recipient  TEXT    NOT NULL,
    newest     INTEGER NOT NULL,
    -- Of the newest.
    place      INTEGER NOT NULL,
    -- Everything up to this place counts as read: one row instead of a change to each notification.
    read_up_to INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, recipient)
) STRICT, WITHOUT ROWID;

-- Visitors who have turned out to be customers: what was published in the visitor's name and comes later is the customer's.
CREATE TABLE signed_in (
    tenant   INTEGER NOT NULL,
    visitor  TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, visitor)
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_in_at ON signed_in (at);

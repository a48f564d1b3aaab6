CREATE TABLE notification (
    id        INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    recipient TEXT    NOT NULL,
    kind      INTEGER NOT NULL,
    order_id  INTEGER NOT NULL,
    detail    TEXT    NOT NULL,
    read      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notification_inbox ON notification (tenant, recipient, id);

-- Everything up to an id counts as read: one row instead of a change to each notification.
CREATE TABLE inbox (
    tenant     INTEGER NOT NULL,
    recipient  TEXT    NOT NULL,
    read_up_to INTEGER NOT NULL,
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

CREATE TABLE pet (
    id       INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    owner    TEXT,
    metadata TEXT    NOT NULL
) STRICT;
CREATE INDEX pet_tenant ON pet (tenant, id);

-- What the systems of these tests keep: a log of effects, and rows with a number that never falls below zero.
CREATE TABLE effect (
    number INTEGER PRIMARY KEY,
    key    INTEGER NOT NULL,
    value  INTEGER NOT NULL,
    note   TEXT    NOT NULL
) STRICT;

CREATE TABLE account (
    name    TEXT    PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT;

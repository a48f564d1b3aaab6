-- Keys that seal cookies and forms, where several processes must open what one of them has sealed. An installation in files keeps them in a folder.
CREATE TABLE sealing_key (
    name TEXT PRIMARY KEY,
    xml  TEXT NOT NULL
) STRICT;

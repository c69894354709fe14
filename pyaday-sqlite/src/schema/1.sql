-- One row for each package.
CREATE TABLE package (
    normalized_name TEXT PRIMARY KEY, -- its identity: the name's normal form (PEP 503)
    name TEXT NOT NULL,               -- in the spelling that was given last
    short_desc TEXT NOT NULL,
    tags TEXT NOT NULL,               -- a JSON array of strings, sorted
    metadata TEXT NOT NULL,           -- a JSON object
    revision INTEGER NOT NULL,        -- which write of the catalogue made this version
    checksum INTEGER NOT NULL         -- CRC-32 (zlib's) of the columns before it, joined by NUL
) STRICT, WITHOUT ROWID;

-- One row.
CREATE TABLE catalogue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    packages INTEGER NOT NULL,        -- how many rows the table package has
    revision INTEGER NOT NULL,        -- of the newest write, were it a deletion
    checksum INTEGER NOT NULL         -- CRC-32 of the two columns before it, joined by NUL
) STRICT;

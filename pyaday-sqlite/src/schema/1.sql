-- One row for each package.
CREATE TABLE package (
    normalized_name TEXT PRIMARY KEY, -- the normal form of the name (PEP 503)
    name TEXT NOT NULL,               -- the spelling that was given last
    short_desc TEXT NOT NULL,
    tags TEXT NOT NULL,               -- a JSON array of strings, sorted
    metadata TEXT NOT NULL,           -- a JSON object
    revision INTEGER NOT NULL,        -- the revision of the write that made this version
    checksum INTEGER NOT NULL         -- CRC-32 (as in zlib) of the previous columns, joined by NUL
) STRICT, WITHOUT ROWID;

-- The state of the catalogue. The table has one row.
CREATE TABLE catalogue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    packages INTEGER NOT NULL,        -- the number of rows in the table package
    revision INTEGER NOT NULL,        -- of the newest write, which may be a deletion
    checksum INTEGER NOT NULL         -- CRC-32 of the two previous columns, joined by NUL
) STRICT;

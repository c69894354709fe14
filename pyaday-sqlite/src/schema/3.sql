-- The identity of the catalogue. The table has one row.
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL,               -- a random value, drawn when the file was made
    checksum INTEGER NOT NULL         -- CRC-32 of the previous column
) STRICT;

-- One row for each future day whose package is chosen. It replaces the table of schema 2.
DROP TABLE pin;
CREATE TABLE pin (
    date TEXT PRIMARY KEY,            -- in the format of ISO 8601
    normalized_name TEXT NOT NULL,    -- the normal form of the package's name
    revision INTEGER NOT NULL,        -- the revision of the write that made the pin
    checksum INTEGER NOT NULL         -- CRC-32 of the previous columns, joined by NUL
) STRICT, WITHOUT ROWID;

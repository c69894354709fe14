-- One row: which catalogue this is.
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL,               -- drawn at random when the file was made
    checksum INTEGER NOT NULL         -- CRC-32 of the column before it
) STRICT;

-- One row for each day to come whose package is chosen. It replaces the table of schema 2.
DROP TABLE pin;
CREATE TABLE pin (
    date TEXT PRIMARY KEY,            -- as ISO 8601 has it
    normalized_name TEXT NOT NULL,    -- the identity of the package
    revision INTEGER NOT NULL,        -- which write of the catalogue made the pin
    checksum INTEGER NOT NULL         -- CRC-32 of the columns before it, joined by NUL
) STRICT, WITHOUT ROWID;

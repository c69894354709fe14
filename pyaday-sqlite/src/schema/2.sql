-- One row for each day that was opened: the package of the day, as it was shown.
CREATE TABLE daily (
    date TEXT PRIMARY KEY,            -- as ISO 8601 has it
    cycle INTEGER NOT NULL,           -- from 1; within one, nothing is picked twice
    representation TEXT NOT NULL,     -- the package, a JSON object
    picked_at INTEGER NOT NULL,       -- seconds since 1970, UTC
    revision INTEGER NOT NULL,        -- which write of the catalogue opened the day
    checksum INTEGER NOT NULL         -- CRC-32 of the columns before it, joined by NUL
) STRICT, WITHOUT ROWID;

-- One row for each day to come whose package is chosen. Schema 3 replaces this table.
CREATE TABLE pin (
    date TEXT PRIMARY KEY,
    normalized_name TEXT NOT NULL,
    checksum INTEGER NOT NULL         -- CRC-32 of the two columns before it, joined by NUL
) STRICT, WITHOUT ROWID;

-- One row.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    days INTEGER NOT NULL,            -- how many rows the table daily has
    pins INTEGER NOT NULL,            -- how many rows the table pin has
    checksum INTEGER NOT NULL         -- CRC-32 of the two columns before it, joined by NUL
) STRICT;

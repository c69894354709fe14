-- One row for each day that was opened. It holds the package of the day as it was shown.
CREATE TABLE daily (
    date TEXT PRIMARY KEY,            -- in the format of ISO 8601
    cycle INTEGER NOT NULL,           -- counts from 1; no package is picked twice in a cycle
    representation TEXT NOT NULL,     -- the package, a JSON object
    picked_at INTEGER NOT NULL,       -- seconds since 1970, UTC
    revision INTEGER NOT NULL,        -- the revision of the write that opened the day
    checksum INTEGER NOT NULL         -- CRC-32 of the previous columns, joined by NUL
) STRICT, WITHOUT ROWID;

-- One row for each future day whose package is chosen. Schema 3 replaces this table.
CREATE TABLE pin (
    date TEXT PRIMARY KEY,
    normalized_name TEXT NOT NULL,
    checksum INTEGER NOT NULL         -- CRC-32 of the two previous columns, joined by NUL
) STRICT, WITHOUT ROWID;

-- The number of days and pins. The table has one row.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    days INTEGER NOT NULL,            -- the number of rows in the table daily
    pins INTEGER NOT NULL,            -- the number of rows in the table pin
    checksum INTEGER NOT NULL         -- CRC-32 of the two previous columns, joined by NUL
) STRICT;

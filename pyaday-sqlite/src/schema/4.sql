
-- One row for each write to packages or pins, except for those that were removed from the log.
CREATE TABLE change (
    revision INTEGER PRIMARY KEY,     -- the revision of the write
    at INTEGER NOT NULL,              -- seconds since 1970, UTC
    actor TEXT NOT NULL,              -- who made the write; empty if this is not known
    kind TEXT NOT NULL,               -- what the write did
    note TEXT NOT NULL,               -- what its author said about it; may be empty
    count INTEGER NOT NULL,           -- the number of packages and pins
    checksum INTEGER NOT NULL,        -- CRC-32 of the previous columns, joined by NUL
    names TEXT NOT NULL,              -- the first of the packages' normal forms, sorted, a space between two
    pins TEXT NOT NULL,               -- a JSON array of arrays: the date, the package before and after; may be empty
    content_checksum INTEGER NOT NULL -- CRC-32 of the revision, the names and the pins, joined by NUL
) STRICT;

-- The names that a row of the table change has no room for, some in each row.
CREATE TABLE more_names (
    revision INTEGER NOT NULL,        -- the revision of the write
    first TEXT NOT NULL,              -- the first of these names
    place INTEGER NOT NULL,           -- the number of names of the write that come before the first one
    names TEXT NOT NULL,              -- normal forms, sorted, a space between two
    checksum INTEGER NOT NULL,        -- CRC-32 of the previous columns, joined by NUL
    PRIMARY KEY (revision, first)
) STRICT;

-- One row for each version of a package that a write in the table change replaced or removed.
CREATE TABLE replaced (
    normalized_name TEXT NOT NULL,
    revision INTEGER NOT NULL,        -- the revision of the write that replaced or removed the version
    version INTEGER NOT NULL,         -- the revision of the write that had made the version
    representation TEXT NOT NULL,     -- the package, a JSON object
    checksum INTEGER NOT NULL,        -- CRC-32 of the previous columns, joined by NUL
    PRIMARY KEY (normalized_name, revision)
) STRICT, WITHOUT ROWID;

-- The extent of the log. The table has one row.
CREATE TABLE log (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    changes INTEGER NOT NULL,         -- the number of rows in the table change
    beginning INTEGER NOT NULL,       -- the log has all changes after this revision
    checksum INTEGER NOT NULL         -- CRC-32 of the two previous columns, joined by NUL
) STRICT;

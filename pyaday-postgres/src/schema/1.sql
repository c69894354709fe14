-- One row for each package.
CREATE TABLE pyaday.package (
    normalized_name text COLLATE "C" PRIMARY KEY, -- the normal form of the name (PEP 503)
    name text NOT NULL,                           -- the spelling that was given last
    short_desc text NOT NULL,
    tags text[] NOT NULL,                         -- sorted
    metadata json NOT NULL,                       -- an object
    revision bigint NOT NULL,                     -- the revision of the write that made this version
    slot bigint NOT NULL UNIQUE,                  -- numbers the rows from 0 without gaps, in no order
    search text COLLATE "C" NOT NULL              -- normalized_name, U+0001, short_desc in lower case
);

-- One row for each day that was opened. It holds the package of the day as it was shown.
CREATE TABLE pyaday.daily (
    date text COLLATE "C" PRIMARY KEY,            -- in the format of ISO 8601
    cycle integer NOT NULL,                       -- counts from 1; no package is picked twice in a cycle
    normalized_name text COLLATE "C" NOT NULL,
    representation text NOT NULL,                 -- the package, a JSON object
    picked_at bigint NOT NULL,                    -- seconds since 1970, UTC
    revision bigint NOT NULL                      -- the revision of the write that opened the day
);

-- One row for each future day whose package is chosen.
CREATE TABLE pyaday.pin (
    date text COLLATE "C" PRIMARY KEY,
    normalized_name text COLLATE "C" NOT NULL
);

-- The newest changes, in the order in which their transactions were committed. Other processes read
-- this table to follow the database. At least the last 100,000 changes are kept.
CREATE TABLE pyaday.change (
    position bigint PRIMARY KEY,                  -- counts from 0, without gaps
    revision bigint NOT NULL,                     -- the newest revision after the transaction
    token bigint NOT NULL,                        -- a random number for each transaction
    package text COLLATE "C",                     -- the normalized name of the package that changed,
    date text COLLATE "C"                         -- or the day that was opened, pinned or unpinned
);

-- One row. Each transaction that writes locks it first.
CREATE TABLE pyaday.head (
    id integer PRIMARY KEY CHECK (id = 1),
    schema integer NOT NULL,                      -- the number of this schema
    oldest integer NOT NULL,                      -- a release that knows at least this schema can use it
    revision bigint NOT NULL,                     -- of the newest write, which may be a deletion
    journal bigint NOT NULL,                      -- of the newest write to daily or pin
    packages bigint NOT NULL,                     -- the number of rows in the table package
    position bigint NOT NULL,                     -- the position of the last row of the table change,
    token bigint NOT NULL                         -- and the token of that row
) WITH (fillfactor = 10);

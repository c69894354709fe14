-- One row for each package.
CREATE TABLE pyaday.package (
    normalized_name text COLLATE "C" PRIMARY KEY, -- its identity: the name's normal form (PEP 503)
    name text NOT NULL,                           -- in the spelling that was given last
    short_desc text NOT NULL,
    tags text[] NOT NULL,                         -- sorted
    metadata json NOT NULL,                       -- an object
    revision bigint NOT NULL,                     -- which write of the catalogue made this version
    slot bigint NOT NULL UNIQUE,                  -- from 0, without gaps, in no order: what draws look for
    search text COLLATE "C" NOT NULL              -- normalized_name, U+0001, short_desc in lower case
);

-- One row for each day that was opened: the package of the day, as it was shown.
CREATE TABLE pyaday.daily (
    date text COLLATE "C" PRIMARY KEY,            -- as ISO 8601 has it
    cycle integer NOT NULL,                       -- from 1; within one, nothing is picked twice
    normalized_name text COLLATE "C" NOT NULL,
    representation text NOT NULL,                 -- the package, a JSON object
    picked_at bigint NOT NULL,                    -- seconds since 1970, UTC
    revision bigint NOT NULL                      -- which write of the catalogue opened the day
);

-- One row for each day to come whose package is chosen.
CREATE TABLE pyaday.pin (
    date text COLLATE "C" PRIMARY KEY,
    normalized_name text COLLATE "C" NOT NULL
);

-- The newest changes, in the order in which their transactions were committed: what other processes
-- read to follow. At least the last 100,000 are kept.
CREATE TABLE pyaday.change (
    position bigint PRIMARY KEY,                  -- from 0, without gaps
    revision bigint NOT NULL,                     -- the newest behind the transaction
    token bigint NOT NULL,                        -- a random number, the transaction's own
    package text COLLATE "C",                     -- the normalised name of what was written or removed,
    date text COLLATE "C"                         -- or the day that was opened, pinned or unpinned
);

-- One row, which each transaction that writes locks before anything else.
CREATE TABLE pyaday.head (
    id integer PRIMARY KEY CHECK (id = 1),
    schema integer NOT NULL,                      -- the number of this schema
    oldest integer NOT NULL,                      -- a release that knows this one can work with it
    revision bigint NOT NULL,                     -- of the newest write, were it a deletion
    journal bigint NOT NULL,                      -- of the newest write to daily or pin
    packages bigint NOT NULL,                     -- how many rows the table package has
    position bigint NOT NULL,                     -- that of the last row of the table change,
    token bigint NOT NULL                         -- and its token
) WITH (fillfactor = 10);

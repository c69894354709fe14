-- The table change becomes the log of all writes. Its old rows name only the newest packages that changed,
-- so the log begins after them.
DROP TABLE pyaday.change;

-- One row for each write, except for those that were removed from the log. Writes are in the order of
-- their revisions, which is the order in which their transactions were committed. Other processes read
-- this table to follow the database, and clients read it as the list of changes. The row with the
-- revision of the table head always exists.
CREATE TABLE pyaday.change (
    revision bigint PRIMARY KEY,                  -- the revision of the write
    token bigint NOT NULL,                        -- a random number for each transaction
    position bigint NOT NULL,                     -- the number of changes up to this one
    at bigint NOT NULL DEFAULT 0,                 -- seconds since 1970, UTC
    actor text NOT NULL DEFAULT '',               -- who made the write; empty if this is not known
    kind text NOT NULL DEFAULT '',                -- what it did; empty if it only opened days, or made the tables
    note text NOT NULL DEFAULT '',                -- what its author said about it; may be empty
    count bigint NOT NULL DEFAULT 0,              -- the number of packages and pins that it changed
    packages json NOT NULL DEFAULT '[]',          -- the normal forms of their names, sorted
    pins json NOT NULL DEFAULT '[]',              -- arrays: the date of the pin, the package before and after
    days json NOT NULL DEFAULT '[]'               -- the dates of all days that were opened, pinned or unpinned
);
INSERT INTO pyaday.change (revision, token, position) SELECT revision, token, position FROM pyaday.head;

-- One row for each version of a package that a write of the log replaced or removed.
CREATE TABLE pyaday.replaced (
    normalized_name text COLLATE "C",
    revision bigint,                              -- the revision of the write that replaced or removed it
    version bigint NOT NULL,                      -- the revision of the write that had made it
    representation text NOT NULL,                 -- the package, a JSON object
    PRIMARY KEY (normalized_name, revision)
);

-- One row. A process that removes changes from the log locks it. It does not lock the table head, so
-- nobody who writes waits for it.
CREATE TABLE pyaday.log (
    id integer PRIMARY KEY CHECK (id = 1),
    beginning bigint NOT NULL,                    -- the log has all changes after this revision
    forgotten bigint NOT NULL,                    -- no versions are left that writes up to this revision replaced
    names bigint NOT NULL DEFAULT 0               -- of how many packages of the next change none are left
);
INSERT INTO pyaday.log (id, beginning, forgotten)
    SELECT 1, beginning, beginning
    FROM (SELECT CASE position WHEN 0 THEN 0 ELSE revision END AS beginning FROM pyaday.head) AS first;

-- The identity of the catalogue's history. It is random, and stays the same as long as the tables are
-- kept.
ALTER TABLE pyaday.head ADD COLUMN store uuid;
UPDATE pyaday.head SET store = gen_random_uuid();
ALTER TABLE pyaday.head ALTER COLUMN store SET NOT NULL;

-- The revision of the write that made the pin. Existing pins get the revision of the newest write to the
-- tables daily and pin.
ALTER TABLE pyaday.pin ADD COLUMN revision bigint;
UPDATE pyaday.pin SET revision = (SELECT journal FROM pyaday.head);
ALTER TABLE pyaday.pin ALTER COLUMN revision SET NOT NULL;

-- A pick no longer depends on this column.
ALTER TABLE pyaday.head DROP COLUMN journal;

-- Packages are now drawn and searched in memory, so nothing needs these columns and this index.
ALTER TABLE pyaday.package DROP COLUMN slot, DROP COLUMN search;
DROP INDEX IF EXISTS pyaday.package_tags;

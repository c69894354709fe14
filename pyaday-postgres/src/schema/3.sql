-- Packages are drawn and searched in memory, so nothing needs these any more.
ALTER TABLE pyaday.package DROP COLUMN slot, DROP COLUMN search;
DROP INDEX IF EXISTS pyaday.package_tags;

#!/usr/bin/env python3
"""Makes a long history in a catalogue that has packages: history.py FILE|URL CHANGES

It replaces the history that is there. Each change replaces a package that is drawn, and the history
ends right before the newest revision. The packages themselves do not change. It prints nothing but
the name of one package that has a hundredth of the changes.
"""

import random
import sqlite3
import subprocess
import sys
import zlib


def checksum(*columns):
    return zlib.crc32("\0".join(map(str, columns)).encode())


def in_file(path, changes):
    database = sqlite3.connect(path, isolation_level=None)
    (newest,) = database.execute("SELECT revision FROM catalogue").fetchone()
    names = [name for (name,) in database.execute("SELECT normalized_name FROM package")]
    often, draw = names[len(names) // 2], random.Random(1)
    database.execute("BEGIN")
    database.execute("DELETE FROM change")
    database.execute("DELETE FROM more_names")
    database.execute("DELETE FROM replaced")
    newest_of, versions = {}, []
    first = newest - 2 * changes

    def rows():
        for step in range(changes):
            revision = first + 2 * step
            name = often if step % 100 == 0 else draw.choice(names)
            text = f'{{"name":"{name}","short_desc":"What the package is good for, as of step {step}"}}'
            version = newest_of.get(name, first - 1)
            newest_of[name] = revision
            versions.append((name, revision, version, text, checksum(name, revision, version, text)))
            head = (revision, 1_790_000_000 + step // 10, "", "update", "", 1)
            yield (*head, checksum(*head), name, "", checksum(revision, name, ""))

    database.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
    versions.sort()
    database.executemany("INSERT INTO replaced VALUES (?, ?, ?, ?, ?)", versions)
    extent = (changes, first - 1)
    database.execute("UPDATE log SET changes = ?, beginning = ?, checksum = ?", (*extent, checksum(*extent)))
    database.execute("COMMIT")
    print(often)


SQL = """
SET search_path = pyaday;
CREATE TEMPORARY TABLE names AS SELECT row_number() OVER () - 1 AS number, normalized_name AS name FROM package;
CREATE INDEX ON names (number);
ANALYZE names;
DELETE FROM change WHERE revision < (SELECT revision FROM head);
TRUNCATE replaced;
CREATE TEMPORARY TABLE step AS
SELECT step, (SELECT revision FROM head) - 2 * (:changes - step) AS revision,
       CASE WHEN step % 100 = 0 THEN (SELECT count(*) / 2 FROM names)
            ELSE floor(random() * (SELECT count(*) FROM names)) END::bigint AS number
FROM generate_series(0, :changes - 1) AS step;
INSERT INTO change (revision, token, position, at, kind, count, packages)
SELECT revision, 0, step - :changes, 1790000000 + step / 10, 'update', 1, json_build_array(name)
FROM step JOIN names USING (number);
INSERT INTO replaced
SELECT name, revision, lag(revision, 1, (SELECT min(revision) - 1 FROM step)) OVER (PARTITION BY name ORDER BY revision),
       format('{"name":"%s","short_desc":"What the package is good for, as of step %s"}', name, step)
FROM step JOIN names USING (number);
UPDATE log SET beginning = (SELECT min(revision) - 1 FROM step);
ANALYZE change, replaced;
SELECT name FROM names WHERE number = (SELECT count(*) / 2 FROM names);
"""


def main():
    target, changes = sys.argv[1], int(sys.argv[2])
    if "://" in target:
        psql = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-v", f"changes={changes}", target]
        subprocess.run(psql, input=SQL, text=True, check=True)
    else:
        in_file(target, changes)


if __name__ == "__main__":
    main()

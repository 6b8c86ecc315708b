#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# sqlite3 builds indexes over 200,000 rows and answers questions from them; the
# database must be the same file.
# processes: sqlite3
set -eu
if [ "$1" = prepare ]; then
	command -v sqlite3 >/dev/null || { echo 'no sqlite3 here' >&2; exit 77; }
	exit 0
fi
sqlite3 -bail rows.db <<'SQL'
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32000;
CREATE TABLE item(id INTEGER PRIMARY KEY, number INTEGER, word TEXT, payload TEXT);
BEGIN;
WITH RECURSIVE step(i, x) AS (
	SELECT 1, 12345
	UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM step WHERE i < 200000)
INSERT INTO item SELECT i, x, printf('%08x-%s', (x * 7919) % 4294967296, char(97 + x % 26, 97 + (x >> 8) % 26)),
	printf('%.*c', 10 + x % 120, 'p') FROM step;
COMMIT;
CREATE INDEX item_number ON item(number);
CREATE UNIQUE INDEX item_word ON item(word, id);
ANALYZE;
SELECT count(*), sum(number), min(word), max(word) FROM item;
SELECT substr(word, 10) AS tail, count(*) AS n, sum(length(payload)) FROM item GROUP BY tail ORDER BY n DESC, tail LIMIT 20;
SELECT count(*) FROM item a JOIN item b ON b.number = a.number + 1;
UPDATE item SET payload = payload || upper(word) WHERE number % 3 = 0;
DELETE FROM item WHERE number % 7 = 0;
SELECT count(*), sum(length(payload)), group_concat(id) FROM (SELECT * FROM item ORDER BY word LIMIT 50);
VACUUM;
PRAGMA integrity_check;
SQL
[ -z "${KMEMSIM_SHORT-}" ] || exit 0
sqlite3 rows.db .dump | cksum

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# python3 with threads, json, sqlite3 and decimal over a real recording; once with
# its own arenas above malloc, once with malloc for every object.
# processes: python3
set -eu
. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
python=/usr/bin/python3
if [ "$1" = prepare ]; then
	[ -x $python ] || { echo "no $python here" >&2; exit 77; }
	recording recording
	exit 0
fi
$python -I "$KMEMSIM_ROOT/tests/library/programs/workload.py" "$2/recording" "$KMEMSIM_ROOT/tests/golden/loopback-http.json" arenas.db
[ -z "${KMEMSIM_SHORT-}" ] || exit 0
PYTHONMALLOC=malloc $python "$KMEMSIM_ROOT/tests/library/programs/workload.py" "$2/recording" "$KMEMSIM_ROOT/tests/golden/loopback-http.json" malloc.db

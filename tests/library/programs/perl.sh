#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# perl: hashes, strings, regular expressions and closures over a real recording.
# processes: perl
set -eu
. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
if [ "$1" = prepare ]; then
	command -v perl >/dev/null || { echo 'no perl here' >&2; exit 77; }
	recording recording
	exit 0
fi
PERL_HASH_SEED=0 perl "$KMEMSIM_ROOT/tests/library/programs/workload.pl" "$2/recording"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# sort --parallel: in memory, through temporary files that a child compresses, and
# a merge of what was sorted.
# processes: sort
set -eu
. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
if [ "$1" = prepare ]; then
	recording recording
	rows=1000000
	[ -z "${KMEMSIM_SHORT-}" ] || rows=400000
	awk -v rows=$rows 'BEGIN {
		seed = 1
		for (i = 0; i < rows; i++) { seed = (seed * 16807) % 2147483647; print seed, i % 977, "row" }
	}' >numbers
	exit 0
fi
sort --parallel=4 -S 256M "$2/numbers" >by_text
sort --parallel=4 -S 256M -k 6,6 -k 5,5 -k 1 "$2/recording" | cksum
[ -z "${KMEMSIM_SHORT-}" ] || exit 0
mkdir scratch
sort --parallel=4 -S 4M -T scratch --compress-program=gzip -k 2,2n -k 1,1n "$2/numbers" >by_number
sort --parallel=2 -u -k 2,2n by_text >unique
sort -m -k 1,1 by_text by_text | cksum

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh BUILD PERCENT LAYER...: gcov's line coverage of each layer's own
# files after a test run in BUILD; fails where a layer is below PERCENT.
set -eu
build=$1 least=$2
shift 2
status=0
for layer in "$@"; do
	find "$build/$layer" -name '*.gcda' -exec gcov -n {} + 2>/dev/null |
		awk -v layer="$layer" -v least="$least" '
		/^File / { own = index($0, "'"'"'" layer "/") && /\.c'"'"'$/ }
		own && /^Lines executed:/ {
			split($0, part, "[:% ]+")
			covered += part[3] * part[5] / 100
			lines += part[5]
			own = 0
		}
		END {
			percent = lines ? 100 * covered / lines : 0
			printf "  %-8s %5.1f %% of %d lines\n", layer, percent, lines
			exit percent < least
		}' || status=1
done
[ $status = 0 ] || echo "line coverage below $least %" >&2
exit $status

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# readme.sh BUILD: the excerpt in README.md must be what the program prints. Each
# line between the two marks that starts with four blanks has to stand in the report.
set -eu
cd "$(dirname "$0")/.."
build=$1
"$build/kmemsim" run --no-timing tests/traces/loopback-http.perf.txt.zst > "$build/report.txt"
awk '/^<!-- report -->/ { on = 1; next } /^<!-- end -->/ { on = 0 } on && /^    / { print substr($0, 5) }' \
	README.md > "$build/readme.txt"
[ -s "$build/readme.txt" ] || { echo 'README.md: no excerpt of a report' >&2; exit 1; }
bad=0
while IFS= read -r line; do
	grep -qxF -- "$line" "$build/report.txt" || {
		echo "README.md shows a line that no report has: $line" >&2
		bad=1
	}
done < "$build/readme.txt"
exit $bad

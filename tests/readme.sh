#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# readme.sh BUILD: the excerpts in README.md must be what the program prints, and what
# the file shown says. Each line between two marks that starts with four blanks has to stand there.
set -eu
cd "$(dirname "$0")/.."
build=$1
scenario=docs/scenarios/copy-on-write.vm
bad=0

# $1 the mark, $2 the file that has its lines
check() {
	awk -v mark="<!-- $1 -->" '$0 == mark { on = 1; next } /^<!-- end -->/ { on = 0 } on && /^    / { print substr($0, 5) }' \
		README.md > "$build/readme.txt"
	[ -s "$build/readme.txt" ] || { echo "README.md: nothing is marked as $1" >&2; exit 1; }
	while IFS= read -r line; do
		grep -qxF -- "$line" "$2" || {
			echo "README.md shows a line that no $1 has: $line" >&2
			bad=1
		}
	done < "$build/readme.txt"
}

"$build/kmemsim" run --no-timing tests/traces/loopback-http.perf.txt.zst > "$build/report.txt"
check report "$build/report.txt"
check scenario "$scenario"
"$build/kmemsim" run "$scenario" > "$build/report.txt"
check "report of the scenario" "$build/report.txt"
exit $bad

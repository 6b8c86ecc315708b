#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The excerpt in README.md must be what the program prints: every line of its
# block that starts with four blanks has to stand in the golden report.
set -eu
cd "$(dirname "$0")/.."
awk '/^<!-- report -->/ { on = 1; next } /^<!-- end -->/ { on = 0 } on && /^    / { print substr($0, 5) }' README.md > "${1:-build}/readme.txt"
[ -s "${1:-build}/readme.txt" ] || { echo 'README.md: no excerpt of a report' >&2; exit 1; }
bad=0
while IFS= read -r line; do
	grep -qxF -- "$line" tests/golden/loopback-http.txt || { echo "README.md shows a line that no report has: $line" >&2; bad=1; }
done < "${1:-build}/readme.txt"
exit $bad

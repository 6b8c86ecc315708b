#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# summary.sh FILE: what the test programs wrote there (see tests/main.c), in two lines:
# suites, with what was skipped and why, and tests. Status 1 where one failed.
set -eu
awk '
$1 == "program" {
	programs += !seen[$2]++
	suites += $3; bad_suites += $4; passed += $5; failed += $6; skipped += $7
}
# A crash is a failure, whatever the program had passed before it.
$1 == "broken" {
	sub(/^broken /, "")
	failed++
	broken = broken "; " $0
}
$1 == "skip" {
	sub(/^skip [^ ]* /, "")
	if (!why[$0]++)
		reason[++reasons] = $0
}
END {
	line = "check: " suites - bad_suites " of " suites + 0 " suites in " programs + 0 (programs == 1 ? " program" : " programs") " passed" broken
	for (i = 1; i <= reasons; i++)
		line = line (i == 1 ? "; skipped: " : ", ") why[reason[i]] (why[reason[i]] == 1 ? " test" : " tests") \
			" (" reason[i] ")"
	print line
	print "check: " passed + 0 " passed, " failed + 0 " failed, " skipped + 0 " skipped"
	exit failed > 0
}' "$1"

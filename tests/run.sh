#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh BUILD [-v]: all test programs of a build folder, one after another, and two
# lines at the end for all of them. A program that fails, or ends without a result,
# fails the whole, but the others still run.
set -eu
build=$1
shift
summary=$build/summary
: > "$summary"
status=0
# Sanitizers must not hide behind an allocator that returns memory it has not got.
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
for program in kmemsim-tests-tsan kmemsim-tests-library kmemsim-tests-odd kmemsim-tests; do
	KMEMSIM_SUMMARY=$summary "$build/$program" "$@" && continue
	status=1
	# program NAME SUITES BAD-SUITES PASSED FAILED SKIPPED
	if ! grep -q "^program $program " "$summary"; then
		echo "broken $program ended without a result" >> "$summary"
	elif grep -q "^program $program [0-9]* [0-9]* [0-9]* 0 " "$summary"; then
		echo "broken $program failed after its tests" >> "$summary"
	fi
done
sh "$(dirname "$0")/summary.sh" "$summary" || status=1
exit $status

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh BUILD [-v]: all test programs of a build folder, in two halves at a time for
# two CPUs, and two lines at the end for all of them. What the second half says comes behind
# the first. A program that fails, or ends without a result, fails the whole, but the
# others still run.
set -eu
build=$1
shift
summary=$build/summary
rm -f "$summary" "$summary".*
# Sanitizers must not hide behind an allocator that returns memory it has not got.
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

# Program $1 with all that follows; its result goes to a file of its own.
run() {
	program=$1 result=$summary.$2
	shift 2
	: >"$result"
	KMEMSIM_SUMMARY=$result "$build/$program" "$@" && return
	# program NAME SUITES BAD-SUITES PASSED FAILED SKIPPED
	if ! grep -q "^program $program " "$result"; then
		echo "broken $program ended without a result" >>"$result"
	elif grep -q "^program $program [0-9]* [0-9]* [0-9]* 0 " "$result"; then
		echo "broken $program failed after its tests" >>"$result"
	fi
}

{
	run kmemsim-tests-tsan 1 "$@"
	run kmemsim-tests-library 2 "$@"
	run kmemsim-tests-odd 3 "$@"
	run kmemsim-tests 4 -p 2/2 "$@"
} >"$build/tests.log" 2>&1 &
run kmemsim-tests 5 -p 1/2 "$@"
wait
cat "$build/tests.log"
cat "$summary".[1-5] >"$summary"
sh "$(dirname "$0")/summary.sh" "$summary"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Small programs on libkmemsim-malloc.so, each for one behaviour. What is wrong is
# said; all tests run whatever happens.
#	$1	build folder
set -u
lib=$(realpath "$1/libkmemsim-malloc.so")
bin=$(realpath "$1/preload")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
	echo "tests/preload.sh: $*" >&2
	bad=1
}

# Run a program preloaded: its output in $tmp/out, what the library says in $tmp/err, status in $status.
# $1 options, then the command.
run() {
	options=$1
	shift
	KMEMSIM_OPTIONS=$options LD_PRELOAD=$lib timeout 60 "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# A preload that the loader leaves out would let every test pass.
run '' cat /proc/self/maps
grep -q libkmemsim-malloc.so "$tmp/out" || fail 'the library is not loaded at all'

# Calls answer as glibc's do: errno, alignment, contents, sizes of 0 and beyond all memory.
"$bin/contract" >"$tmp/glibc" || fail 'contract fails on glibc'
run '' "$bin/contract"
[ $status -eq 0 ] || fail "contract: status $status"
diff "$tmp/glibc" "$tmp/out" >"$tmp/diff" || {
	fail 'answers that are not glibc'\''s (< glibc, > ours):'
	head -20 "$tmp/diff" >&2
}

# With little address space the heap is small, and still there.
for kib in 2000000 300000 60000; do
	got=$(ulimit -v $kib; LD_PRELOAD=$lib timeout 60 perl -e 'print "here\n"' 2>&1)
	[ "$got" = here ] || fail "ulimit -v $kib: $got"
done

exit $bad

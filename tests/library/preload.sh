#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Small programs on libkmemsim-malloc.so, each for one behaviour. What is wrong is
# said; all tests run whatever happens.
#	$1	build folder
set -u
lib=$(realpath "$1/libkmemsim-malloc.so")
plain=$(realpath "$1/libkmemsim.so")
bin=$(realpath "$1/preload")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
	echo "tests/library/preload.sh: $*" >&2
	bad=1
}

# Run a program preloaded: its output in $tmp/out, what the library says in $tmp/err, status in $status.
# $1 options, then the command.
run() {
	options=$1
	shift
	timeout 60 env KMEMSIM_OPTIONS="$options" LD_PRELOAD="$lib" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# A preload that the loader leaves out would let every test pass.
run '' cat /proc/self/maps
grep -q libkmemsim-malloc.so "$tmp/out" || fail 'the library is not loaded at all'

# Calls answer as glibc's do: errno, alignment, contents, sizes of 0 and beyond all memory; also
# where every call is checked.
"$bin/contract" >"$tmp/glibc" || fail 'contract fails on glibc'
for options in '' debug=FZPU arena=64M; do
	run "$options" "$bin/contract"
	[ $status -eq 0 ] || fail "contract ($options): status $status"
	diff "$tmp/glibc" "$tmp/out" >"$tmp/diff" || {
		fail "contract ($options): answers that are not glibc's (< glibc, > ours):"
		head -20 "$tmp/diff" >&2
	}
	[ -s "$tmp/err" ] && fail "contract ($options): complaints: $(head -5 "$tmp/err")"
done

# Each fault is reported by its kind, with who allocated, and the program goes on; with stop=yes it does not.
# $1 fault, $2 what is said of it
expect() {
	run debug=FZPU "$bin/faults" "$1"
	[ $status -eq 0 ] || fail "$1: status $status"
	grep -q "$2" "$tmp/err" || fail "$1: nothing is said of '$2': $(head -3 "$tmp/err")"
	[ "$1" = foreign-free ] || grep -qi 'allocated in faults+0x' "$tmp/err" || fail "$1: not said who allocated"
	[ "$(grep -c '^BUG\|overrun at\|no block' "$tmp/err")" -eq 1 ] || fail "$1: said more than once"
	[ "$1" = overrun-kept ] || grep -q 'went on' "$tmp/out" || fail "$1: the program did not go on"
	run debug=FZPU:stop=yes "$bin/faults" "$1"
	[ $status -eq 134 ] || fail "$1: not stopped, status $status"
}
expect overrun 'right red zone overwritten'
expect overrun-large 'overrun at'
expect overrun-kept 'right red zone overwritten'
expect underrun 'left red zone overwritten'
expect double-free 'double free'
expect use-after-free 'free object overwritten'
expect wild-free 'free of an address where no object starts'
expect foreign-free 'which is no block of the heap'

# Options count from the first call to the library on, whichever that is.
# $1 call, $2 what is said
expect_first() {
	env KMEMSIM_OPTIONS=debug=FZPU:stop=yes LD_PRELOAD="$plain" "$bin/first" "$1" 2>"$tmp/err"
	status=$?
	[ $status -eq 134 ] && grep -q "$2" "$tmp/err" || fail "first call $1: status $status, $(head -1 "$tmp/err")"
}
for call in malloc calloc realloc memalign; do
	expect_first "$call" 'overrun at'
done
expect_first free 'which is no block of the heap'

# Constructors that resize blocks: of the program, and of a cache's objects.
for options in '' debug=FZPU; do
	run "$options" "$bin/construct"
	grep -q 'constructed, 0 wrong' "$tmp/out" || fail "construct ($options): status $status $(cat "$tmp/out")"
	[ -s "$tmp/err" ] && fail "construct ($options): complaints: $(head -5 "$tmp/err")"
done

# A handler of abort()'s signal may use the heap, and descriptors that are the program's stay its own.
run debug=FZPU:stop=yes "$bin/faults" handled
[ $status -eq 3 ] || fail "handled: status $status"
run debug=FZPU "$bin/faults" closed
[ $status -eq 0 ] || fail "closed: status $status"

# What only a lost block points to is reachable; what nothing points to is a leak, by call site.
run leaks=yes "$bin/faults" leak
# Some of the 100 may still have their address in a register or where the stack was.
grep -q 'leak: [0-9]* bytes in \(9[0-9]\|100\) objects, allocated in faults+0x' "$tmp/err" || fail "leak: $(cat "$tmp/err")"
[ "$(grep -c 'leak:' "$tmp/err")" -eq 1 ] || fail "leak: more than one: $(cat "$tmp/err")"

# Nothing is wrong with these, and nothing is said.
run debug=FZPU sh -c 'ls -l / | sort | tail -1'
[ -s "$tmp/err" ] && fail "complaints about a shell: $(head -5 "$tmp/err")"

# Wrong settings are said, the others count.
run arena=1x:stop=yes:debug=F "$bin/faults" double-free
grep -q "'arena=1x' is not understood" "$tmp/err" || fail 'a wrong setting passes in silence'
[ $status -eq 134 ] || fail 'a wrong setting spoils the others'

# A variable whose name only ends like ours is none; the thread is reported by its number.
XKMEMSIM_OPTIONS=stop=yes run debug=FZPU "$bin/faults" double-free
[ $status -eq 0 ] || fail "XKMEMSIM_OPTIONS is read: status $status"
pid=$(sed -n 's/^kmemsim\[\([0-9]*\)\].*/\1/p' "$tmp/err" | head -1)
[ "$(grep -c "in faults.* pid=$pid " "$tmp/err")" -eq 3 ] || fail "not all was done by $pid: $(head -6 "$tmp/err")"

# No more memory: an arena of 64 MiB, then a limit of the host's.
run arena=64M "$bin/exhaust"
grep -q 'full and empty' "$tmp/out" || fail "an arena that is full: status $status $(cat "$tmp/out")"
run '' sh -c "ulimit -v 600000 && exec '$bin/exhaust'"
grep -q 'full and empty' "$tmp/out" || fail "a limit of address space: status $status $(cat "$tmp/out")"

# The report at exit, of every process its own: the figures balance; and as text.
# $1 options beside it, $2 whether sizes asked for are known
report() {
	rm -f "$tmp"/report.*
	run "report_json=$tmp/report.%p$1" "$bin/forks"
	[ $status -eq 0 ] || fail "report$1: status $status"
	[ "$(ls "$tmp"/report.* | wc -l)" -eq 2 ] || fail "report$1: not one for each process"
	for file in "$tmp"/report.*; do
		python3 tests/library/preload/report.py "$file" docs/metrics.md "$2" || fail "report$1: see above"
	done
}
report '' unknown
report :debug=ZU known
run report=- ls /
grep -q 'Internal fragmentation' "$tmp/err" || fail "no report on standard error at ls's exit"
run report=/nowhere/at/all ls /
[ $status -eq 0 ] && grep -q "'/nowhere/at/all' can't be written" "$tmp/err" || fail 'a file that is none'

# On SIGUSR2, in the middle of calls; but not to a program that wants the signal itself.
run "report_json=$tmp/asked" "$bin/usr2" "$tmp/asked"
[ $status -eq 0 ] && grep -q reported "$tmp/out" || fail "SIGUSR2: status $status"
run "report=$tmp/asked" "$bin/usr2" "$tmp/asked" own
[ $status -eq 0 ] || fail "SIGUSR2 of the program's own: status $status"

# Nor do reports, forks and stdio in several threads wait for one another for ever.
run "report=$tmp/storm" "$bin/storm"
[ $status -eq 0 ] || fail "storm: status $status"

# Where address space is short, or what may be written to, and the heap is built only at the second
# or third attempt, it is as good as any other.
# $1 ulimit's letter
short_of() {
	for kib in 90000 95000 100000 110000 130000 200000 1000000; do
		(ulimit "$1" $kib; run '' "$bin/whole"; exit $status)
		status=$?
		[ $status -eq 0 ] || fail "ulimit $1 $kib: status $status"
	done
}
short_of -v
short_of -d
# Nor does it take what a program needs that sets itself a limit, whether or not there are options.
run '' "$bin/limited"
[ $status -eq 0 ] || fail "limited, an empty setting: status $status"
env -u KMEMSIM_OPTIONS LD_PRELOAD="$lib" "$bin/limited" || fail "limited: status $?"

# A program whose open() waits for a lock: the library does not call it.
timeout 20 env KMEMSIM_OPTIONS=debug=FZPU "$bin/hooks" "$plain" >"$tmp/out"
status=$?
grep -q '^started, 0 calls' "$tmp/out" || fail "hooks: status $status $(cat "$tmp/out")"

# A thread that ends after the library was unloaded.
"$bin/unload" "$1/libkmemsim.so" || fail "unload: status $?"

exit $bad

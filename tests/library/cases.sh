#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs that public bug reports of other mallocs gave the idea for, on
# libkmemsim-malloc.so: tests/data/cases/malloc-*/, copies of the shared folder's, held against
# those where they are. What is wrong is said; all run whatever happens.
#	$1	build folder
set -u
cd "$(dirname "$0")/../.."
build=$(realpath "$1")
lib=$build/libkmemsim-malloc.so
data=$PWD/tests/data/cases
shared=${KMEMSIM_SHARED:-$PWD/../shared}/cases
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
	echo "tests/library/cases.sh: $*" >&2
	bad=1
}

for copy in "$data"/malloc-*/*; do
	original=$shared/${copy#"$data"/}
	[ ! -f "$original" ] || cmp -s "$original" "$copy" || fail "$copy is no copy of $original"
done

# $1 case, $2 its source without .c, then more of the command
compile() {
	source=$data/malloc-$1/$2.c
	program=$tmp/$2
	shift 2
	# shellcheck disable=SC2086
	${CC:-cc} -O1 -w -o "$program" "$source" "$@" -lpthread || fail "$source is not compiled"
}

# $1 options, $2 the line that is to come out (an extended regular expression), then the command.
expect() {
	options=$1
	line=$2
	shift 2
	timeout 120 env KMEMSIM_OPTIONS="$options" LD_PRELOAD="$lib" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ $status -eq 0 ] && [ ! -s "$tmp/err" ] && { [ -z "$line" ] || grep -Eqx "$line" "$tmp/out"; } ||
		fail "$* ($options): status $status, $(cat "$tmp/out") $(head -3 "$tmp/err"), expected '$line'"
}

# fork() with handlers registered before ours that allocate, or end a thread that does: bit 0 before
# the fork, bit 1 a thread, bit 2 after it; bit 3: when the only other thread has ended.
name=atfork-handler-uses-malloc
${CC:-cc} -O1 -w -shared -fPIC "$data/malloc-$name/atfork_lib.c" -o "$tmp/libatfork.so"
compile $name atfork -L"$tmp" -latfork -Wl,-rpath,"$tmp"
for mode in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	expect '' done "$tmp/atfork" $mode
done
expect debug=FZPU done "$tmp/atfork" 7

# Edges of the calls: what glibc answers.
compile edge edge
want=$("$tmp/edge")
[ -n "$want" ] || fail 'edge: glibc says nothing'
for options in '' debug=FZPU; do
	expect "$options" '.*' "$tmp/edge"
	[ "$(cat "$tmp/out")" = "$want" ] || fail "edge ($options): $(cat "$tmp/out"), with glibc $want"
done

# fork() by several threads while others allocate, by signal handlers, beside name look-ups; vfork().
for program in forkt signals vf nss2; do
	compile fork-in-threads $program
done
expect '' done "$tmp/forkt"
expect '' done "$tmp/signals"
expect '' done "$tmp/vf"
for delay in 0 1000 100000 1000000; do
	expect '' '' "$tmp/nss2" $delay
done

# Destructors of a thread's data that allocate after ours have run.
${CXX:-g++} -O1 -w -o "$tmp/tlsdtor" "$data/malloc-late-destructors/tlsdtor.cc" -lpthread ||
	fail 'tlsdtor.cc is not compiled'
for options in '' debug=FZPU; do
	expect "$options" done "$tmp/tlsdtor"
done

compile main-thread-ends mainexit
expect '' done "$tmp/mainexit"

# Freed memory goes back by itself, and nearly all of it when asked for.
# $1 most MiB after all is free, $2 most after malloc_trim(), then hoard's arguments.
hoard() {
	after=$1
	trimmed=$2
	shift 2
	expect '' 'peak.*' "$tmp/hoard" "$@"
	awk -v after="$after" -v trimmed="$trimmed" '{ exit !($2 > 300 && $4 <= after && $6 <= trimmed) }' "$tmp/out" ||
		fail "hoard $*: $(cat "$tmp/out"), expected at most $after, then $trimmed"
}
compile rss-after-free hoard
hoard 100 30 3000000 120
hoard 60 20 1023 1048576

# A filter that kills for any call but a few.
compile seccomp sstrict
for options in '' debug=FZPU; do
	expect "$options" ok "$tmp/sstrict"
	expect "$options" ok "$tmp/sstrict" x
done
# Nothing asked for, so that the heap is built behind the filter.
env -u KMEMSIM_OPTIONS LD_PRELOAD="$lib" "$tmp/sstrict" >"$tmp/out" || fail "sstrict without options: $?"

compile small-stack smallstack
for options in '' debug=FZPU; do
	expect "$options" 'ok [0-9]+' "$tmp/smallstack"
done

# Loaded late, when other libraries have taken most of the room for threads' variables.
for i in 1 2 3; do
	sed 's/700/400/' "$data/malloc-static-tls/tlsx.c" >"$tmp/tx$i.c"
	${CC:-cc} -shared -fPIC -o "$tmp/tx$i.so" "$tmp/tx$i.c"
done
python3 - "$tmp/tx1.so" "$tmp/tx2.so" "$tmp/tx3.so" "$build/libkmemsim.so" "$lib" 2>"$tmp/err" <<'EOF' ||
import ctypes, sys
for path in sys.argv[1:]:
    ctypes.CDLL(path)
EOF
	fail "static TLS: $(tail -1 "$tmp/err")"
compile static-tls dlo
timeout 60 "$tmp/dlo" "$build/libkmemsim.so" kms_malloc >"$tmp/out" || fail "dlo: $(cat "$tmp/out")"

exit $bad

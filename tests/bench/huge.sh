#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make bench-huge: huge.sh BUILD [EVENTS]: a trace of EVENTS (a billion) events of steady
# churn, made and replayed: from a .kmt file, for which nothing is kept, and through a pipe,
# for which a temporary file is needed that the program tells of. Prints elapsed time, CPU
# time and peak memory of each step. A billion events take 5 GB of disk for the trace and as
# much for the temporary file, both in $TMPDIR or /tmp. Not part of CI.
set -eu
build=$1
events=${2:-1000000000}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/kmemsim-huge.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# $1: what it is; the rest: a command.
step() {
	what=$1
	shift
	if ! /usr/bin/time -f '%e s elapsed, %U s user, %S s system, %M KiB at its peak' -o "$scratch/time" \
			"$@" >"$scratch/out" 2>"$scratch/messages"; then
		cat "$scratch/messages" >&2
		exit 1
	fi
	printf '%-28s %s\n' "$what" "$(tail -n 1 "$scratch/time")"
	grep 'temporary file' "$scratch/messages" || :
}

# What a report says of the trace and the memory, without the lines that tell times and the input's name.
same() {
	grep -v -e ' took ' -e ' rate' -e '  whole' -e '  file ' -e 'page faults' -e 'minor faults' -e 'major faults' "$1"
}

printf '%s events, memory of this machine: %s KiB\n' "$events" "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
step 'made' "$build/kmemsim" gen -q --events="$events" -o "$scratch/huge.kmt" churn
printf '%-28s %s bytes\n' 'the trace' "$(wc -c <"$scratch/huge.kmt")"
step 'replayed from the file' "$build/kmemsim" run "$scratch/huge.kmt"
same "$scratch/out" >"$scratch/from-file"
step 'replayed through a pipe' sh -c 'cat "$1" | "$0" run -' "$build/kmemsim" "$scratch/huge.kmt"
same "$scratch/out" >"$scratch/from-pipe"
cmp "$scratch/from-file" "$scratch/from-pipe"
echo 'both reports are the same'

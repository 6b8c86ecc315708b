#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make bench: the whole table. $1 is the build folder. perf's recordings come
# from the shared folder beside the checkout (KMEMSIM_SHARED names another);
# their text, which takes perf long to make, is kept in the build folder.
set -eu
build=$1
shared=${KMEMSIM_SHARED:-$(dirname "$0")/../../../shared}
micro_rounds=${BENCH_ROUNDS:-15}
run_rounds=${BENCH_RUNS:-5}

printf 'CPU: %s, Linux %s, load %s\n' \
	"$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)" "$(uname -r)" \
	"$(cut -d' ' -f1 /proc/loadavg)"
printf 'Medians of %s rounds (recordings: %s); the contestants take turns on one CPU.\n' \
	"$micro_rounds" "$run_rounds"
"$build/kmemsim-bench" micro "$micro_rounds"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/kmemsim-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$build/bench"
for name in find-tar build; do
	if [ ! -r "$shared/traces/$name.data.zst" ]; then
		printf '\nRecording %s: skipped, %s/traces/%s.data.zst is not there\n' "$name" "$shared" "$name"
		continue
	fi
	zstd -q -d -f -o "$scratch/$name.data" "$shared/traces/$name.data.zst"
	if [ ! -s "$build/bench/$name.txt" ]; then
		printf '\nRecording %s: perf script makes its text, once\n' "$name"
		perf script -i "$scratch/$name.data" >"$scratch/$name.txt" 2>/dev/null
		mv "$scratch/$name.txt" "$build/bench/$name.txt"
	fi
	"$build/kmemsim-bench" recording "$run_rounds" "$name" "$build/bench/$name.txt" \
		"$scratch/$name.data" "$build/kmemsim"
	rm -f "$scratch/$name.data"
done

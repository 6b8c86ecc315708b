#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make bench: the tables of the allocators ($2 is "memory") or of traces ("traces"),
# also left in bench/$2.txt of the build folder $1; the library's part as
# bench/library.json too. perf's recordings come from the shared folder beside the
# checkout (KMEMSIM_SHARED names another); their text, which takes perf long to
# make, is kept in the build folder.
set -eu
build=$1
what=$2
shared=${KMEMSIM_SHARED:-$(dirname "$0")/../../../shared}
micro_rounds=${BENCH_ROUNDS:-15}
run_rounds=${BENCH_RUNS:-5}

tables() {
	printf 'CPU: %s, Linux %s, load %s\n' \
		"$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)" "$(uname -r)" \
		"$(cut -d' ' -f1 /proc/loadavg)"
	printf 'Medians of %s rounds (recordings and programs: %s); the contestants take turns on the same CPUs.\n' \
		"$micro_rounds" "$run_rounds"
	"${what}_tables"
}

memory_tables() {
	"$build/kmemsim-bench" library "$micro_rounds" "$build" "$build/bench/library.json"
	BENCH_RUNS=$run_rounds sh "$(dirname "$0")/programs.sh" "$build"
	"$build/kmemsim-bench" micro "$micro_rounds"
}

traces_tables() {
	for name in find-tar build; do
		recording "$name"
	done
	heap_trace churn
	accesses
	"$build/kmemsim-bench" tlb "$micro_rounds"
	"$build/kmemsim-bench" processes "$micro_rounds" "$build/kmemsim"
	lengths
}

heap_trace() {
	if [ ! -r "$shared/traces/$1.rep.zst" ]; then
		printf '\nHeap trace %s: skipped, %s/traces/%s.rep.zst is not there\n' "$1" "$shared" "$1"
		return
	fi
	"$build/kmemsim-bench" heap "$micro_rounds" "$1" "$shared/traces/$1.rep.zst"
}

lengths() {
	"$build/kmemsim" gen -q --events=2000000 -o "$scratch/short.kmt" churn
	"$build/kmemsim" gen -q --events=12000000 -o "$scratch/long.kmt" churn
	"$build/kmemsim-bench" lengths "$run_rounds" "$build/kmemsim" "$scratch/short.kmt" "$scratch/long.kmt"
	rm -f "$scratch/short.kmt" "$scratch/long.kmt"
}

accesses() {
	if [ ! -r "$shared/traces/lackey-ls.txt.zst" ]; then
		printf '\nMemory accesses: skipped, %s/traces/lackey-ls.txt.zst is not there\n' "$shared"
		return
	fi
	zstd -q -d -f -o "$scratch/lackey.txt" "$shared/traces/lackey-ls.txt.zst"
	"$build/kmemsim" convert -q -o "$scratch/lackey.kmt" "$scratch/lackey.txt"
	"$build/kmemsim-bench" accesses "$micro_rounds" "$scratch/lackey.txt" "$scratch/lackey.kmt"
	rm -f "$scratch/lackey.txt" "$scratch/lackey.kmt"
}

recording() {
	if [ ! -r "$shared/traces/$1.data.zst" ]; then
		printf '\nRecording %s: skipped, %s/traces/%s.data.zst is not there\n' "$1" "$shared" "$1"
		return
	fi
	zstd -q -d -f -o "$scratch/$1.data" "$shared/traces/$1.data.zst"
	if [ ! -s "$build/bench/$1.txt" ]; then
		perf script -i "$scratch/$1.data" >"$scratch/$1.txt" 2>/dev/null
		mv "$scratch/$1.txt" "$build/bench/$1.txt"
	fi
	"$build/kmemsim-bench" recording "$run_rounds" "$1" "$build/bench/$1.txt" \
		"$scratch/$1.data" "$build/kmemsim"
	"$build/kmemsim-bench" cores "$run_rounds" "$1" "$scratch/$1.data" "$build/kmemsim"
	"$build/kmemsim" convert -q -o "$scratch/$1.kmt" "$scratch/$1.data" 2>/dev/null
	"$build/kmemsim-bench" reading "$run_rounds" "$1" "$build/bench/$1.txt" "$scratch/$1.data" "$scratch/$1.kmt"
	rm -f "$scratch/$1.data" "$scratch/$1.kmt"
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/kmemsim-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$build/bench"
# A pipe's status is its last command's: a file says whether the tables are whole.
{ tables && : >"$scratch/whole"; } | tee "$build/bench/$what.txt"
[ -e "$scratch/whole" ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# programs.sh BUILD [NAME...]: real programs on glibc's malloc and on ours, the runs
# of tests/library/programs at a smaller size. What cannot run here is left out, with a
# message. BENCH_RUNS: rounds.
set -eu
build=$(realpath "$1")
shift
KMEMSIM_ROOT=$(realpath "$(dirname "$0")/../..")
export KMEMSIM_ROOT KMEMSIM_SHORT=1 LC_ALL=C TZ=UTC TMPDIR=/tmp
unset KMEMSIM_OPTIONS LD_PRELOAD
scripts=$KMEMSIM_ROOT/tests/library/programs
work=$build/bench/programs
HOME=$work
export HOME
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

[ $# -gt 0 ] || set -- gcc gxx python sqlite git perl sort redis nginx
names=
for name in "$@"; do
	mkdir -p "$work/$name/in"
	status=0
	(cd "$work/$name/in" && sh "$scripts/$name.sh" prepare >/dev/null) || status=$?
	case $status in
	0) names="$names $name" ;;
	77) echo "$name: left out" ;;
	*) echo "$name: cannot be prepared" >&2; exit 1 ;;
	esac
done
# shellcheck disable=SC2086
"$build/bench-programs" "${BENCH_RUNS:-5}" "$build/libkmemsim-malloc.so" "$scripts" "$work" $names

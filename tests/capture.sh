#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes one small capture of a real kernel, which plays a scenario, and lets the program verify it: every
# page frame predicted, and every page fault and mapping. Skipped, with a message, where no
# capture can be made; MEM, KERNEL and the like are those of docs/capture.md.
set -eu
cd "$(dirname "$0")/.."
: "${O:=build}"
export O
dir=$O/check-capture
rc=0
SCENARIO=sim/capture/scenarios/quick.vm OUT=$dir sh sim/capture/capture.sh || rc=$?
if [ "$rc" = 77 ]; then
	exit 0
elif [ "$rc" != 0 ]; then
	exit "$rc"
fi
if ! "$O/kmemsim" verify --help >/dev/null 2>&1; then
	echo 'check-capture: made and whole; this kmemsim has no verify'
	exit 0
fi

# The report is read where something in it is not as it should be.
holds() {
	"$O/kmemsim" verify "$@" "$dir" >"$O/check-capture.txt" && return
	cat "$O/check-capture.txt"
	echo "check-capture: this does not hold: kmemsim verify $* $dir"
	exit 1
}

holds --mode guided --layer pages --at-least 100
holds --mode open --layer pages --at-least 100
holds --layer vm
echo 'check-capture: a fresh capture verifies: frames, guided and open, page faults and mappings'

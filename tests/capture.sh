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
"$O/kmemsim" verify --mode guided --layer pages --at-least 100 "$dir" >/dev/null
"$O/kmemsim" verify --mode open --layer pages --at-least 100 "$dir" >/dev/null
"$O/kmemsim" verify --layer vm "$dir" >/dev/null
echo 'check-capture: a fresh capture verifies: frames, guided and open, page faults and mappings'

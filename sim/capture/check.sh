#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh DIR: is the capture in DIR whole? The trace buffer lost nothing, no
# probe that a replay needs was missed (LOSSY=1 lets that pass), both snapshots
# end where they should, and each mark stands in the trace once and in order.
# Silent and 0 when all is well; else it says what is not, and exits 1.
set -eu
dir=$1
bad=0

complain() {
	echo "$dir: $1" >&2
	bad=1
}

# A file of the capture, compressed or not yet.
text() {
	if [ -e "$dir/$1" ]; then
		cat "$dir/$1"
	else
		zstd -qdc "$dir/$1.zst"
	fi
}

for cpu in "$dir"/stats/cpu*; do
	[ -e "$cpu" ] || complain 'no stats'
	grep -q '^entries: ' "$cpu" || complain "${cpu##*/} has no stats"
	lost=$(sed -nE 's/^(overrun|commit overrun|dropped events): ([1-9].*)/\1 \2/p' "$cpu")
	[ -z "$lost" ] || complain "events lost on ${cpu##*/}: $lost"
done

# The others only repeat what events and lists show.
missed=$(awk '$3 && $1 ~ /^(bulk|isolate|balance|kbulk_alloc|slab_alloc)_(in|out)$|^(pcp_drain|free_one|drain_zone|vmstat_fold|kbulk_free)$/ {
	printf "%s %d of %d ", $1, $3, $2 + $3 }' "$dir/kprobe_profile.txt")
[ -z "$missed" ] || [ "${LOSSY:-0}" = 1 ] || complain "probe hits missed: $missed(LOSSY=1 keeps it)"

for tag in a b; do
	upper=$(echo $tag | tr ab AB)
	text snap_$tag.txt | sed -n '1p; 2p; $p' | tr '\n' ' ' | grep -qx "mmsnap 1 tag $upper end " ||
		complain "snapshot $upper is not whole"
done

# The header says how many events there were and how many it shows; the marks are few.
text trace.txt | sed -nE 's,^# entries-in-buffer/entries-written: ([0-9]+)/([0-9]+) .*,\1 \2,p
	s/.*: (mmsnap (begin|end) [A-Z]).*/\1/p' | {
	read -r shown written || complain 'the trace is empty'
	[ "${shown:-0}" -gt 0 ] && [ "$shown" = "${written:-}" ] ||
		complain "${shown:-0} of ${written:-0} events are in the trace"
	marks=$(tr '\n' ' ')
	[ "$marks" = 'mmsnap begin A mmsnap end A mmsnap begin B mmsnap end B ' ] ||
		complain "marks in the trace: $marks"
	exit $bad
} || bad=1
exit $bad

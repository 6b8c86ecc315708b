#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# record.sh CONF PROBES OUT: sets the trace up, takes snapshot A, runs the
# workload, takes snapshot B, and puts everything into the folder OUT. Runs as
# root where mmsnap is loaded and debugfs and tracefs are mounted: in the guest
# of `make capture`, or on a live machine (docs/capture.md). OUT/status becomes
# "ok" or what went wrong, and the exit status says the same.
#
# Between the two snapshots nothing runs here but the workload: all output
# waits until the trace has been stopped. Plain POSIX shell, for busybox.
# shellcheck disable=SC1090,SC2154
set -u
conf=$1
probes=$2
out=$3
tracing=/sys/kernel/tracing
mmsnap=/sys/kernel/debug/mmsnap
scratch=$(mktemp -d)

finish() {
	echo "$1" > "$out/status"
	rm -rf "$scratch"
	[ "$1" = ok ]
	exit
}

step() {
	echo "$1: $(cat /proc/uptime)"
}

# $1 folder, rest: files whose text goes there under their own names
carry() {
	carry_to=$1
	shift
	mkdir -p "$carry_to"
	for carry_from; do
		[ -r "$carry_from" ] && cat "$carry_from" > "$carry_to/${carry_from##*/}"
	done
}

proc_files() {
	carry "$1" /proc/buddyinfo /proc/pagetypeinfo /proc/zoneinfo /proc/slabinfo /proc/vmstat \
		/proc/meminfo /sys/kernel/debug/extfrag/extfrag_index \
		/sys/kernel/debug/extfrag/unusable_index
}

# One line of the table a probe. Of the names it offers the first is taken that
# this kernel has; where it has none, the name may carry the suffix of a
# compiler's clone, which costs a walk through all symbols. Probes that cannot
# be set are listed.
set_probes() {
	: > "$scratch/missing"
	grep -v '^#' "$probes" | while read -r probe names arguments; do
		for name in $(echo "$names" | tr ',' ' '); do
			echo "$probe $name $arguments" >> $tracing/kprobe_events && continue 2
		done 2> /dev/null
		echo "$probe $name $arguments" >> "$scratch/missing"
	done
	[ -s "$scratch/missing" ] || return
	cut -d' ' -f2 "$scratch/missing" | sed 's/.*/ &./' > "$scratch/names"
	grep -F -f "$scratch/names" /proc/kallsyms | cut -d' ' -f3 > "$scratch/symbols"
	while read -r probe name arguments; do
		symbol=$(grep -m1 "^$name\\." "$scratch/symbols")
		if [ -z "$symbol" ] ||
		   ! echo "$probe $symbol $arguments" >> $tracing/kprobe_events; then
			echo "no probe ${probe##*/}: $name"
		fi
	done < "$scratch/missing"
}

# Reading the file stops the machine; it answers with the snapshot's tag, bytes, oddities.
take() {
	read -r taken_tag taken_bytes taken_odd < $mmsnap/take || return 1
	[ "$taken_tag" = "$1" ] && [ "$taken_bytes" -gt 0 ]
}

# What the workload left behind.
carry_results() {
	for carried in ${CARRY:-}; do
		carry "$out" "$carried"
	done
}

. "$conf"
if [ -z "${TRACED-1}" ]; then
	eval "$WORK"
	worked=$?
	carry_results
	cat /proc/cmdline /proc/version > "$out/kernel"
	dmesg > "$out/dmesg"
	[ "$worked" = 0 ] || finish "the workload failed with status $worked"
	finish ok
fi
[ -r $mmsnap/take ] || finish 'mmsnap is not loaded'
[ -z "$SWAP" ] || grep -q ^/dev /proc/swaps || finish 'there is no swap'

echo 0 > $tracing/tracing_on
echo nop > $tracing/current_tracer
echo 0 > $tracing/options/overwrite
echo counter > $tracing/trace_clock
echo "$BUFKB" > $tracing/buffer_size_kb || finish "no trace buffer of $BUFKB KiB"
set_probes
for event in $EVENTS kprobes; do
	echo 1 > "$tracing/events/$event/enable" || finish "no event $event"
done
step 'trace ready'
proc_files "$out/procfs_a"
cat $tracing/kprobe_profile > "$scratch/profile_a"

echo 1 > $tracing/tracing_on
take A || finish 'snapshot A failed'
odd_a=$taken_odd
eval "$WORK"
worked=$?
take B || finish 'snapshot B failed'
echo 0 > $tracing/tracing_on
cat $tracing/kprobe_profile > "$scratch/profile_b"

step 'workload done'
carry_results
proc_files "$out/procfs_b"
cat $mmsnap/A > "$out/snap_a.txt"
cat $mmsnap/B > "$out/snap_b.txt"
step 'trace out'
cat $tracing/trace > "$out/trace.txt"
step 'trace done'
mkdir -p "$out/stats" "$out/formats"
for cpu in "$tracing"/per_cpu/cpu*; do
	cat "$cpu/stats" > "$out/stats/${cpu##*/}"
done
for system in kmem compaction vmscan kprobes; do
	for format in "$tracing/events/$system"/*/format; do
		event=${format%/format}
		cat "$format" > "$out/formats/$system.${event##*/}"
	done
done
cat $tracing/kprobe_events > "$out/kprobe_events.txt"
carry "$out" $tracing/saved_cmdlines $tracing/trace_clock /proc/iomem
# Probes are hit at all times; what counts is what was hit, or missed, while the trace ran.
awk 'NR == FNR { hit[$1] = $2; missed[$1] = $3; next }
	{ printf "  %-44s %15d %15d\n", $1, $2 - hit[$1], $3 - missed[$1] }' \
	"$scratch/profile_a" "$scratch/profile_b" > "$out/kprobe_profile.txt"
cat /proc/cmdline /proc/version > "$out/kernel"
grep -E ' (vmemmap_base|page_offset_base|slab_caches|node_data|mem_section)$' /proc/kallsyms \
	> "$out/ksyms"
dmesg > "$out/dmesg"
if [ -n "$TRACECMD" ]; then
	trace-cmd extract -o "$out/trace.dat" || finish 'trace-cmd failed'
fi
step 'all done'
[ "$worked" = 0 ] || finish "the workload failed with status $worked"
[ "$odd_a $taken_odd" = '0 0' ] || finish "snapshots with $odd_a and $taken_odd oddities"
finish ok

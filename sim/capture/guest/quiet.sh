#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# quiet.sh CONF: what else would happen in the guest by itself, or by chance, is turned off, and the
# machine set up as the scenario wants it. Sourced variables: scenario.conf of the kit. For busybox.
# shellcheck disable=SC1090,SC2154
. "$1"
mm=/sys/kernel/mm
set_to() {
	[ ! -w "$2" ] || echo "$1" > "$2"
}
bytes() {
	echo "$1" | sed -E 's/k$/ * 1024/; s/M$/ * 1048576/; s/G$/ * 1073741824/' | { read -r sum; echo $((sum)); }
}

# Not in the root file system: what lies in tmpfs counts as committed memory, and may go to swap.
mkdir -p /play
mount -t ramfs play /play
mv /program /play/program

# Machines of less than 512M boot with all of these off. khugepaged looks at everything when vm-player wakes it,
# and at no other time: it works at once where a first process comes, so one is there before.
huge=$mm/transparent_hugepage
set_to "$THP" $huge/enabled
set_to "$THP_DEFRAG" $huge/defrag
# SIZE:WHO,SIZE:WHO
for word in $(echo "$MTHP" | tr ',' ' '); do
	set_to "${word#*:}" "$huge/hugepages-$(($(bytes "${word%:*}") / 1024))kB/enabled"
done
set_to 1 $huge/use_zero_page
set_to 1 $huge/khugepaged/defrag
set_to 1000000000 $huge/khugepaged/pages_to_scan
set_to 2000000000 $huge/khugepaged/scan_sleep_millisecs
set_to 0 $huge/khugepaged/alloc_sleep_millisecs
if [ "$THP" != never ]; then
	wl hold &
	tries=60
	while [ "$(cat $huge/khugepaged/full_scans)" = 0 ] && [ $tries -gt 0 ]; do
		sleep 1
		tries=$((tries - 1))
	done
fi

case $LRU in
classic) set_to 0 $mm/lru_gen/enabled ;;
mglru) set_to 7 $mm/lru_gen/enabled ;;
esac
set_to 0 /proc/sys/kernel/randomize_va_space
set_to 0 /proc/sys/vm/compaction_proactiveness
set_to 0 /proc/sys/vm/watermark_boost_factor
# What the log says of a kill is short then.
set_to 0 /proc/sys/vm/oom_dump_tasks
set_to "$OVERCOMMIT_RATIO" /proc/sys/vm/overcommit_ratio
set_to "$SWAPPINESS" /proc/sys/vm/swappiness
set_to "$PAGE_CLUSTER" /proc/sys/vm/page-cluster
set_to "$(bytes "$FAULT_AROUND")" /sys/kernel/debug/fault_around_bytes
# Pages that were written to are written back when the scenario says so, and at no other time.
set_to 0 /proc/sys/vm/dirty_writeback_centisecs
if [ -n "$FILES" ]; then
	for disk in /sys/block/vd*; do
		[ "$(cat "$disk/serial")" = files ] || continue
		device=${disk##*/}
		# All that the empty file system says of itself is at its beginning.
		if [ "$FILES" = ram ]; then
			dd if="/dev/$device" of=/dev/ram0 bs=1M count=2 2> /dev/null
			device=ram0
		fi
		mkdir /play/files
		mount -t ext4 -o noatime,noinit_itable "/dev/$device" /play/files
		ln -s "/sys/block/$device/queue" /play/queue
	done
fi
if [ "$SWAPSIZE" != 0 ]; then
	if [ "$SWAPTYPE" = zram ]; then
		device=/dev/zram0
		bytes "$SWAPSIZE" > /sys/block/zram0/disksize
	else
		device=/dev/vda
		# Asked for once, when swap begins to use it.
		[ "$SWAPTYPE" = disk ] || set_to 0 /sys/block/vda/queue/rotational
	fi
	mkswap $device > /dev/null
	swapon $device
fi
sync
set_to 3 /proc/sys/vm/drop_caches
set_to 1 /proc/sys/vm/compact_memory
set_to "$OVERCOMMIT" /proc/sys/vm/overcommit_memory
# What was begun before ends before.
sleep 2

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Makes one capture of a real kernel: see docs/capture.md. Called by
# `make capture`, which hands its variables over in the environment:
#
#   WORKLOAD   a name in workloads/                        KERNEL  series or release (6.1)
#   MEM, SMP   of the guest; the workload's own where unset  OUT   where the capture goes
#   WORK       a shell command to run instead of the workload's
#   BUFKB      KiB of trace buffer for each CPU; the workload's own where unset
#   SNAPKB     KiB for the text of a snapshot; 8 for each MiB of the guest where unset
#   QEMU_ARGS  more arguments for QEMU        CMDLINE  more words for the kernel
#   LIMIT      seconds the guest may take     O        the build folder        V=1  talk
#   LOSSY=1    keeps a capture in which probe hits were missed
#   SCENARIO   a scenario that vm-player plays in the guest; WORKLOAD is its name then
#   RANDOM_CALLS  SEED,CALLS: random mapping calls instead, untraced
#   TRACE=0    of a scenario, what the player answers alone: no snapshots, no trace
#
# States: packages -> module -> initramfs -> guest runs -> checked -> moved to OUT.
# A capture that fails a check never reaches OUT. Exit status: 0 made, 1 failed,
# 77 this machine cannot make one (no QEMU, no packages), with a line saying so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${O:=build}" "${V:=0}" "${KERNEL:=6.1}" "${WORKLOAD:=}" "${OUT:=}" "${LIMIT:=600}"
: "${QEMU_ARGS:=}" "${CMDLINE:=}" "${SCENARIO:=}" "${RANDOM_CALLS:=}" "${TRACE:=1}"
asked_mem=${MEM:-} asked_smp=${SMP:-} asked_work=${WORK:-} asked_bufkb=${BUFKB:-}
qemu_pid=
run=

say() {
	[ "$V" = 0 ] || printf '  %-7s %s\n' CAPTURE "$*"
}

fail() {
	echo "capture: $*" >&2
	exit 1
}

skip() {
	echo "capture: skipped: $*" >&2
	exit 77
}

# make passes a signal on that the whole group has got already: the second one must not stop this.
cleanup() {
	trap '' INT TERM HUP
	trap - EXIT
	if [ -n "$qemu_pid" ]; then
		kill "$qemu_pid" 2>/dev/null || :
		wait "$qemu_pid" || :
	fi
	[ -z "$run" ] || rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# ---- what is wanted --------------------------------------------------------

known=$(cd "$here/workloads" && echo *.conf | sed 's/\.conf//g')
if [ -n "$SCENARIO$RANDOM_CALLS" ]; then
	conf=$here/scenario.conf
	WORKLOAD=$(basename "${SCENARIO:-random-$RANDOM_CALLS}" .vm | tr ',' '-')
	[ -z "$SCENARIO" ] || [ -r "$SCENARIO" ] || fail "there is no scenario $SCENARIO"
else
	[ -n "$WORKLOAD" ] || fail "WORKLOAD=... is one of: $known; or give SCENARIO=FILE"
	conf=$here/workloads/$WORKLOAD.conf
	[ -e "$conf" ] || fail "no workload $WORKLOAD; there are: $known"
fi
WORK='' MEM=512M SMP=1 BUFKB=65536 SWAP='' TRACED=1 TRACECMD=1
EVENTS='kmem/mm_page_alloc kmem/mm_page_free kmem/mm_page_free_batched'
EVENTS="$EVENTS kmem/mm_page_alloc_zone_locked kmem/mm_page_pcpu_drain kmem/mm_page_alloc_extfrag"
EVENTS="$EVENTS kmem/kmem_cache_alloc kmem/kmem_cache_free kmem/kmalloc kmem/kfree"
EVENTS="$EVENTS compaction vmscan"
# shellcheck source=/dev/null
. "$conf"
MEM=${asked_mem:-$MEM} SMP=${asked_smp:-$SMP} WORK=${asked_work:-$WORK} BUFKB=${asked_bufkb:-$BUFKB}
# The words below go into files that shells read.
case $WORK in
*[\"\$\\\`]*) fail 'WORK must do without ", $, \ and `' ;;
esac
echo "$MEM $SMP $LIMIT $BUFKB" | grep -Eqx '[0-9]+[MG] [0-9]+ [0-9]+ [0-9]+' ||
	fail "MEM=$MEM SMP=$SMP LIMIT=$LIMIT BUFKB=$BUFKB: wanted are 512M or 2G, and numbers"
case $MEM in
*G) megabytes=$((${MEM%G} * 1024)) ;;
*) megabytes=${MEM%M} ;;
esac
# Where the scenario's files lie. A RAM disk has read a page as soon as it is asked for, so nothing is left to chance; files that
# would take too much of memory lie on a virtio disk.
FILES='' RAMDISK=96		# MiB
if [ -n "$SCENARIO" ]; then
	files_mib=$(awk '$1 == "file" {
		unit = substr($3, length($3))
		sum += $3 * (unit == "G" ? 1024 : unit == "M" ? 1 : unit == "k" ? 1 / 1024 : 1 / 1048576)
		any = 1
	} END { if (any) print int(sum) }' "$SCENARIO")
	FILES=${files_mib:+disk}
	[ -z "$files_mib" ] || [ "$files_mib" -gt $((megabytes / 8)) ] || [ "$files_mib" -gt 64 ] || FILES=ram
fi
# Memory in which each second page is free takes less than 5 KiB of text a MiB.
: "${SNAPKB:=$((megabytes * 8))}"
echo "$KERNEL" | grep -Eqx '[0-9]+\.[0-9]+[0-9a-z.+~-]*' ||
	fail "KERNEL=$KERNEL is no kernel version"

mkdir -p "$O/capture"
work=$(cd "$O/capture" && pwd)
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"

# Replaces only what is a capture or empty.
may_replace() {
	[ ! -e "$1" ] || [ -e "$1/snap_a.txt.zst" ] || [ -e "$1/looks.txt.zst" ] || rmdir "$1" 2>/dev/null ||
		fail "$1 is there and is no capture"
}
[ -z "$OUT" ] || may_replace "$OUT"

# ---- packages, module ------------------------------------------------------

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] ||
	skip 'captures are made of amd64 kernels, on Debian for amd64'
need() {
	if ! sh "$root/tests/need-packages.sh" "$@" > "$work/apt.log" 2>&1; then
		cat "$work/apt.log" >&2
		skip "these packages cannot be installed: $*"
	fi
}
need qemu-system-x86:emulator:qemu-system-x86_64 cpio:initramfs:cpio zstd:compression:zstd \
	xz-utils:packed_modules:xz libc6-dev:static_C_library:/usr/lib/x86_64-linux-gnu/libc.a

# Two captures at once share the packages and the module's folder.
exec 9> "$work/lock"
flock 9
release=$(newest_release "$KERNEL")
[ -n "$release" ] || skip "apt knows no kernel $KERNEL with headers (apt-get update?)"
image=$work/$release/image
headers=$work/$release/headers
module=$work/$release/module
tools=$work/tools
unpack_kernel "$release" "$image"
unpack_headers "$release" "$headers"
if [ -n "$FILES" ]; then
	need e2fsprogs:file_system_of_the_guest:/sbin/mke2fs
	unpack_files_modules "$release" "$image"
fi
unpack_guest_tools "$tools"

tree=$headers/usr/src/linux-headers-$release
compiler=$(sed -nE 's/^CC = .*(gcc-[0-9]+)$/\1/p' "$tree/.kernelvariables")
need "$compiler:compiler_of_the_kernel:$compiler" \
	libelf1:tools_of_the_kernel_build:/usr/lib/x86_64-linux-gnu/libelf.so.1
say "building mmsnap.ko for $release"
mkdir -p "$module/sim/capture/module"
for source in "$root/Kbuild" "$here/module/Kbuild" "$here"/module/*.[ch]; do
	copy=$module/${source#"$root"/}
	cmp -s "$source" "$copy" || cp "$source" "$copy"
done
# MAKEFLAGS hold what was asked of our own Makefile. Headers that bring no kernel
# cannot describe the module's types, and nobody asks for them.
env -u MAKEFLAGS -u MFLAGS make -s -C "$tree" M="$module" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
	> "$work/module.log" 2>&1 9>&- || {
	cat "$work/module.log" >&2
	fail 'the module does not build'
}

# ---- initramfs -------------------------------------------------------------

# What vm-player plays, and the probe that shows where it is.
put_program() {
	: > "$run/empty"
	if [ -n "$SCENARIO" ]; then
		"$O/kmemsim" verify --layer vm --program "$guest/program" "$SCENARIO" ||
			fail "$SCENARIO cannot be played"
		cp "$SCENARIO" "$share/scenario"
	else
		"$O/kmemsim" verify --layer vm --program "$guest/program" --random "$RANDOM_CALLS" \
			--kernel "$(echo "$release" | cut -d. -f-2)" || fail "no random calls $RANDOM_CALLS"
	fi
	cp "$O/vm-player" "$guest/bin/"
	cp "$guest/program" "$share/program"
	cat "$here/probes.player" >> "$guest/probes"
}

say 'packing the initramfs'
run=$(mktemp -d "$work/run.XXXXXX")
guest=$run/guest
share=$run/out
mkdir -p "$share"
for folder in bin lib lib64 modules proc sys dev out tmp; do
	mkdir -p "$guest/$folder"
done
cp "$here/guest/init" "$here/guest/quiet.sh" "$here/probes" "$here/record.sh" "$guest/"
chmod 755 "$guest/init"
cp "$tools/bin/busybox" "$guest/bin/"
"$tools/bin/busybox" --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -s busybox "$guest/bin/$applet"
done
cp "$tools/usr/bin/trace-cmd" "$guest/bin/"
multiarch=lib/x86_64-linux-gnu
cp -L "$tools/usr/$multiarch"/lib*.so.1 "$tools/$multiarch/libc.so.6" "$guest/lib/"
cp -L "$tools/$multiarch/ld-linux-x86-64.so.2" "$guest/lib64/"
# CC may be two words, as "ccache gcc" is.
# shellcheck disable=SC2086
${CC:-gcc} -std=gnu11 -O2 -D_GNU_SOURCE -static -o "$guest/bin/wl" "$here/guest/wl.c" ||
	fail 'the workload does not build'
strip "$guest/bin/wl"
[ -z "$SCENARIO$RANDOM_CALLS" ] || put_program
strip --strip-debug -o "$guest/modules/mmsnap.ko" "$module/sim/capture/module/mmsnap.ko"
flock -u 9
# In the order in which they must be loaded; what a kernel has built in is no file.
cp "$here/guest/modules" "$guest/modules/order"
[ -z "$FILES" ] || cat "$here/guest/modules.files" >> "$guest/modules/order"
[ "$FILES" != ram ] || echo "brd rd_nr=1 rd_size=$((RAMDISK * 1024))" >> "$guest/modules/order"
while read -r name _; do
	find "$image/lib/modules" -name "$name.ko*" -exec cp {} "$guest/modules/" \;
done < "$guest/modules/order"
find "$guest/modules" -name '*.ko.xz' -exec xz -d {} +
cat > "$guest/conf" <<END
EVENTS="$EVENTS"
BUFKB=$BUFKB
WORK="$WORK"
SWAP=$SWAP
TRACECMD=$TRACECMD
SNAPKB=$SNAPKB
TRACED=$TRACED
FILES=$FILES
${QUIET:-}
END
(cd "$guest" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) |
	gzip -1 > "$run/initramfs.gz"

# ---- the guest -------------------------------------------------------------

disks=
if [ -n "$SWAP" ]; then
	truncate -s 256M "$run/vda.img"
	truncate -s 384M "$run/vdb.img"
	disks="-drive file=$run/vda.img,if=virtio,format=raw,snapshot=on"
	disks="$disks -drive file=$run/vdb.img,if=virtio,format=raw,snapshot=on"
fi
# The scenario's own, and the only one.
if [ -n "${SWAPDISK:-}" ]; then
	truncate -s "$SWAPDISK" "$run/vda.img" || fail "swap=$SWAPDISK makes no disk"
	disks="-drive file=$run/vda.img,if=virtio,format=raw,snapshot=on"
fi
# The last of the disks, wherever that is: quiet.sh finds it by its serial number.
if [ -n "$FILES" ]; then
	size=1G
	[ "$FILES" != ram ] || size=${RAMDISK}M
	truncate -s "$size" "$run/files.img"
	/sbin/mke2fs -q -t ext4 -b 4096 -N 128 -m 0 -O ^has_journal,^resize_inode \
		-E nodiscard,lazy_itable_init=0 "$run/files.img"
	disks="$disks -drive file=$run/files.img,if=none,id=files,format=raw"
	disks="$disks -device virtio-blk-pci,drive=files,serial=files,addr=0x1e"
fi
boot='console=ttyS0 panic=-1 nokaslr no_hash_pointers transparent_hugepage=madvise'
boot="$boot page_alloc.shuffle=0 init_on_alloc=0 edd=off no_timer_check quiet $CMDLINE"
console=$run/console.log
say "running $WORKLOAD on $release, $MEM, $SMP CPU: at most $LIMIT s"
began=$(date +%s)
out_of_guest=/dev/null
[ "$V" = 0 ] || out_of_guest=/dev/stdout
# TMPDIR takes what the guest writes to its disks. $disks and $QEMU_ARGS are lists of words.
# shellcheck disable=SC2086
TMPDIR=$run timeout -k 10 "$LIMIT" qemu-system-x86_64 -accel tcg,thread=multi -cpu max,la57=off \
	-m "$MEM" -smp "$SMP" -nodefaults -display none -no-reboot \
	-chardev "stdio,id=console,signal=off,logfile=$console" -serial chardev:console \
	-virtfs "local,path=$share,mount_tag=out,security_model=none" \
	-kernel "$image/boot/vmlinuz-$release" -initrd "$run/initramfs.gz" -append "$boot" \
	$disks $QEMU_ARGS < /dev/null >> "$out_of_guest" 2> "$run/qemu.log" 9>&- &
qemu_pid=$!
rc=0
wait "$qemu_pid" || rc=$?
qemu_pid=
wall=$(($(date +%s) - began))

fail_in_guest() {
	tail -n 20 "$console" "$run/qemu.log" >&2 2>/dev/null || :
	fail "$WORKLOAD on $release: $*"
}
[ "$rc" != 124 ] || fail_in_guest "the guest had not ended after $LIMIT s"
[ "$rc" = 0 ] || fail_in_guest "QEMU ended with status $rc"
[ -e "$share/status" ] || fail_in_guest 'the guest ended early'
[ "$(cat "$share/status")" = ok ] || fail_in_guest "$(cat "$share/status")"

# ---- checked, packed, moved ------------------------------------------------

[ -z "$TRACED" ] || sh "$here/check.sh" "$share" || fail_in_guest 'the capture is not whole'
say 'compressing'
for name in snap_a.txt snap_b.txt trace.txt looks.txt program results; do
	[ ! -e "$share/$name" ] || zstd -q --rm -9 "$share/$name"
done
rm "$share/status"
cp "$guest/conf" "$share/conf"
tr -d '\r' < "$console" > "$share/console.log"
{
	qemu_options=$(printf '%s %s' "$disks" "$QEMU_ARGS" | sed "s,$run/,,g; s/^ *//; s/ *\$//")
	echo "mem=$MEM smp=$SMP qemu=[$qemu_options] cmdline=[$CMDLINE] kernel=vmlinuz-$release"
	echo "rc=$rc wall=${wall}s"
	echo "workload: $WORK"
	[ -z "$TRACED" ] ||
		awk '$3 { printf "probe hits missed: %s %s of %s\n", $1, $3, $2 + $3 }' "$share/kprobe_profile.txt"
} > "$share/README"
series=$(echo "$release" | sed -E 's/^([0-9]+\.[0-9]+).*/\1/')
[ -n "$OUT" ] || OUT=$O/captures/$series-smp${SMP}_$WORKLOAD
may_replace "$OUT"
rm -rf "$OUT"
mkdir -p "$(dirname "$OUT")"
mv "$share" "$OUT"
say "made $OUT in $wall s"

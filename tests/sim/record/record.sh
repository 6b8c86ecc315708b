#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kmemsim record with real programs: each recording replays without a loose end, however the
# program ends. What is wrong is said; all tests run whatever happens.
#	$1	build folder
set -u
cd "$(dirname "$0")/../../.."
kmemsim=$(realpath "$1/kmemsim")
bin=$(realpath "$1/record")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
	echo "tests/sim/record/record.sh: $*" >&2
	bad=1
}

# Record a command: what it says in $tmp/out and $tmp/err, status in $status.
record() {
	rm -f "$tmp/t.kmt"
	timeout 120 "$kmemsim" record -o "$tmp/t.kmt" $options -- "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ ! -e "$tmp/t.kmt.recording" ] || fail "$*: its recording is left: $(cat "$tmp/err")"
}

# $1 status, $2 figures of the report, then the command.
expect() {
	want=$1
	figures=$2
	shift 2
	record "$@"
	[ $status -eq "$want" ] || fail "$*: status $status, not $want: $(cat "$tmp/err")"
	"$kmemsim" run -q --no-timing --json "$tmp/report" "$tmp/t.kmt" 2>"$tmp/err" ||
		fail "$*: not replayed: $(cat "$tmp/err")"
	# shellcheck disable=SC2086
	python3 tests/sim/record/figures.py "$tmp/report" $figures >"$tmp/diff" || fail "$*: $(cat "$tmp/diff")"
}
options=

# Every call is there, and once. The block of 8 GiB, should there be one, is left out.
expect 0 'mallocs=11..12 zeroed=1 aligned=5 reallocs=4 frees=11 leaked_blocks=1' "$bin/calls"

# Threads that exchange blocks as fast as they can.
expect 0 'events=300000..3000000' "$bin/exchange" 6 60000
expect 0 'events=50000..3000000' "$bin/exchange" 2 60000
expect 0 'mallocs=9000..100000' "$bin/objects"
expect 0 'mallocs=1000..100000000' /usr/bin/python3 -c '
import json, subprocess, threading
work = [threading.Thread(target=lambda: [json.dumps(list(range(n))) for n in range(300)]) for _ in range(4)]
for thread in work: thread.start()
for thread in work: thread.join()
subprocess.run(["ls", "/"], stdout=subprocess.DEVNULL, check=True)'
expect 0 'mallocs=20..100000000' sh -c 'ls / | sort | tail -1; exec sed -n 1p /etc/passwd'

# Nothing is lost, however it ends: 1,000 blocks and 10 of them left, once or twice (and what libraries have).
once='mallocs=1000..1010 frees=990..1000'
twice='mallocs=2000..2010 frees=1980..1990'
expect 5 "$twice leaked_blocks=20..24" "$bin/ends" exit 5
expect 0 "$twice" "$bin/ends" closed
expect 7 "$once" "$bin/ends" _exit
expect 7 "$once" "$bin/ends" quick
expect 134 "$once" "$bin/ends" abort
expect 139 "$once" "$bin/ends" segv
expect 137 "$once" "$bin/ends" kill
# The child's 10 frees of its parent's blocks are left out, what it leaves is given back.
expect 0 'mallocs=3000..3010 frees=2980..2990 leaked_blocks=20..24' "$bin/ends" fork
expect 0 'mallocs=3000..3010 frees=2980..2990 leaked_blocks=20..24' "$bin/ends" clone
expect 0 'mallocs=4000..4020 frees=3980..3990' "$bin/ends" vfork
expect 5 'mallocs=3000..3020 leaked_blocks=20..24' "$bin/ends" exec

# Killed at some point, among threads.
for ms in 1 2 3 4 5; do
	expect 137 'events=0..100000000' timeout -s KILL 0.$ms "$bin/exchange" 4 100000000
done

# What a recording that did not end well has left is nobody's to overwrite.
echo mine >"$tmp/t.kmt.recording"
timeout 120 "$kmemsim" record -o "$tmp/t.kmt" -- true 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "t.kmt.recording is there already" "$tmp/err" || fail "not refused: $(cat "$tmp/err")"
[ "$(cat "$tmp/t.kmt.recording")" = mine ] || fail 'a recording of before is overwritten'
rm "$tmp/t.kmt.recording"

# A reader that went away does not keep record from tidying up.
(sleep 0.3; exec "$kmemsim" record -o "$tmp/t.kmt" -- true) 2>&1 | true
i=0
while [ -e "$tmp/t.kmt.recording" ] || [ ! -e "$tmp/t.kmt" ]; do
	i=$((i + 1))
	[ $i -le 100 ] || break
	sleep 0.1
done
[ ! -e "$tmp/t.kmt.recording" ] || fail 'a recording is left behind by who got SIGPIPE'
rm -f "$tmp/t.kmt" "$tmp/t.kmt.recording"

# Call chains: who calls operator new is its call site.
options='--stacks 12'
expect 0 'mallocs=9000..100000' "$bin/objects"
"$kmemsim" run "$tmp/t.kmt" | grep -q '_Znw.* (libstdc' && fail 'operator new is a call site'
expect 0 'events=1000..3000000' "$bin/exchange" 3 2000
options=

# Where a call comes from has a name, also in a library that is loaded later.
expect 0 'mallocs=1000..100000000' /usr/bin/python3 -c 'import json, sqlite3; sqlite3.connect(":memory:")'
"$kmemsim" run --top 500 "$tmp/t.kmt" >"$tmp/report"
for library in python3 libsqlite3; do
	grep -q "$library" "$tmp/report" || fail "no call site in $library"
done

# What cannot be recorded is said, with the reason.
# $1 status, $2 what is said, then the command.
refused() {
	want=$1
	words=$2
	shift 2
	record "$@"
	[ $status -eq "$want" ] || fail "$*: status $status, not $want"
	grep -q -- "$words" "$tmp/err" || fail "$*: nothing is said of '$words': $(cat "$tmp/err")"
	[ ! -e "$tmp/t.kmt" ] || fail "$*: a trace is there"
}
refused 2 'statically linked' "$bin/static"
refused 127 'No such file' /no/such/program
refused 126 'Permission denied' /etc/passwd
cp "$bin/ends" "$tmp/setuid" && chmod u+s "$tmp/setuid"
if [ "$(id -u)" = 0 ] && chown 1 "$tmp/setuid" && chmod 4755 "$tmp/setuid" && chmod 755 "$tmp"; then
	refused 2 setuid "$tmp/setuid"
fi

# ^C and SIGTERM go on to the command, and the trace is kept. (In a session of its own: no terminal sends both of them ^C.)
for signal in INT:130 TERM:143; do
	setsid -w timeout --foreground --preserve-status -k 20 -s ${signal%:*} 0.5 \
		"$kmemsim" record -q -o "$tmp/t.kmt" -- "$bin/exchange" 2 100000000 2>"$tmp/err"
	status=$?
	[ $status -eq ${signal#*:} ] || fail "$signal: status $status: $(cat "$tmp/err")"
	"$kmemsim" run -q "$tmp/t.kmt" >/dev/null || fail "$signal: no trace"
done

# record itself is killed: what it had is still to be had.
"$kmemsim" record -q -o "$tmp/t.kmt" -- "$bin/exchange" 2 100000000 2>"$tmp/err" &
pid=$!
sleep 0.5
command=$(ps -o pid= --ppid $pid)
kill -KILL $pid
kill -KILL $command
wait $pid 2>/dev/null
"$kmemsim" convert -q -o "$tmp/t.kmt" "$tmp/t.kmt.recording" || fail 'a recording that was left is not read'
rm -f "$tmp/t.kmt.recording"

# No place for more: the program goes on, and what is lost is counted.
record sh -c "ulimit -f 1000; exec '$bin/exchange' 2 100000"
[ $status -eq 0 ] && grep -q 'events are lost' "$tmp/err" || fail "a limit of the file's size: $status, $(cat "$tmp/err")"

# A full tmpfs, where this machine lets us mount one: said, and the recording is kept.
mkdir "$tmp/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=200k none "$tmp/small" 2>/dev/null; then
	"$kmemsim" record -o "$tmp/small/t.kmt" -- "$bin/exchange" 2 60000 2>"$tmp/err"
	status=$?
	[ $status -eq 2 ] && grep -q 'No space left' "$tmp/err" && [ -s "$tmp/small/t.kmt.recording" ] &&
		"$kmemsim" convert -q -o "$tmp/t.kmt" "$tmp/small/t.kmt.recording" 2>>"$tmp/err" ||
		fail "a full tmpfs: status $status: $(cat "$tmp/err")"
	umount "$tmp/small"
fi

# The kernel's events, where this machine lets us; else what is missing.
if [ "$(id -u)" = 0 ] && [ -r /sys/kernel/tracing/events/kmem ] && command -v perf >/dev/null; then
	for options in --kernel '--kernel --stacks 5' '--kernel --command-alone'; do
		record ls /
		[ $status -eq 0 ] && "$kmemsim" run -q "$tmp/t.kmt" 2>/dev/null || fail "$options: status $status: $(cat "$tmp/err")"
		[ ! -e "$tmp/t.kmt.data" ] || fail "$options: perf's file is left"
	done
	"$kmemsim" record -q --kernel -o "$tmp/t.data" -- sh -c 'exit 3' 2>"$tmp/err"
	status=$?
	[ $status -eq 3 ] && "$kmemsim" run -q "$tmp/t.data" 2>/dev/null || fail "perf.data: status $status: $(cat "$tmp/err")"
	# Somebody without rights.
	chmod 777 "$tmp"
	(umask 0; cp "$kmemsim" "$tmp/kmemsim"; chmod 755 "$tmp/kmemsim")
	setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/kmemsim" record --kernel -o "$tmp/n.kmt" -- true 2>"$tmp/err"
	status=$?
	[ $status -eq 2 ] && grep -q 'events/kmem cannot be read\|perf_event_paranoid is' "$tmp/err" ||
		fail "without rights: status $status: $(cat "$tmp/err")"
fi
for options in --kernel:linux-perf '--access:install valgrind'; do
	PATH=/nowhere "$kmemsim" record ${options%%:*} -o "$tmp/t.kmt" -- /bin/true 2>"$tmp/err"
	status=$?
	[ $status -eq 2 ] && grep -q -- "${options#*:}" "$tmp/err" || fail "$options: status $status: $(cat "$tmp/err")"
done

# Memory accesses, and what is mapped.
if command -v valgrind >/dev/null; then
	"$kmemsim" record --access -o "$tmp/t.lackey" -- "$bin/ends" exit 4 2>"$tmp/err"
	status=$?
	[ $status -eq 4 ] && grep -q 'accesses written to' "$tmp/err" || fail "accesses: status $status: $(cat "$tmp/err")"
	"$kmemsim" run --no-timing --csv - "$tmp/t.lackey" >"$tmp/t.csv" 2>/dev/null || fail 'accesses are not read'
	grep -q '^process.mapped_by,.*those of .*/t.lackey.maps' "$tmp/t.csv" || fail 'the mappings are not read'
	grep -E '^process.(inferred|not_applied|outside),' "$tmp/t.csv" && fail 'mappings are missing or refused'
	grep -q '^process.by_mapping.*,libc' "$tmp/t.csv" || fail 'a library has no name'
	grep -q "r-xp.*$bin/ends" "$tmp/t.lackey.maps" || fail 'the program is in no mapping'
	grep -q '^[0-9]* SYSCALL.* sys_mmap .*Success' "$tmp/t.lackey.maps" || fail 'no mmap() among the mappings'
	"$kmemsim" record --access -o "$tmp/a.kmt" -- "$bin/ends" exit 4 2>"$tmp/err"
	status=$?
	[ $status -eq 4 ] && grep -q 'accesses written to' "$tmp/err" || fail "accesses as .kmt: status $status: $(cat "$tmp/err")"
	"$kmemsim" run -q --no-timing "$tmp/a.kmt" 2>/dev/null || fail 'accesses in .kmt are not read'
	setsid -w timeout --foreground --preserve-status -k 20 -s TERM 2 \
		"$kmemsim" record -q --access -o "$tmp/a.kmt" -- "$bin/exchange" 2 100000000 2>"$tmp/err"
	status=$?
	[ $status -eq 143 ] || fail "accesses, SIGTERM: status $status: $(cat "$tmp/err")"
	"$kmemsim" run --no-timing "$tmp/a.kmt" 2>/dev/null | grep -q '^  accesses  *[1-9]' ||
		fail 'accesses up to SIGTERM are not read'
	"$kmemsim" info -q "$tmp/a.kmt" 2>"$tmp/err" || fail "accesses, SIGTERM: the trace is not whole: $(cat "$tmp/err")"
	"$kmemsim" record --access -o "$tmp/none.kmt" -- /no/such/program 2>"$tmp/err"
	status=$?
	[ $status -eq 127 ] && grep -q 'nothing was recorded' "$tmp/err" && [ ! -e "$tmp/none.kmt" ] ||
		fail "accesses of no program: status $status: $(cat "$tmp/err")"
	grep -q 'valgrind/lackey-' "$tmp/t.lackey.maps" && fail "mappings are valgrind's"
fi
exit $bad

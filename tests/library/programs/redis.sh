#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# redis-server under redis-benchmark; then 100,000 known commands, whose result must
# have the same digest, also after a child of fork has saved it and it was read back.
# The server lies in redis-tools under another name: no service is installed.
# processes: redis-server redis-benchmark redis-cli
set -eu
if [ "$1" = prepare ]; then
	for tool in redis-benchmark redis-cli redis-check-rdb; do
		command -v $tool >/dev/null || { echo "no $tool here" >&2; exit 77; }
	done
	ln -s "$(command -v redis-check-rdb)" redis-server
	awk 'BEGIN {
		seed = 1
		for (i = 0; i < 100000; i++) {
			seed = (seed * 16807) % 2147483647
			key = seed % 5000
			value = sprintf("%0" (8 + seed % 300) "d", seed)
			kind = i % 10
			if (kind == 0) print "SET s" key, value
			else if (kind == 1) print "HSET h" key % 500, "f" seed % 97, value
			else if (kind == 2) print "LPUSH l" key % 300, value
			else if (kind == 3) print "SADD e" key % 300, seed % 1000
			else if (kind == 4) print "ZADD z" key % 300, seed % 1000, "m" seed % 211
			else if (kind == 5) print "APPEND s" key, value
			else if (kind == 6) print "DEL s" seed % 700
			else if (kind == 7) print "RPOP l" seed % 300
			else if (kind == 8) print "SETRANGE r" key % 100, seed % 9000, value
			else print "INCRBY n" key, seed % 100
		}
	}' >commands
	exit 0
fi
. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
mkdir scratch
# Relative, because the path of a socket has 107 bytes at most; the server goes to its --dir.
socket=scratch/socket
"$2/redis-server" --port 0 --unixsocket socket --dir "$PWD/scratch" --save '' --appendonly no \
	--enable-debug-command yes --io-threads 2 >scratch/log &
server=$!
trap 'kill -KILL $server 2>/dev/null || :' EXIT
redis() { redis-cli -s $socket "$@"; }
wait_for redis ping

requests=20000
[ -z "${KMEMSIM_SHORT-}" ] || requests=8000
redis-benchmark -s $socket -q -n $requests -r 10000 -P 8 -d 200 -c 20 \
	-t set,get,incr,lpush,rpush,lpop,sadd,hset,zadd,lrange_100,mset >scratch/benchmark
tr '\r' '\n' <scratch/benchmark | grep -c 'requests per second'
redis flushall
redis --pipe <"$2/commands" >scratch/pipe
grep replies scratch/pipe
redis debug digest
redis dbsize
redis bgsave >scratch/bgsave
wait_for sh -c "redis-cli -s $socket info persistence | grep -q 'rdb_bgsave_in_progress:0'"
redis info persistence | tr -d '\r' | grep rdb_last_bgsave_status
redis debug reload
redis debug digest
redis flushall
redis shutdown nosave || :
wait $server
trap - EXIT

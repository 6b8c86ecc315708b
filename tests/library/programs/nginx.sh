#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# nginx, a master and four workers, under ab: plain files, files compressed on the
# way, pages put together by SSI through a proxy to itself; then new workers take
# over under load. Files fetched must be the files served.
# processes: nginx ab
set -eu
. "$KMEMSIM_ROOT/tests/library/programs/lib.sh"
if [ "$1" = prepare ]; then
	command -v ab >/dev/null || { echo 'no ab (apache2-utils) here' >&2; exit 77; }
	PATH=$PATH:/usr/sbin
	if command -v nginx >/dev/null; then
		ln -s "$(command -v nginx)" nginx
	else
		# Unpacked, not installed: that would start a server.
		unpack nginx package || exit 77
		ln -s package/usr/sbin/nginx nginx
	fi
	./nginx -v 2>/dev/null || { echo 'nginx does not start here' >&2; exit 77; }
	mkdir pages
	recording recording
	head -c 2000000 recording >pages/large.txt
	head -c 20000 recording >pages/middle.txt
	echo small >pages/small.txt
	for part in 1 2 3 4 5; do
		echo "<!--#include virtual=\"/proxy/middle.txt?$part\" -->"
	done >pages/joined.shtml
	exit 0
fi
mkdir -p scratch/logs
pages=$2/pages
user=
[ "$(id -u)" != 0 ] || user="user $(id -un) $(id -gn);"
configure() {
	cat >scratch/nginx.conf <<CONF
daemon off;
$user
worker_processes 4;
pid nginx.pid;
error_log logs/error.log warn;
events { worker_connections 256; }
http {
	types { text/plain txt; text/html shtml; }
	access_log logs/access.log combined buffer=64k;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	gzip on;
	gzip_types text/plain;
	keepalive_requests 1000;
	server {
		listen 127.0.0.1:$port;
		root $pages;
		ssi on;
		location /proxy/ { proxy_pass http://127.0.0.1:$port/; proxy_buffering on; }
	}
}
CONF
}

# From a port on that others hardly have as well; nginx ends when its port is taken.
port=$((20000 + $$ % 10000))
for turn in 1 2 3; do
	port=$((port + turn))
	url=http://127.0.0.1:$port
	configure
	"$2/nginx" -p "$PWD/scratch/" -c nginx.conf -e logs/error.log 2>scratch/stderr &
	server=$!
	trap 'kill -TERM $server 2>/dev/null || :' EXIT
	wait_for sh -c "[ -s scratch/nginx.pid ] || ! kill -0 $server"
	[ ! -s scratch/nginx.pid ] || break
done

fetch() {
	/usr/bin/python3 -I -c 'import sys, urllib.request
sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout=10).read())' "$url/$1"
}

# load REQUESTS PAGE [OPTIONS]: all of them must be answered.
load() {
	requests=$1 page=$2
	shift 2
	ab -q -c 16 -n "$requests" "$@" "$url/$page" >scratch/ab
	grep -E '^(Complete|Failed|Non-2xx)' scratch/ab
}

[ -n "${KMEMSIM_SHORT-}" ] || for page in small.txt middle.txt large.txt joined.shtml proxy/large.txt; do
	fetch $page | cksum
done
load 10000 small.txt -k
load 4000 middle.txt -k -H 'Accept-Encoding: gzip'
load 200 large.txt -k
load 500 joined.shtml -k
if [ -z "${KMEMSIM_SHORT-}" ]; then
	# Without -k: a worker that has to go closes connections that wait for another request.
	load 10000 small.txt >scratch/reloaded &
	loader=$!
	for turn in 1 2 3; do
		kill -HUP $server
		sleep 0.3
	done
	wait $loader
	cat scratch/reloaded
	fetch joined.shtml | cksum
	load 2000 middle.txt
fi
kill -QUIT $server
wait $server
trap - EXIT

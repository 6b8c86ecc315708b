# SPDX-License-Identifier: GPL-2.0
# What the scripts share.

# wait_for COMMAND...: until it succeeds, 10 s at most.
wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { echo "still fails after 10 s: $*" >&2; return 1; }
		sleep 0.05
	done
}

# unpack PACKAGE FOLDER: a Debian package's files below FOLDER, nothing installed.
unpack() {
	command -v apt-get >/dev/null || { echo 'no apt-get here' >&2; return 1; }
	mkdir -p "$2"
	(cd "$2" && { apt-get -q download "$1" || { apt-get -q update && apt-get -q download "$1"; }; } &&
		dpkg-deb -x "$1"_*.deb . && rm "$1"_*.deb) >/dev/null 2>&1 ||
		{ echo "package $1 cannot be had" >&2; return 1; }
}

# recording FILE: a real recording as perf script's text, 24 MB of it; a third when short.
recording() {
	command -v zstd >/dev/null || { echo 'no zstd here' >&2; exit 77; }
	lines=1000000
	[ -z "${KMEMSIM_SHORT-}" ] || lines=40000
	zstd -q -d -c "$KMEMSIM_ROOT/tests/traces/loopback-http.perf.txt.zst" | head -n $lines >"$1"
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# install.sh ROOT: what was installed below ROOT (with prefix /usr) is complete: the
# README's example compiles against it, linked both ways, and runs; every public
# call has its man page, and every page is without a fault.
set -eu
cd "$(dirname "$0")/../.."
root=$1
work=$root/work
mkdir -p "$work"
bad=0
fail() {
	echo "$*" >&2
	bad=1
}

awk '/^<!-- example/ { on = 1; next } /^<!-- end example/ { on = 0 } on && (/^    / || /^$/) { print substr($0, 5) }' \
	README.md > "$work/example.c"
[ -s "$work/example.c" ] || fail 'README.md: no example'

export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_PATH="$root/usr/lib/pkgconfig"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
flags=$(pkg-config --cflags --libs kmemsim)
# shellcheck disable=SC2086
${CC:-cc} -O2 -Wall -Wextra -Werror "$work/example.c" -o "$work/shared" $flags
# shellcheck disable=SC2086
${CC:-cc} -O2 "$work/example.c" -o "$work/static" $(pkg-config --cflags kmemsim) \
	"$root/usr/lib/libkmemsim.a" -lpthread
# shellcheck disable=SC2086
g++ -O2 -Wall -Wextra -Werror -x c++ -fsyntax-only $(pkg-config --cflags kmemsim) "$root/usr/include/kmemsim.h"

want='500500, nothing is left'
got=$(LD_LIBRARY_PATH="$root/usr/lib" "$work/shared")
[ "$got" = "$want" ] || fail "the example, linked dynamically, printed '$got'"
ldd "$work/shared" | grep -q libkmemsim.so.0 || fail 'the example does not use libkmemsim.so.0'
got=$("$work/static")
[ "$got" = "$want" ] || fail "the example, linked statically, printed '$got'"
ldd "$work/static" | grep -q libkmemsim && fail 'the example should have been linked statically'

# One version everywhere, that of the header.
version=$(sed -n 's/^#define KMS_VERSION "\(.*\)"/\1/p' "$root/usr/include/kmemsim.h")
[ -n "$version" ] || fail 'kmemsim.h has no version'
is_version() {	# $1 where, $2 what is there
	[ "$2" = "$version" ] || fail "$1 has version '$2', kmemsim.h $version"
}
printf '#include <kmemsim.h>\n#include <stdio.h>\nint main(void) { return puts(kms_version()) < 0; }\n' > "$work/version.c"
# shellcheck disable=SC2086
${CC:-cc} "$work/version.c" -o "$work/version" $flags
is_version 'the library' "$(LD_LIBRARY_PATH="$root/usr/lib" "$work/version")"
is_version 'the name of the library' "$(basename "$(readlink "$root/usr/lib/libkmemsim.so.0")" | sed 's/libkmemsim.so.//')"
is_version 'pkg-config' "$(pkg-config --modversion kmemsim)"
is_version 'the program' "$("$root/usr/bin/kmemsim" --version | sed -n '1s/^kmemsim //p')"
is_version 'its report' "$("$root/usr/bin/kmemsim" run --layers pages tests/traces/gcc-hello.perf.txt.zst |
	sed -n '1s/^kmemsim  *//p')"
for page in $(grep -L '^\.so ' "$root"/usr/share/man/man3/*.3); do
	is_version "$page" "$(sed -n 's/^\.TH [^"]*"kmemsim \([^"]*\)".*/\1/p' "$page")"
done

# What the libraries offer is what the header declares, and a page is there for each call.
calls=$(sed -n 's/^[a-z].*[ *]\(kms_[a-z_]*\)(.*/\1/p' "$root/usr/include/kmemsim.h" | grep -v '^kms_window\|_slow$\|^kms_order' | sort -u)
[ "$(echo "$calls" | wc -l)" -ge 15 ] || fail "only these calls were found in kmemsim.h: $calls"
for call in $calls; do
	page=$root/usr/share/man/man3/$call.3
	[ -f "$page" ] || { fail "$call has no man page"; continue; }
	target=$(sed -n 's/^\.so //p' "$page")
	grep -q "$call" "$root/usr/share/man/${target:-man3/$call.3}" || fail "$page does not speak of $call"
done
for page in "$root"/usr/share/man/man3/*.3; do
	grep -q '^\.so ' "$page" && continue
	faults=$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)
	[ -z "$faults" ] || fail "$page: $faults"
done
inner=$(nm -D --defined-only "$root/usr/lib/libkmemsim.so.0" | awk '{ print $3 }' | grep -v '^kms_\|^KMEMSIM_' || true)
[ -z "$inner" ] || fail "libkmemsim.so offers names that are none of its own: $inner"
inner=$(nm -g --defined-only "$root/usr/lib/libkmemsim.a" | awk 'NF == 3 { print $3 }' | grep -v '^kms_' || true)
[ -z "$inner" ] || fail "libkmemsim.a offers names that are none of its own: $inner"
exit $bad

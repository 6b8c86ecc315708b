#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gcc -O2 of a real program, this one: object files must be the same bytes.
# processes: gcc cc1 as
set -eu
if [ "$1" = prepare ]; then
	# Files that need more than the C library's headers stay out.
	cd "$KMEMSIM_ROOT"
	folders='pagemap buddy slab sim'
	[ -z "${KMEMSIM_SHORT-}" ] || folders=buddy
	# shellcheck disable=SC2086
	find $folders -name '*.c' ! -path 'sim/capture/*' -exec grep -LE \
		'include <(elfutils|dwarf|jansson|zstd|numa|curses|ncurses)' {} + | sort >"$OLDPWD/sources"
	exit 0
fi
inputs=$2
out=$PWD
cd "$KMEMSIM_ROOT"
# shellcheck disable=SC2016
xargs -n 1 -P 2 sh -c 'gcc -O2 -std=gnu11 -D_GNU_SOURCE -I. -DKMEMSIM_SRCDIR=\".\" -c \
	-o "$0/$(echo "$1" | tr / _).o" "$1" || exit 255' "$out" <"$inputs/sources"

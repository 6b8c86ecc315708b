#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# g++ with heavy templates, and the program it made, which lives on new and delete.
# processes: g++ cc1plus as ld templates
set -eu
if [ "$1" = prepare ]; then
	command -v g++ >/dev/null || { echo 'no g++ here' >&2; exit 77; }
	exit 0
fi
level=-O2
[ -z "${KMEMSIM_SHORT-}" ] || level=-O0
g++ -std=c++17 $level -pthread -o templates "$KMEMSIM_ROOT/tests/programs/templates.cpp"
./templates

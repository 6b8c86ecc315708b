#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# g++ with heavy templates, and the program it made, which lives on new and delete.
# processes: g++ cc1plus
set -eu
if [ "$1" = prepare ]; then
	command -v g++ >/dev/null || { echo 'no g++ here' >&2; exit 77; }
	exit 0
fi
source=$KMEMSIM_ROOT/tests/library/programs/templates.cpp
if [ -n "${KMEMSIM_SHORT-}" ]; then
	exec g++ -std=c++17 -fsyntax-only "$source"
fi
g++ -std=c++17 -O2 -pthread -o templates "$source"
./templates

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the sample commands of docs/formats.md and kmemsim run on what they make. A command
# whose tool is not here, or may not do what it does, is skipped with a message.
set -eu
cd "$(dirname "$0")/.."
top=$PWD build=${O:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
work=$(mktemp -d) ran=0 skipped=0 bad=0
trap 'rm -rf "$work"' EXIT
PATH=$build:$PATH
export PATH
cd "$work"

# What the commands read: a recording under the names that the page uses, in a format of ours.
kmemsim convert -q -o trace.kmt "$top/tests/traces/gcc-hello.perf.txt.zst"
cp trace.kmt perf.data
kmemsim convert -q --to text -o trace.txt trace.kmt
kmemsim cut -q -o trace.1.kmt --events -9999 trace.kmt
kmemsim cut -q -o trace.2.kmt --events 10000- trace.kmt
kmemsim cut -q --to text -o cpu0.txt --cpu 0 trace.kmt
kmemsim cut -q --to text -o cpu1.txt --cpu 1 trace.kmt
cat >program.c <<'C'
#include <mcheck.h>
#include <stdlib.h>
int main(void) { mtrace(); void *p = malloc(100); p = realloc(p, 3000); free(p); return malloc(7) == 0; }
C
${CC:-cc} -o program program.c

mkdir inputs
cp ./* inputs 2>/dev/null || true
# perf writes a real one, and reads it.
rm inputs/perf.data

skip() {
	echo "skipped: $1: $2"
	skipped=$((skipped + 1))
}

# The program that a command begins with, behind settings of variables.
tool_of() {
	for word in $1; do
		case $word in *=*) ;; *) echo "$word"; return ;; esac
	done
}

run_one() {
	tool=$(tool_of "$1")
	command -v "$tool" >/dev/null || { skip "$1" "there is no $tool"; return; }
	case $1 in *'| zstd'*) command -v zstd >/dev/null || { skip "$1" "there is no zstd"; return; } ;; esac
	# A command before this one may have written over them.
	cp inputs/* .
	sleep 0.02
	touch stamp
	if ! timeout 120 sh -c "$1" >said 2>&1 </dev/null; then
		case $tool in
		kmemsim) case $1 in *' record '*) skip "$1" "$(tail -n 1 said)"; return ;; esac
			 echo "FAILED: $1"; cat said; bad=$((bad + 1)) ;;
		*) skip "$1" "$(tail -n 1 said)" ;;
		esac
		return
	fi
	ran=$((ran + 1))
	# A trace in CTF is a directory.
	for made in $(find . \( -type d -exec test -e '{}/metadata' \; -prune -o -type f \) \
			-newer stamp ! -name said ! -name '*.maps' -print); do
		timeout 300 kmemsim run -q "$made" 2>said || {
			# A part of a recording may be empty.
			case $1 in 'kmemsim cut '*) ! grep -q 'no events$' said || continue ;; esac
			echo "FAILED: $1: kmemsim run $made"
			cat said
			bad=$((bad + 1))
		}
	done
}

# Indented lines in front of the page's section on output that begin with a program.
sed -n '1,/^## Output/s/^    //p' "$top/docs/formats.md" |
	grep -E '^((MALLOC_TRACE=[^ ]+ )?(LD_PRELOAD=[^ ]+ )?(perf|trace-cmd|kmemsim|heaptrack|valgrind|lttng|echo|PROGRAM) )|^MALLOC_TRACE=' |
	sed -e 's/ \{2,\}#.*//' -e 's/COMMAND/ls/g' -e 's|PROGRAM|./program|g' -e 's|/usr/include|/etc/apt|' >commands
while read -r line; do
	case $line in
	*.recording*) skip "$line" "it needs a recorder that was killed" ;;
	*) run_one "$line" ;;
	esac
done <commands
echo "sample commands of docs/formats.md: $ran ran, $skipped skipped, $bad failed"
[ "$ran" -gt 0 ] && [ "$bad" -eq 0 ]

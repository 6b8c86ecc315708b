#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh BUILD: do the tests notice a fault of one line? Builds the program with one
# line changed at a time, as tests/mutants/* say, and prints who notices: a test, the
# captures of the shared folder (X caught, . not), a crash, or that it never ends.
#
# mutants.sh --check: only whether each line of the tables changes one line of its file.
#
# Faults that docs/mutants.md explains are held against the nearest suites alone;
# MUTANTS_ALL=1 runs all of them there, too.
#
# It fails where a fault passes that neither docs/mutants.md nor docs/fidelity.md names,
# and where fewer than 90 % of those the tests should notice are noticed.
set -eu
cd "$(dirname "$0")/.."
tables='tests/mutants/verify tests/mutants/layers'
export KMEMSIM_SHARED="${KMEMSIM_SHARED:-$PWD/../shared}"
captures=$KMEMSIM_SHARED/oracle/kernel

table() {
	cat $tables | sed -e '/^#/d' -e '/^$/d'
}

# All bad lines at once: sources that changed may have spoilt several.
check() {
	table | while IFS='|' read -r name file program expression; do
		case ${program%% *} in captures | tests | odd | library) ;; *) echo "$name: no program '$program'" ;; esac
		[ -f "$file" ] || { echo "$name: there is no $file"; continue; }
		changed=$(sed "$expression" "$file" | diff "$file" - | grep -c '^[<>]' || true)
		[ "$changed" = 2 ] || echo "$name: changes $((changed / 2)) lines of $file instead of one"
	done
	table | cut -d'|' -f1 | sort | uniq -d | sed 's/$/: two faults have this name/'
}

bad=$(check)
if [ -n "$bad" ]; then
	echo "$bad" >&2
	echo "tests/mutants/: $(echo "$bad" | wc -l) lines of the tables must follow the sources" >&2
	exit 1
fi
[ "$1" != --check ] || exit 0

work=$1/mutants
# The second tree is a copy of the first one, with its objects: the flags must be the same.
flags="WERROR= sanitize= CURDIR=$work/a"
rm -rf "$work"
mkdir -p "$work"

# ---- judging ------------------------------------------------------------------

target() {
	case $1 in
	captures) echo build/kmemsim ;;
	tests) echo build/kmemsim-tests ;;
	*) echo "build/kmemsim-tests-$1" ;;
	esac
}

# Status of each capture in tree $1, as a word of . and X.
judge_captures() {
	word=
	for capture in $list; do
		if timeout 120 "$1/build/kmemsim" verify --mode open --at-least 100 \
			"$captures/$capture" >/dev/null 2>&1; then word=$word.; else word=${word}X; fi
	done
	echo "$word"
}

# Names of the suites in files $@.
suites_in() {
	sed -n 's/^const struct test_suite .*_suite = { "\([^"]*\)".*/\1/p' "$@" 2>/dev/null || true
}

# Those that bear the name of source $1, or of its folder: they take seconds, and mostly notice.
suites_of() {
	dir=$(dirname "$1")
	echo $(suites_in "tests/$1" "tests/$(dirname "$dir")/$(basename "$1")" "tests/$dir.c" "tests/$dir"_*.c)
}

# The suites that stand nearest to source $1: those of its folder below tests/, or of the
# next one above.
suites_near() {
	dir=$1
	while dir=$(dirname "$dir"); [ "$dir" != . ]; do
		names=$(suites_in $(find "tests/$dir" -name '*.c' 2>/dev/null) </dev/null)
		[ -z "$names" ] || break
	done
	echo $names
}

# What program $2 of tree $1 notices within $3 seconds with the suites $4... (none: all
# of them); an empty line where it is nothing.
judge_tests() {
	tree=$1 program=$2 seconds=$3 status=0
	shift 3
	timeout -k 5 "$seconds" "$tree/$(target "$program")" -x "$@" >"$tree/noticed" 2>/dev/null </dev/null ||
		status=$?
	case $status in
	0 | 2) ;; # 2: it has no such suites
	124 | 137) echo 'it never ends' ;;
	1) sed -n '$p' "$tree/noticed" | cut -d: -f1-2 ;;
	*) echo "it crashes (status $status)" ;;
	esac
}

# Whether a page says why nobody notices $1.
explained() {
	grep -qF "| $1 |" docs/mutants.md || grep -qF "$1" docs/fidelity.md
}

# Who notices a fault of source $2 in tree $1: program $3, the suites $4... first, then those of
# the source's name, those near it, all of them.
judge_by_distance() {
	tree_of=$1 source=$2 program_of=$3
	shift 3
	limit=$(cat "$work/$program_of.limit")
	[ "$program_of" != tests ] || set -- "$*" "$(suites_of "$source")"
	[ "$program_of" = library ] || set -- "$@" "$(suites_near "$source")"
	for suites; do
		[ -n "$suites" ] || continue
		found=$(judge_tests "$tree_of" "$program_of" "$limit" $suites)
		[ -z "$found" ] || { echo "$found"; return; }
	done
	# To see once more that nobody notices what is explained takes minutes each.
	[ "$program_of" != tests ] || [ -n "${MUTANTS_ALL:-}" ] || ! explained "$name" || return 0
	judge_tests "$tree_of" "$program_of" "$limit"
}

# One fault in tree $1: its name, then who noticed, after a bar.
try() {
	program_name=${4%% *}
	cp "$1/$3" "$1/original"
	sed "$5" "$1/original" >"$1/$3"
	if ! make -s -C "$1" $flags "$(target "$program_name")" >"$1/build.log" 2>&1; then
		echo "$2|it does not compile: $(grep -m1 error "$1/build.log")"
		cp "$1/original" "$1/$3"
		return
	fi
	if [ "$4" = captures ]; then
		noticed=$(judge_captures "$1")
		[ "$noticed" != "$(cat "$work/captures.baseline")" ] || noticed=
	else
		noticed=$(judge_by_distance "$1" "$3" $4)
	fi
	echo "$2|$noticed"
	cp "$1/original" "$1/$3"
}

# The next row of the table that nobody has taken.
take_row() {
	flock "$work/lock" sh -c 'n=$(($(cat "$1/taken") + 1)); echo $n >"$1/taken"; sed -n "${n}p" "$1/table"' sh "$work"
}

# Rows of the table in tree $1, until none is left.
worker() {
	while row=$(take_row); [ -n "$row" ]; do
		IFS='|' read -r name file program expression <<-END
		$row
		END
		try "$work/$1" "$name" "$file" "$program" "$expression" | tee -a "$work/results" |
			sed 's/|$/|NOBODY NOTICES/' | awk -F'|' '{ printf "%-64s %s\n", $1, $2 }'
	done
}

# ---- the whole ------------------------------------------------------------------

list=
if [ -d "$captures" ]; then
	list=$(ls "$captures" | grep -v README)
	table >"$work/table"
else
	echo "skipped: $captures is not here, so no fault is held against captures"
	table | awk -F'|' '$3 != "captures"' >"$work/table"
fi
began=$(date +%s)
mkdir "$work/a"
git ls-files -z | xargs -0 cp --parents -t "$work/a"
programs=$(cut -d'|' -f3 "$work/table" | cut -d' ' -f1 | sort -u)
for program in $programs; do
	make -s -j2 -C "$work/a" $flags "$(target "$program")" >"$work/build.log" 2>&1 || {
		tail "$work/build.log" >&2
		exit 1
	}
done
cp -a "$work/a" "$work/b"

# The unchanged programs: what they say of the captures, how long the tests take.
for program in $programs; do
	if [ "$program" = captures ]; then
		judge_captures "$work/a" >"$work/captures.baseline"
		i=0
		for capture in $list; do
			i=$((i + 1))
			printf '%*s%d %s\n' 0 '' "$i" "$capture"
		done
		printf '%-64s %s\n' 'nothing changed' "$(cat "$work/captures.baseline")"
		continue
	fi
	start=$(date +%s)
	judge_tests "$work/b" "$program" 600 -p 2/2 >"$work/other_half" &
	noticed=$(judge_tests "$work/a" "$program" 600 -p 1/2)
	wait
	noticed=$noticed$(cat "$work/other_half")
	[ -z "$noticed" ] || { echo "the unchanged $program fail: $noticed" >&2; exit 1; }
	seconds=$(($(date +%s) - start))
	# One tree alone needs twice as long for both halves.
	echo $((seconds * 8 + 30)) >"$work/$program.limit"
	printf '%-64s %s\n' "nothing changed, $program" "nobody notices, in $seconds s"
done

: >"$work/results"
echo 0 >"$work/taken"
worker a &
worker b &
wait

nr=$(wc -l <"$work/results")
[ "$nr" = "$(wc -l <"$work/table")" ] || { echo "only $nr faults were tried" >&2; exit 1; }
status=0
if grep '|it does not compile' "$work/results" >&2; then
	status=1
fi
grep '|$' "$work/results" | cut -d'|' -f1 >"$work/alive" || true
while IFS= read -r name; do
	explained "$name" || {
		echo "neither docs/mutants.md nor docs/fidelity.md says why nobody notices: $name" >&2
		status=1
	}
done <"$work/alive"
# Of the verifier's rules docs/fidelity.md has its own account.
layers=$(awk -F'|' '$3 != "captures"' "$work/table" | wc -l)
passed=$(cut -d'|' -f1,3 "$work/table" | grep -v '|captures$' | cut -d'|' -f1 | grep -cxFf "$work/alive" || true)
[ $((passed * 10)) -le "$layers" ] || { echo "tests notice only $((layers - passed)) of $layers faults" >&2; status=1; }
echo "$nr faults, $((nr - $(wc -l <"$work/alive"))) noticed; by tests $((layers - passed)) of $layers;" \
	"in $((($(date +%s) - began + 59) / 60)) minutes"
exit $status

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The layering rule, checked on the text: a layer includes nothing from above,
# only sim/cmd prints or exits, and the layers keep no writable globals.
set -eu
cd "$(dirname "$0")/.."
bad=0

# slab/malloc/ is the library: it speaks to programs that know nothing of us, and has their one heap.
# The child in which babeltrace2 runs ends itself, which is not the program.
child_ends='^sim/trace/ctf/child[.]c:[0-9]*:	_exit(status);$'
# $1 folder, $2 pattern it must not contain, $3 what that would mean, $4 what may stand there all the same
forbid() {
	if grep -rnE --include='*.[ch]' --exclude-dir=malloc --exclude-dir=cmd "$2" $1 | grep -v "$child_ends" |
		grep -v "${4:-^$}"; then
		echo "$1: $3" >&2
		bad=1
	fi
}

forbid pagemap '#include "(buddy|slab|sim)/' 'includes a higher layer'
forbid buddy '#include "(slab|sim)/' 'includes a higher layer'
forbid slab '#include "sim/' 'includes a higher layer'
# By their names: forbid() leaves that folder out.
forbid 'slab/malloc/*.c slab/malloc/*.h' '#include "sim/' 'includes a higher layer'
forbid 'pagemap buddy slab' '#include "slab/malloc/' 'a layer knows the library'
forbid sim/trace '#include "(sim/(machine|replay|session|metrics|report|cmd|access|diagnose|verify|layout)/|slab/|buddy/buddy)' \
	'a reader knows the machine'
forbid sim/scenario '#include "sim/(vm|machine|replay|session|metrics|report|diagnose|verify|layout|cmd)/' \
	'a scenario is text: it knows no machine'
forbid sim/report/emit '#include "(buddy|slab|sim/(machine|replay|metrics|trace))' 'the emitter knows what it prints'
forbid sim/vm/policy '#include "(buddy|slab)/' 'a replacement policy knows a machine'
forbid 'sim/util sim/machine sim/access' '#include "sim/(trace|replay|metrics|session|report|diagnose|verify|layout|cmd)/' \
	'knows who uses it'
forbid 'sim/machine sim/access sim/traced sim/replace sim/replay sim/metrics sim/session sim/diagnose' '#include "sim/report' \
	'a figure knows how it is printed'
forbid sim/vm '#include "(slab/|sim/(trace|replay|metrics|session|report|diagnose|verify|layout|machine|cmd)/)' \
	'virtual memory knows more than the allocators' '#include "slab/slab.h"$'
forbid 'pagemap buddy slab sim' '#include "sim/cmd/' 'knows the command line'
for layer in pagemap buddy slab $(ls -d sim/*/ | grep -vE 'sim/(cmd|capture|preload)/'); do
	forbid "$layer" '(^|[^a-z_])(printf|puts|putchar|perror|exit|_exit|abort|err|errx|warn|warnx)\(' \
		'prints or exits'
done
forbid 'pagemap buddy slab' '(fprintf|fputs|stderr|stdout)' 'prints'

# Writable data in the objects of the layers: two machines share nothing. (.data.rel.ro holds
# constant tables of pointers.)
for object in $(find "${O:-build}/obj/pagemap" "${O:-build}/obj/buddy" "${O:-build}/obj/slab" -name '*.o' 2>/dev/null); do
	if size -A "$object" | awk '($1 ~ /^\.(data|bss|tdata|tbss)$/ || $1 ~ /^\.data\.rel(\.local)?$/) && $2 { found = 1 } END { exit !found }'; then
		echo "$object: a writable global" >&2
		bad=1
	fi
done
exit $bad

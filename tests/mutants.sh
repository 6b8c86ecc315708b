#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh BUILD: can `kmemsim verify` fail? Builds the program with one rule
# changed at a time and prints which captures catch which change: X caught (frames
# or lists differ), . not. A change that no capture catches makes this fail, unless
# docs/fidelity.md says why (marked "known" below).
#
# A line below: name | file | sed expression, which must change exactly one line.
set -eu
cd "$(dirname "$0")/.."
build=$1
shared=${KMEMSIM_SHARED:-$PWD/../shared}
captures=$shared/oracle/kernel
work=$build/mutants
[ -d "$captures" ] || { echo "skipped: $captures is not here"; exit 0; }

table() {
	sed -e '/^#/d' -e '/^$/d' <<'TABLE'
refill one frame less than batch|buddy/pcp.c|s/int batch = pcp->batch;/int batch = pcp->batch - 1;/
refill of larger blocks not scaled|buddy/pcp.c|s/batch = batch >> order > 2 ? batch >> order : 2;/batch = batch + 0;/
refill to the head of the list|buddy/pcp.c|s/page_list_add_tail(b->pages, list, pfn);/page_list_add(b->pages, list, pfn);/
free factor does not grow|buddy/pcp.c|s/pcp->free_factor++;/;/
free factor does not shrink|buddy/alloc.c|/^static uint32_t rmqueue_pcplist/,/^}/s/pcp->free_factor >>= 1;/;/
drain begins with the first list|buddy/pcp.c|s/^	pindex--;$/	pindex = -1;/
drain gives back up to high|buddy/pcp.c|s/int nr, max_nr_free = high - batch;/int nr, max_nr_free = high;/
blocks of order 1 to 3 not given back at once|buddy/pcp.c|s/free_high = pcp->free_factor/free_high = 0 \&\& pcp->free_factor/
no tail placement for likely merges|buddy/free_area.c|s/fpi_flags & FPI_TO_TAIL || buddy_merge_likely(b, zone, pfn, buddy_pfn, order)/fpi_flags \& FPI_TO_TAIL/
likely merges looked for one order too high|buddy/free_area.c|s/if (order + 1 >= MAX_PAGE_ORDER)/if (order + 2 >= MAX_PAGE_ORDER)/
rest of a split to the tail|buddy/free_area.c|s/add_to_free_list(b, zone, pfn + (1U << high), high, mt);/add_to_free_list_tail(b, zone, pfn + (1U << high), high, mt);/
moved blocks to the head|buddy/free_area.c|/^void move_to_free_list/,/^}/s/add_to_free_list_tail(/add_to_free_list(/
fallback order swapped for Unmovable|buddy/fallback.c|s/{ MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE }/{ MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE }/
claim threshold off by one|buddy/fallback.c|/^void steal_suitable_fallback/,/^}/s,PAGEBLOCK_NR_PAGES / 2) {,PAGEBLOCK_NR_PAGES / 2 + 1) {,
pages alike not counted|buddy/fallback.c|s/return old_mt == MIGRATE_MOVABLE ? .*;/return 0;/
small blocks claimed one order later|buddy/fallback.c|s,return order >= PAGEBLOCK_ORDER / 2 ,return order > PAGEBLOCK_ORDER / 2 ,
NOFRAGMENT ignored|buddy/fallback.c|/^bool __rmqueue_fallback/,/^}/s/if (order < PAGEBLOCK_ORDER && alloc_flags & ALLOC_NOFRAGMENT)/if (0)/
watermark off by a page|buddy/zone.c|s/if (free_pages <= min + (int64_t)zone->lowmem_reserve/if (free_pages < min + (int64_t)zone->lowmem_reserve/
lowmem reserve ignored|buddy/zone.c|s/if (free_pages <= min + (int64_t)zone->lowmem_reserve\[highest_zoneidx\])/if (free_pages <= min)/
watermark boost ignored|buddy/fallback.c|s/zone->watermark_boost += PAGEBLOCK_NR_PAGES;/zone->watermark_boost += 0;/
6.12: refills do not grow|buddy/pcp_auto.c|s/pcp->alloc_factor++;/;/
6.12: frees in a row not counted|buddy/pcp_auto.c|s/pcp->free_count = (short)(pcp->free_count + (1 << order));/;/
batched frees applied too early|sim/verify/pages/request.c|/^static bool on_free_batched/,/^}/s/req->when = ev->time_ns;/;/
TABLE
}

# The baseline: a copy of the tree, built once; a mutant recompiles one file of it.
rm -rf "$work"
mkdir -p "$work/tree"
git ls-files -z pagemap buddy slab sim tests mk Kbuild Makefile | xargs -0 cp --parents -t "$work/tree"
make -s -C "$work/tree" WERROR= build/kmemsim >"$work/build.log" 2>&1 || { tail "$work/build.log" >&2; exit 1; }

list=$(ls "$captures" | grep -v README)
# Status of each capture, as a word of . and X.
judge() {
	word=
	for capture in $list; do
		if timeout 120 "$work/tree/build/kmemsim" verify --mode open --at-least 100 \
			"$captures/$capture" >/dev/null 2>&1; then word=$word.; else word=${word}X; fi
	done
	echo "$word"
}

baseline=$(judge)
i=0
for capture in $list; do
	i=$((i + 1))
	printf '%*s%d %s\n' 0 '' "$i" "$capture"
done
printf '%-48s %s\n' 'nothing changed' "$baseline"
alive=0 nr=0
table > "$work/table"
while IFS='|' read -r name file expression; do
	cp "$file" "$work/original"
	sed "$expression" "$file" > "$work/tree/$file"
	changed=$(diff "$work/original" "$work/tree/$file" | grep -c '^>' || true)
	if [ "$changed" != 1 ]; then
		echo "$name: changes $changed lines of $file instead of one" >&2
		exit 1
	fi
	make -s -C "$work/tree" WERROR= build/kmemsim >"$work/build.log" 2>&1 || { tail "$work/build.log" >&2; exit 1; }
	word=$(judge)
	printf '%-48s %s\n' "$name" "$word"
	nr=$((nr + 1))
	# Caught: a capture that the unchanged program passes and this one does not.
	[ "$word" != "$baseline" ] || { alive=$((alive + 1)); echo "$name" >> "$work/alive"; }
	cp "$work/original" "$work/tree/$file"
done < "$work/table"
echo "$nr mutants, $alive caught by no capture"
if [ -f "$work/alive" ]; then
	while IFS= read -r name; do
		grep -qF "$name" docs/fidelity.md || { echo "docs/fidelity.md does not say why: $name" >&2; bad=1; }
	done < "$work/alive"
fi
exit ${bad:-0}

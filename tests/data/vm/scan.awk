# SPDX-License-Identifier: GPL-2.0
# From a kernel's recording under pressure (ftrace as text; kmem, vmscan): how many private inactive pages one pass
# of reclaim asked to look at, and what it knew. The list's length is counted from there: pages that
# were asked for, freed, activated. Their cost is that of pages written (6.1: 1 each).
#
#	zstdcat trace.txt.zst | awk -v anon=1034 -v active=996 -f scan.awk
#
# anon, active: nr_inactive_anon and nr_active_anon of procfs_a/zoneinfo.
# Output: priority, inactive pages, cost of private pages, pages asked for. A pass that was cut short is left out: its last
# request is for 32, a full batch.

function value(name,	i) {
	i = index($0, name "=")
	return i ? substr($0, i + length(name) + 1) + 0 : 0
}

function pfn(	i, rest) {
	i = index($0, " pfn=")
	rest = substr($0, i + 5)
	sub(/ .*/, "", rest)
	return rest
}

function close_pass(task) {
	if (asked[task] && last[task] < 32)
		print priority[task], size[task], paid[task], asked[task]
	asked[task] = 0
}

BEGIN { cost = 0 }

{ task = $1; event = $5 }

event == "mm_page_alloc:" && / order=0 / && /GFP_HIGHUSER_MOVABLE/ && /__GFP_ZERO/ {
	private[pfn()] = 1
	anon++
}

(event == "mm_page_free:" || event == "mm_page_free_batched:") && (pfn() in private) {
	delete private[pfn()]
	anon--
}

event == "mm_vmscan_write_folio:" { written[task]++ }

event == "mm_vmscan_lru_isolate:" && / lru=inactive_anon/ { request[task] = value("nr_requested") }

event == "mm_vmscan_lru_shrink_inactive:" && request[task] {
	now = value("priority")
	if (!asked[task] || priority[task] != now || last[task] < 32) {
		close_pass(task)
		priority[task] = now
		size[task] = anon
		paid[task] = cost
	}
	asked[task] += request[task]
	last[task] = request[task]
	request[task] = 0
	moved = value("nr_activate_anon")
	anon -= moved
	active += moved
	cost += written[task]
	written[task] = 0
	if (cost > (anon + active) / 4)
		cost = int(cost / 2)
}

event == "mm_shrink_slab_start:" || event == "mm_vmscan_direct_reclaim_begin:" || event == "mm_vmscan_direct_reclaim_end:" ||
event == "balance_in:" || event == "balance_out:" { close_pass(task) }

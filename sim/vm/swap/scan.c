/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: slots are chosen by going over the map: on rotational devices in both kernels, and in 6.1 on all, where
 * a CPU's cluster says where to begin. Follows scan_swap_map_slots() and scan_swap_map_try_ssd_cluster().
 *
 *	rotational   next to the last one, 512 in a row; then the first place where 512 are free
 *	ssd          in the CPU's cluster; it takes a new one where that is full
 *	neither      the next free slot after the last one, then from the beginning
 */
#include "pagemap/random.h"
#include "sim/vm/swap/internal.h"

#define LATENCY_LIMIT	256
#define TRUNK_SHIFT	14	/* SWAP_ADDRESS_SPACE_SHIFT: 64 MiB */

/* What is done next. */
enum step { CHECK, SEARCH, DONE, NOTHING };

struct scan {
	struct swap *swap;
	unsigned int cpu;
	uint32_t want, got;
	uint32_t *slots;
	uint32_t at, base;		/* the slot that is looked at; where the scan began */
	int ration;			/* slots until the kernel takes a breath; some loops end there */
	bool scanned_many;
};

static bool tick(struct scan *scan)
{
	if (--scan->ration >= 0)
		return false;
	scan->ration = LATENCY_LIMIT;
	return true;
}

/* ---- 6.1's clusters ------------------------------------------------------------ */

/* Go on in the CPU's cluster, or in a new one. False: there is none. */
static bool try_cluster(struct scan *scan)
{
	struct swap *swap = scan->swap;
	struct swap_cpu *own = &swap->cpus[scan->cpu];
	uint32_t slot, end;

	for (;; own->cluster = 0) {
		if (!own->cluster) {
			if (!swap->free.first)
				return false;
			own->cluster = swap->free.first;
			own->next[0] = (own->cluster - 1) * SWAP_CLUSTER;
		}
		end = own->cluster * SWAP_CLUSTER < swap->max ? own->cluster * SWAP_CLUSTER : swap->max;
		for (slot = own->next[0]; slot < end && swap->map[slot]; slot++)
			;
		if (slot < end)
			break;
	}
	own->next[0] = slot + 1;
	scan->at = scan->base = slot;
	return true;
}

/* A free cluster that is not the next one to be taken must be left alone. */
static bool conflict(struct scan *scan)
{
	struct swap *swap = scan->swap;
	uint32_t cluster = scan->at / SWAP_CLUSTER + 1;

	if (!swap->free.first || cluster == swap->free.first || swap->clusters[cluster - 1].state != CLUSTER_FREE)
		return false;
	swap->cpus[scan->cpu].cluster = 0;
	return true;
}

/* ---- one slot after the other ------------------------------------------------------ */

/* A rotational device's run is over: the first place where another one fits, or go on as before. */
static void new_run(struct scan *scan)
{
	struct swap *swap = scan->swap;
	uint32_t at = swap->lowest, last = at + SWAP_CLUSTER - 1;

	swap->run_left = SWAP_CLUSTER - 1;
	if (swap->pages - swap->in_use < SWAP_CLUSTER)
		return;
	scan->at = scan->base = at;
	for (; last <= swap->highest; at++) {
		if (swap->map[at]) {
			last = at + SWAP_CLUSTER;
		} else if (at == last) {
			scan->at = swap->scan_next = at - (SWAP_CLUSTER - 1);
			return;
		}
		tick(scan);
	}
}

static enum step begin(struct scan *scan)
{
	struct swap *swap = scan->swap;

	scan->at = scan->base = swap->clusters ? swap->cpus[scan->cpu].scan_from : swap->scan_next;
	if (swap->clusters)
		return try_cluster(scan) ? CHECK : SEARCH;
	if (swap->run_left)
		swap->run_left--;
	else
		new_run(scan);
	return CHECK;
}

/* After a slot was taken, the next one: near it, and soon. */
static enum step more(struct scan *scan)
{
	const struct swap *swap = scan->swap;
	uint32_t end;

	if (scan->got == scan->want || scan->at >= swap->highest || tick(scan))
		return DONE;
	if (swap->clusters) {
		if (try_cluster(scan))
			return CHECK;
	} else if (swap->run_left && !swap->map[++scan->at]) {
		scan->swap->run_left--;
		return CHECK;
	}
	if (scan->scanned_many)
		return DONE;
	end = scan->at < scan->base ? scan->base : swap->highest;
	for (; scan->at <= end && --scan->ration > 0; scan->at++)
		if (!swap->map[scan->at])
			return CHECK;
	return DONE;
}

/* Whether the slot can be taken. */
static enum step check(struct scan *scan)
{
	struct swap *swap = scan->swap;

	while (swap->clusters && conflict(scan)) {
		if (scan->got)
			return DONE;
		if (!try_cluster(scan))
			return SEARCH;
	}
	if (!swap->highest)
		return NOTHING;
	if (scan->at > swap->highest)
		scan->at = scan->base = swap->lowest;
	if (swap_is_full(swap->vm) && swap->map[scan->at] == SWAP_HAS_CACHE)
		return swap_reclaim_slot(swap, scan->at) ? CHECK : SEARCH;
	if (swap->map[scan->at])
		return scan->got ? DONE : SEARCH;
	swap->map[scan->at] = SWAP_HAS_CACHE;
	if (swap->clusters)
		swap_cluster_use(swap, scan->at);
	swap_range_taken(swap, scan->at, 1);
	scan->slots[scan->got++] = scan->at;
	return more(scan);
}

static bool looks_free(const struct swap *swap, uint32_t slot)
{
	return !swap->map[slot] || (swap->map[slot] == SWAP_HAS_CACHE && swap_is_full(swap->vm));
}

/* The next slot that may be free: up to the end, then from the beginning. */
static enum step search(struct scan *scan)
{
	const struct swap *swap = scan->swap;

	while (++scan->at <= swap->highest) {
		scan->scanned_many |= tick(scan);
		if (looks_free(swap, scan->at))
			return CHECK;
	}
	for (scan->at = swap->lowest; scan->at < scan->base; scan->at++) {
		scan->scanned_many |= tick(scan);
		if (looks_free(swap, scan->at))
			return CHECK;
	}
	return NOTHING;
}

/* Where the next scan begins. On an ssd another place where this one ran into the next 64 MiB. */
static void set_next(struct scan *scan)
{
	struct swap *swap = scan->swap;
	uint32_t next = scan->at + 1, *from = &swap->cpus[scan->cpu].scan_from;

	if (!swap->clusters) {
		swap->scan_next = next;
		return;
	}
	if (*from >> TRUNK_SHIFT != next >> TRUNK_SHIFT) {
		if (swap->highest <= swap->lowest)
			return;
		next = swap->lowest + random_below(&swap->random, swap->highest - swap->lowest + 1);
		next &= ~((1u << TRUNK_SHIFT) - 1);
		if (next < swap->lowest)
			next = swap->lowest;
	}
	*from = next;
}

uint32_t swap_scan(struct swap *swap, unsigned int cpu, uint32_t want, uint32_t *slots)
{
	struct scan scan = { .swap = swap, .cpu = cpu, .want = want, .slots = slots, .ration = LATENCY_LIMIT };
	enum step step = begin(&scan);

	while (step == CHECK || step == SEARCH)
		step = step == CHECK ? check(&scan) : search(&scan);
	if (step == DONE)
		set_next(&scan);
	return scan.got;
}

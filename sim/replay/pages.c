/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the replay of page events; see replay.h.
 *
 * A block of the trace is known by its first pfn. The kernel may free it in
 * parts (split_page, a torn huge page) and a trace may lose frees, so blocks
 * that overlap a new one are taken as freed, and a free that hits the middle
 * of a block takes the block apart first.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <string.h>

#include "sim/replay/internal.h"

/*
 * Most frames are allocated one by one, and most places never see a block of a
 * few frames: a counter for each group of frames saves the search for one
 * around a frame. Groups share counters when frame numbers are far apart,
 * which costs a search and changes nothing.
 */
static uint32_t *small_blocks_near(const struct replay *rp, uint64_t pfn)
{
	return &rp->small_blocks[(pfn >> REPLAY_SMALL_ORDER) % REPLAY_SMALL_GROUPS];
}

/*
 * Count @nr (1 or -1) blocks of 2^@order frames of the trace at @key. Blocks our
 * machine had no memory for are looked for like any other, but hold nothing.
 */
static void count_block(struct replay *rp, uint64_t key, unsigned int order, bool failed, int nr)
{
	if (order && order <= REPLAY_SMALL_ORDER)
		*small_blocks_near(rp, key) += (uint32_t)nr;
	rp->blocks_of_order[order] += nr;
	if (failed)
		return;
	rp->ledger.total.live_blocks += nr;
	rp->ledger.total.block_pages += (uint64_t)nr << order;
}

static void forget_block(struct replay *rp, struct live *block)
{
	count_block(rp, block->key, block->order, !block->sim, -1);
	live_remove(&rp->ledger.blocks, block);
}

static int give_back(struct replay *rp, const struct event *ev, struct live *block,
		     struct kerror *err)
{
	pfn_t pfn = pfn_make((uint32_t)block->sim);
	unsigned int order = block->order;
	bool failed = !block->sim;

	forget_block(rp, block);
	if (failed || !buddy_free_pages(rp->machine->buddy, replay_cpu(rp, ev), pfn, order))
		return 0;
	return replay_refused(rp, ev, "our machine refused to free a block it had handed out", err);
}

/* The live block that holds frame @pfn of the trace without beginning there, or NULL. */
static struct live *find_around(struct replay *rp, uint64_t pfn)
{
	unsigned int order = *small_blocks_near(rp, pfn) ? 1 : REPLAY_SMALL_ORDER + 1;

	for (; order < NR_PAGE_ORDERS; order++) {
		uint64_t head = pfn & ~((1ULL << order) - 1);
		struct live *block;

		if (!rp->blocks_of_order[order] || head == pfn)
			continue;
		block = live_find(&rp->ledger.blocks, head);
		if (block && pfn < head + (1ULL << block->order))
			return block;
	}
	return NULL;
}

static int drop_lost(struct replay *rp, const struct event *ev, struct live *block,
		     struct kerror *err)
{
	rp->ledger.counter[RC_lost_page_free] += block->sim != 0;
	return give_back(rp, ev, block, err);
}

/* Whatever the trace still calls live in the frames of a new block was freed unseen. */
static int drop_overlaps(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t i, nr = 1ULL << ev->order;
	struct live *block = find_around(rp, ev->addr);
	int ret;

	if (block) {
		ret = drop_lost(rp, ev, block, err);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr && rp->ledger.blocks.nr; i++) {
		block = live_find(&rp->ledger.blocks, ev->addr + i);
		if (!block)
			continue;
		ret = drop_lost(rp, ev, block, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* @sim 0: our machine had no memory for it. -ENOMEM of the host. */
static int enter_block(struct replay *rp, const struct event *ev, uint64_t key, uint64_t sim,
		       unsigned int order, struct kerror *err)
{
	struct live *block = live_insert(&rp->ledger.blocks, key);

	if (!block)
		return kerror_set(err, -ENOMEM, "no memory for the table of live blocks");
	block->sim = sim;
	block->order = (uint8_t)order;
	block->born = rp->ledger.events;
	block->born_ns = event_report_ns(ev->time_ns);
	count_block(rp, key, order, !sim, 1);
	return 0;
}

static void write_block(struct replay *rp, pfn_t pfn, unsigned int order)
{
	struct pagemap *map = rp->machine->map;
	uint32_t i;

	for (i = 0; i < 1U << order; i++)
		memset(virt_from_pfn(map, pfn_add(pfn, i)), 0, sizeof(uint64_t));
	pagemap_touch(map, pfn, 1U << order);
}

int replay_page_alloc(struct replay *rp, const struct event *ev, struct kerror *err)
{
	pfn_t pfn;
	int ret;

	if (ev->addr == EVENT_PFN_FAILED) {
		rp->ledger.counter[RC_traced_alloc_fail]++;
		return 0;
	}
	ret = drop_overlaps(rp, ev, err);
	if (ret)
		return ret;
	pfn = buddy_alloc_pages(rp->machine->buddy, replay_cpu(rp, ev), replay_gfp(rp, ev), ev->order,
				replay_node(rp, ev));
	if (pfn_is_none(pfn)) {
		rp->ledger.counter[RC_page_alloc_fail]++;
		ret = enter_block(rp, ev, ev->addr, 0, ev->order, err);
		return ret ? ret : replay_finding(rp, ev, "the machine has no memory for this block", err);
	}
	rp->ledger.counter[RC_blocks_allocated]++;
	if (rp->cfg.touch == TOUCH_ALL)
		write_block(rp, pfn, ev->order);
	return enter_block(rp, ev, ev->addr, pfn_val(pfn), ev->order, err);
}

/* Turn @block into single frames, here and in the machine. */
static int take_apart(struct replay *rp, const struct event *ev, struct live *block,
		      struct kerror *err)
{
	uint64_t key = block->key, sim = block->sim, i;
	unsigned int order = block->order;

	if (sim) {
		if (buddy_split_page(rp->machine->buddy, pfn_make((uint32_t)sim)))
			return replay_refused(rp, ev, "our machine refused to split a block it had handed out",
					      err);
		rp->ledger.counter[RC_page_split]++;
	}
	forget_block(rp, block);
	for (i = 0; i < 1ULL << order; i++) {
		int ret = enter_block(rp, ev, key + i, sim ? sim + i : 0, 0, err);

		if (ret)
			return ret;
	}
	return 0;
}

/* Free the single frames and smaller blocks that lie in the freed range. */
static int free_parts(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t i;
	int ret;

	for (i = 0; i < 1ULL << ev->order; i++) {
		struct live *part = live_find(&rp->ledger.blocks, ev->addr + i);

		if (!part)
			continue;
		ret = give_back(rp, ev, part, err);
		if (ret)
			return ret;
	}
	return 0;
}

int replay_page_free(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct live *block = live_find(&rp->ledger.blocks, ev->addr);
	int ret;

	if (!block)
		block = find_around(rp, ev->addr);
	if (!block) {
		rp->ledger.counter[RC_unmatched_page_free]++;
		return 0;
	}
	rp->ledger.counter[block->sim ? RC_blocks_freed : RC_failed_free_skipped]++;
	if (block->key == ev->addr && block->order == ev->order)
		return give_back(rp, ev, block, err);
	if (block->key == ev->addr && block->order < ev->order) {
		rp->ledger.counter[RC_page_order_mismatch]++;
	} else {
		ret = take_apart(rp, ev, block, err);
		if (ret)
			return ret;
	}
	return free_parts(rp, ev, err);
}

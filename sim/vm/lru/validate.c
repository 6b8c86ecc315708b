/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: lists and batches are gone through, and held against what each frame says of itself. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/vm/lru/lru.h"

struct check {
	const struct vm *vm;
	vm_violation_fn fn;
	void *ctx;
	unsigned int bad;
	uint8_t *seen;			/* how often each frame was met, up to 255 */
};

static void __attribute__((format(printf, 2, 3))) complain(struct check *c, const char *fmt, ...)
{
	char text[256];
	va_list args;

	c->bad++;
	if (!c->fn)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	c->fn(c->ctx, text);
}

static void check_list(struct check *c, unsigned int nid, enum lru_list list, uint64_t size[MAX_NR_ZONES][NR_LRU_LISTS])
{
	const struct lru_head *head = &c->vm->lru->nodes[nid].lists[list];
	uint32_t pfn, prev = PFN_NONE_VAL;

	for (pfn = head->first; pfn != PFN_NONE_VAL; prev = pfn, pfn = page_from_pfn(c->vm->map, pfn_make(pfn))->next) {
		const struct page *page = page_from_pfn(c->vm->map, pfn_make(pfn));

		if (c->seen[pfn]) {
			complain(c, "frame %u: on two lists, or twice on list %u", pfn, list);
			return;
		}
		c->seen[pfn] = 1;
		if (page->prev != prev)
			complain(c, "frame %u: on list %u, and its link back is wrong", pfn, list);
		if (!(page->vm_index & FRAME_LRU) || lru_list_of(page) != list)
			complain(c, "frame %u: on list %u, its flags say %u", pfn, list, lru_list_of(page));
		if (page_zone_id(page) / MAX_NR_ZONES != nid)
			complain(c, "frame %u: on a list of node %u, it is another's", pfn, nid);
		size[page_zone_id(page) % MAX_NR_ZONES][list] += lru_pages_of(page);
	}
	if (head->first != PFN_NONE_VAL && head->last != prev)
		complain(c, "node %u: list %u ends with frame %u, its tail says %u", nid, list, prev, head->last);
}

static void check_batches(struct check *c)
{
	unsigned int cpu, kind;
	uint32_t i, pending = 0;

	for (cpu = 0; cpu < c->vm->lru->nr_cpus; cpu++) {
		const struct lru_batch *add = &c->vm->lru->cpus[cpu][LRU_BATCH_ADD];

		for (kind = LRU_BATCH_ADD + 1; kind < NR_LRU_BATCHES; kind++)
			pending += c->vm->lru->cpus[cpu][kind].nr;
		for (i = 0; i < add->nr; i++) {
			if (!(page_from_pfn(c->vm->map, pfn_make(add->pfn[i]))->vm_index & FRAME_BATCHED))
				complain(c, "frame %u: in the batch of CPU %u, and does not know it", add->pfn[i], cpu);
			c->seen[add->pfn[i]]++;
		}
	}
	if (pending != c->vm->lru->nr_pending)
		complain(c, "%u frames in batches, counted %u", pending, c->vm->lru->nr_pending);
}

static void check_frame(struct check *c, const struct page *page, uint32_t pfn,
			uint64_t size[MAX_NR_ZONES][NR_LRU_LISTS])
{
	bool unevictable = (page->vm_index & FRAME_LRU) && (page->vm_index & FRAME_UNEVICTABLE);
	unsigned int wanted = (page->vm_index & (FRAME_LRU | FRAME_BATCHED)) && !unevictable;

	if (!(page->flags & PG_allocated) || (page->flags & PG_slab))
		return;
	if (unevictable)
		size[page_zone_id(page) % MAX_NR_ZONES][LRU_UNEVICTABLE] += lru_pages_of(page);
	if (c->seen[pfn] != wanted)
		complain(c, "frame %u: found on %u lists and batches, its flags say %u", pfn, c->seen[pfn], wanted);
	if ((page->vm_index & (FRAME_ANON | FRAME_FILE)) && !(page->vm_index & (FRAME_LRU | FRAME_BATCHED)))
		complain(c, "frame %u: a page that is on no list", pfn);
}

unsigned int lru_validate(const struct vm *vm, vm_violation_fn fn, void *ctx)
{
	struct check c = { .vm = vm, .fn = fn, .ctx = ctx };
	unsigned int nid, list, zone;
	uint32_t pfn;

	c.seen = calloc(vm->map->end_pfn, sizeof(*c.seen));
	if (!c.seen) {
		complain(&c, "no memory to validate");
		return c.bad;
	}
	check_batches(&c);
	for (nid = 0; nid < vm->lru->nr_nodes; nid++) {
		uint64_t size[MAX_NR_ZONES][NR_LRU_LISTS] = { { 0 } };

		for (list = 0; list < LRU_UNEVICTABLE; list++)
			check_list(&c, nid, (enum lru_list)list, size);
		for (pfn = 0; pfn < vm->map->end_pfn; pfn++) {
			const struct page *page = page_from_pfn(vm->map, pfn_make(pfn));

			if (page_zone_id(page) / MAX_NR_ZONES == nid)
				check_frame(&c, page, pfn, size);
		}
		for (zone = 0; zone < MAX_NR_ZONES; zone++)
			for (list = 0; list < NR_LRU_LISTS; list++)
				if (size[zone][list] != vm->lru->nodes[nid].size[zone][list])
					complain(&c, "node %u, zone %u: %llu pages on list %u, counted %llu", nid, zone,
						 (unsigned long long)size[zone][list], list,
						 (unsigned long long)vm->lru->nodes[nid].size[zone][list]);
	}
	free(c.seen);
	return c.bad;
}

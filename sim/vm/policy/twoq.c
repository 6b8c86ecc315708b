/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: 2Q: new pages pass through a short queue. One that is asked for again after it has left is
 * worth a place in the main part, which is LRU.
 *
 *	A1in (list 1)	newest ... oldest -> A1out		FIFO, in frames
 *	A1out (list 2)	newest ... oldest -> forgotten		numbers of pages only
 *	Am (list 3)	used last ... least recently used, leaves for good
 *
 * Follows T. Johnson and D. Shasha, "2Q: a low overhead high performance buffer management replacement
 * algorithm" (VLDB 1994), the full version, with its Kin of 25 % and Kout of 50 % of the frames. Open there,
 * and here: both are rounded down, and at least 1; a page that comes from A1out leaves that before the victim goes
 * in; where Am is empty and A1in is not longer than Kin, A1in gives the page.
 */
#include "sim/vm/policy/policy.h"

#define A1IN	1
#define A1OUT	2
#define AM	3

enum { KIN, KOUT };

static uint32_t nr_ghosts(const struct policy *p)
{
	return policy_part(p, p->cfg.value[KOUT]);
}

static void hit(struct policy *p, uint32_t n)
{
	if (p->nodes.node[n].list == AM)
		list_move(&p->nodes, AM, n);
}

/* A frame becomes free. */
static void reclaim(struct policy *p)
{
	struct nodes *nodes = &p->nodes;
	uint32_t n = list_back(nodes, AM), forgotten;

	if (n && nodes->count[A1IN] <= policy_part(p, p->cfg.value[KIN])) {
		list_remove(nodes, n);
		policy_evict_drop(p, n);
		return;
	}
	n = list_back(nodes, A1IN);
	policy_evict(p, n);
	list_move(nodes, A1OUT, n);
	if (nodes->count[A1OUT] <= policy_part(p, p->cfg.value[KOUT]))
		return;
	forgotten = list_back(nodes, A1OUT);
	list_remove(nodes, forgotten);
	nodes_drop(nodes, forgotten);
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t n = nodes_find(&p->nodes, page);

	if (n)
		list_remove(&p->nodes, n);
	if (policy_full(p))
		reclaim(p);
	if (n) {
		policy_reload(p, n);
		list_push(&p->nodes, AM, n);
	} else {
		list_push(&p->nodes, A1IN, policy_load(p, page));
	}
}

static unsigned int validate(const struct policy *p)
{
	const struct nodes *nodes = &p->nodes;

	return (nodes->count[A1IN] + nodes->count[AM] != p->used) +
	       (nodes->count[A1OUT] > policy_part(p, p->cfg.value[KOUT]));
}

const struct policy_ops policy_twoq = {
	.name = "2q",
	.text = "new pages pass through a short queue; one that is asked for again after it left gets a place in an "
		"LRU",
	.paper = "Johnson and Shasha 1994, full version",
	.params = {
		{ "kin", 25, 0, 100, "length of the queue of new pages, % of the frames" },
		{ "kout", 50, 0, 1000, "pages remembered after they left it, % of the frames" },
	},
	.size = sizeof(struct policy),
	.nr_ghosts = nr_ghosts,
	.hit = hit,
	.miss = miss,
	.validate = validate,
};

/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the ledger's start and growth; see ledger.h. Single-threaded. */
#include "sim/replay/ledger.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BITS 14		/* of the tables of live objects and blocks */
#define FIRST_HEAP_BITS 5	/* most traces have no events of a program's heap */
#define FIRST_CACHES 64

const struct replay_counter_desc replay_counter_desc[NR_REPLAY_COUNTERS] = {
#define REPLAY_COUNTER_DESC(name, text) { #name, text },
	REPLAY_COUNTERS(REPLAY_COUNTER_DESC)
#undef REPLAY_COUNTER_DESC
};

const struct replay_counter_desc heap_counter_desc[NR_HEAP_COUNTERS] = {
#define HEAP_COUNTER_DESC(name, text) { #name, text },
	HEAP_COUNTERS(HEAP_COUNTER_DESC)
#undef HEAP_COUNTER_DESC
};

int ledger_init(struct ledger *l, uint32_t nr_sites, bool each)
{
	*l = (struct ledger){ .nr_caches = 1, .max_caches = FIRST_CACHES, .nr_sites = nr_sites };
	l->caches = calloc(l->max_caches, sizeof(*l->caches));
	l->sites = calloc(nr_sites, sizeof(*l->sites));
	if (!l->caches || !l->sites)
		return -ENOMEM;
	if (each && (live_init(&l->objects, FIRST_BITS) || live_init(&l->blocks, FIRST_BITS) ||
		     live_init(&l->heap.blocks, FIRST_HEAP_BITS)))
		return -ENOMEM;
	return 0;
}

void ledger_exit(struct ledger *l)
{
	live_exit(&l->objects);
	live_exit(&l->blocks);
	live_exit(&l->heap.blocks);
	free(l->caches);
	free(l->sites);
}

int ledger_add_cache(struct ledger *l, struct kmem_cache *cache, struct kerror *err)
{
	if (l->nr_caches == l->max_caches) {
		struct ledger_cache *larger;

		if (l->max_caches > UINT16_MAX / 2)
			return kerror_set(err, -E2BIG, "the trace has more than %u caches", l->max_caches);
		larger = realloc(l->caches, 2 * l->max_caches * sizeof(*larger));
		if (!larger)
			return kerror_set(err, -ENOMEM, "no memory for the ledger's caches");
		l->caches = larger;
		l->max_caches *= 2;
	}
	l->caches[l->nr_caches] = (struct ledger_cache){ .cache = cache };
	return (int)l->nr_caches++;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the names of addresses in the recorded kernel: call sites and frames of
 * call chains. An address is named once, however often it appears.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_TEP_SITES_H
#define KMEMSIM_SIM_TRACE_TEP_SITES_H

#include "sim/trace/names.h"
#include "sim/util/hash.h"

#define SITE_TEXT	256

/* Put the symbol of @address ("kmem_cache_alloc+0x1c") into @text, and return its length; 0 where it has none. */
typedef size_t (*site_symbol_fn)(void *ctx, uint64_t address, char text[SITE_TEXT]);

struct site {
	uint64_t address;
	name_id site;		/* 0: the slot is free */
	/* The cache named last at this call site: it is most likely the same the next time. */
	name_id cache;
	uint32_t cache_len;
	const char *cache_text;
};

struct sites {
	struct names *names;	/* not owned */
	site_symbol_fn symbol;	/* NULL: addresses stay numbers */
	void *ctx;
	bool hex;		/* a number has no 0x before it */
	struct site *slots;
	uint64_t mask, count;
};

/* -ENOMEM. */
int sites_init(struct sites *sites, struct names *names, site_symbol_fn symbol, void *ctx, bool hex);
void sites_exit(struct sites *sites);
/* What sites_get() does for an address that is new. */
struct site *sites_add(struct sites *sites, uint64_t address);

/* Never moves before the next call; NULL where memory ran out. */
static inline struct site *sites_get(struct sites *sites, uint64_t address)
{
	uint64_t i = hash_u64(address) & sites->mask;

	for (;; i = (i + 1) & sites->mask) {
		struct site *slot = &sites->slots[i];

		if (!slot->site)
			return sites_add(sites, address);
		if (slot->address == address)
			return slot;
	}
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the names of addresses; see sites.h. Single-threaded. */
#include "sim/trace/tep/sites.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/trace/stack_text.h"

#define SITES_FIRST_SLOTS	1024u

int sites_init(struct sites *sites, struct names *names, site_symbol_fn symbol, void *ctx, bool hex)
{
	*sites = (struct sites){
		.names = names, .symbol = symbol, .ctx = ctx, .hex = hex,
		.slots = calloc(SITES_FIRST_SLOTS, sizeof(*sites->slots)), .mask = SITES_FIRST_SLOTS - 1,
	};
	return sites->slots ? 0 : -ENOMEM;
}

void sites_exit(struct sites *sites)
{
	free(sites->slots);
	sites->slots = NULL;
}

static struct site *free_slot(struct sites *sites, uint64_t address)
{
	uint64_t i = hash_u64(address) & sites->mask;

	while (sites->slots[i].site)
		i = (i + 1) & sites->mask;
	return &sites->slots[i];
}

/* Half full at most. */
static int grow(struct sites *sites)
{
	struct site *old = sites->slots;
	uint64_t size = sites->mask + 1, i;

	sites->slots = calloc(size * 2, sizeof(*old));
	if (!sites->slots) {
		sites->slots = old;
		return -ENOMEM;
	}
	sites->mask = size * 2 - 1;
	for (i = 0; i < size; i++)
		if (old[i].site)
			*free_slot(sites, old[i].address) = old[i];
	free(old);
	return 0;
}

struct site *sites_add(struct sites *sites, uint64_t address)
{
	char text[SITE_TEXT], *start = text;
	struct site *slot;
	size_t len = 0;
	name_id id;

	if (sites->count >= sites->mask / 2 && grow(sites))
		return NULL;
	if (sites->symbol)
		len = sites->symbol(sites->ctx, address, text);
	if (!len) {
		len = stack_address_text(text, address);
		start += sites->hex ? 2 : 0;
		len -= sites->hex ? 2 : 0;
	}
	id = names_intern(sites->names, start, len);
	if (!id)
		return NULL;
	slot = free_slot(sites, address);
	*slot = (struct site){ .address = address, .site = id };
	sites->count++;
	return slot;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the call chains in the text of `perf script`, a frame a line:
 *
 *	ffffffff81650aa0 kmem_cache_alloc_noprof+0x230 ([kernel.kallsyms])
 *
 * A frame of the kernel is called by its symbol, where it has one, else by its
 * address. What is a program's is one frame, STACK_USER_FRAME: so the same recording
 * has the same chains whether it is read as text or as perf.data.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <string.h>

#include "sim/trace/stack_text.h"
#include "sim/trace/text/number.h"
#include "sim/trace/text/perf_script.h"

int perf_chain_add(struct perf_chain *chain, struct names *names, const char *p, const char *end)
{
	const char *symbol, *stop;
	char text[STACK_ADDRESS_TEXT];
	bool overflow = false;
	uint64_t address;
	name_id id;

	if (!chain->of)
		return 0;
	chain->depth++;
	symbol = skip_spaces(number_hex(p, &address, &overflow));
	if (!stack_is_kernel(address)) {
		if (chain->in_user)
			return 0;
		symbol = STACK_USER_FRAME;
		end = symbol + strlen(symbol);
	}
	chain->in_user = !stack_is_kernel(address);
	if (chain->nr == STACK_MAX_FRAMES)
		return 0;
	stop = symbol < end ? memrchr(symbol, '(', (size_t)(end - symbol)) : NULL;
	if (!stop)
		stop = end;
	while (stop > symbol && stop[-1] == ' ')
		stop--;
	if (chain->in_user || (symbol < stop && *symbol != '['))
		id = names_intern(names, symbol, (size_t)(stop - symbol));
	else
		id = names_intern(names, text, stack_address_text(text, address));
	chain->frames[chain->nr++] = id;
	return id ? 0 : -ENOMEM;
}

int perf_chain_end(struct perf_chain *chain, struct reader *rd)
{
	struct event *ev = chain->of;
	uint32_t nr = chain->nr, depth = chain->depth;

	chain->of = NULL;
	chain->nr = chain->depth = 0;
	chain->in_user = false;
	if (!ev || !nr)
		return 0;
	rd->stats.cut_stacks += depth >= PERF_DEFAULT_MAX_STACK;
	ev->stack = stacks_intern(rd->stacks, chain->frames, nr);
	return ev->stack ? 0 : -ENOMEM;
}

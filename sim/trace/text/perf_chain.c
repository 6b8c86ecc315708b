/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the call chains in the text of `perf script`, a frame a line:
 *
 *	ffffffff81650aa0 kmem_cache_alloc_noprof+0x230 ([kernel.kallsyms])
 *
 * A frame of the kernel is called by its symbol, where it has one. A program's
 * frames, and those without a symbol, are kept as addresses: so the same recording
 * has the same chains whether it is read as text or as perf.data, which knows
 * nothing of the program's symbols.
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

	if (!chain->of || chain->nr == STACK_MAX_FRAMES)
		return 0;
	symbol = skip_spaces(number_hex(p, &address, &overflow));
	stop = symbol < end ? memrchr(symbol, '(', (size_t)(end - symbol)) : NULL;
	if (!stop)
		stop = end;
	while (stop > symbol && stop[-1] == ' ')
		stop--;
	if (stack_is_kernel(address) && symbol < stop && *symbol != '[')
		id = names_intern(names, symbol, (size_t)(stop - symbol));
	else
		id = names_intern(names, text, stack_address_text(text, address));
	chain->frames[chain->nr++] = id;
	return id ? 0 : -ENOMEM;
}

int perf_chain_end(struct perf_chain *chain, struct reader *rd)
{
	struct event *ev = chain->of;
	uint32_t nr = chain->nr;

	chain->of = NULL;
	chain->nr = 0;
	if (!ev || !nr)
		return 0;
	rd->stats.cut_stacks += nr >= PERF_DEFAULT_MAX_STACK;
	ev->stack = stacks_intern(rd->stacks, chain->frames, nr);
	return ev->stack ? 0 : -ENOMEM;
}

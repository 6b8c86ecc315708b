/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: addresses of a call chain become a stack; see decode.h. Single-threaded. */
#include <errno.h>
#include <string.h>

#include "sim/trace/reader.h"
#include "sim/trace/stack_text.h"
#include "sim/trace/tep/decode.h"

#define CONTEXT_FIRST	((uint64_t)-4095)	/* in a chain: from here on marks between kernel and program */

static int user_frame(struct reader *rd, name_id *frame)
{
	*frame = names_intern(rd->names, STACK_USER_FRAME, strlen(STACK_USER_FRAME));
	return *frame ? 0 : -ENOMEM;
}

int raw_chain(struct raw_decoder *dec, struct reader *rd, const unsigned char *chain, uint64_t nr, unsigned int max_stack,
	      struct event *ev)
{
	name_id frames[STACK_MAX_FRAMES];
	bool in_user = false;
	uint64_t i, depth = 0;
	size_t n = 0;

	for (i = 0; i < nr && n < STACK_MAX_FRAMES; i++) {
		const struct site *site;
		uint64_t address;

		memcpy(&address, chain + i * 8, sizeof(address));
		if (address >= CONTEXT_FIRST)
			continue;
		depth++;
		if (!stack_is_kernel(address)) {
			if (!in_user && user_frame(rd, &frames[n++]))
				return -ENOMEM;
			in_user = true;
			continue;
		}
		in_user = false;
		site = sites_get(&dec->sites[0], address);
		if (!site)
			return -ENOMEM;
		frames[n++] = site->site;
	}
	if (!n)
		return 0;
	rd->stats.cut_stacks += depth >= max_stack;
	ev->stack = stacks_intern(rd->stacks, frames, n);
	return ev->stack ? 0 : -ENOMEM;
}

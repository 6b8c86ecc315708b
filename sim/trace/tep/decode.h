/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: raw bytes of a tracepoint become a struct event, by the plan of its
 * description. No text is compared, nothing allocated and libtraceevent not called
 * but where a name is new.
 *
 * What is wrong with an event is what would be wrong with the line that perf
 * prints for it, in the same words.
 */
#ifndef KMEMSIM_SIM_TRACE_TEP_DECODE_H
#define KMEMSIM_SIM_TRACE_TEP_DECODE_H

#include "sim/trace/tep/formats.h"
#include "sim/trace/tep/sites.h"
#include "sim/trace/text/text.h"

struct raw_decoder {
	struct names *names;	/* not owned */
	struct sites sites[2];	/* by hex_site */
	uint64_t *unknown_gfp;	/* names of gfp flags that no table knows are added here */
};

/* -ENOMEM; raw_decoder_exit() may be called then, too. */
int raw_decoder_init(struct raw_decoder *dec, struct names *names, site_symbol_fn symbol, void *ctx,
		     uint64_t *unknown_gfp);
void raw_decoder_exit(struct raw_decoder *dec);

/*
 * Fill what the @size bytes at @raw say into @ev, whose time, task and CPU are
 * set, whose kind is the plan's, whose node is EVENT_NO_NODE and the rest of which
 * is 0. 0; -EBADMSG after a complaint; -ENOMEM.
 */
int raw_decode(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, size_t size,
	       struct event *ev, struct text_complaint *complaint);

struct reader;

/*
 * The chain of @nr addresses of 8 bytes at @chain, as perf records it, becomes @ev's stack; one of
 * @max_stack or more is counted as cut. -ENOMEM.
 */
int raw_chain(struct raw_decoder *dec, struct reader *rd, const unsigned char *chain, uint64_t nr, unsigned int max_stack,
	      struct event *ev);

#endif

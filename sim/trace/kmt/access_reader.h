/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the chunk of accesses that a reader of a .kmt file has at hand. It waits until
 * the events before it have been handed out, so it has its payload for itself.
 *
 * States: none -> begun (its next accesses wait for their place) -> due (they wait to be
 * taken) -> ... -> none, behind its last. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_ACCESS_READER_H
#define KMEMSIM_SIM_TRACE_KMT_ACCESS_READER_H

#include "sim/trace/kmt/accesses.h"

struct kmt_access_reader {
	struct kmt_access_decoder *decoder;	/* made for the first chunk */
	unsigned char *plain;		/* owned: the chunk's payload */
	size_t plain_size;
	struct access_block ready;	/* nr 0: none */
	uint64_t expected;		/* number of the next access */
	bool begun;
	bool late;			/* its events do not come any more: it is due wherever it stands */
};

/*
 * Begin with @chunk, whose payload is in *@plain; that memory and the one at hand change
 * places. 0; -EBADMSG with @err; -ENOMEM. There must be none at hand.
 */
int kmt_access_reader_begin(struct kmt_access_reader *at, const struct kmt_chunk *chunk, unsigned char **plain,
			    size_t *plain_size, struct kerror *err);
void kmt_access_reader_exit(struct kmt_access_reader *at);

/*
 * Of @max events behind number @event, how many come before the next accesses; 0: those are
 * due, and at->ready has some. -EBADMSG with @err where the rest of the chunk is no good; there is none then.
 */
int64_t kmt_access_reader_room(struct kmt_access_reader *at, uint64_t event, int max, struct kerror *err);

#endif

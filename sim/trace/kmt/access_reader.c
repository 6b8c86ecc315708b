/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the chunk of accesses at hand; see access_reader.h. Single-threaded. */
#include "sim/trace/kmt/access_reader.h"

#include <errno.h>
#include <stdlib.h>

int kmt_access_reader_begin(struct kmt_access_reader *at, const struct kmt_chunk *chunk, unsigned char **plain,
			    size_t *plain_size, struct kerror *err)
{
	unsigned char *mine = at->plain;
	size_t my_size = at->plain_size;
	int ret;

	if (!at->decoder)
		at->decoder = kmt_access_decoder_create();
	if (!at->decoder)
		return -ENOMEM;
	at->plain = *plain;
	at->plain_size = *plain_size;
	*plain = mine;
	*plain_size = my_size;
	ret = kmt_access_begin(at->decoder, chunk->records, at->plain, chunk->plain, err);
	at->begun = !ret;
	at->late = false;
	at->expected = chunk->first;
	return ret;
}

void kmt_access_reader_exit(struct kmt_access_reader *at)
{
	kmt_access_decoder_destroy(at->decoder);
	free(at->plain);
}

int64_t kmt_access_reader_room(struct kmt_access_reader *at, uint64_t event, int max, struct kerror *err)
{
	uint64_t place;
	int got;

	if (at->ready.nr)
		return 0;
	if (!at->begun)
		return max;
	place = kmt_access_place(at->decoder);
	if (place > event && !at->late)
		return place - event < (uint64_t)max ? (int64_t)(place - event) : max;
	got = kmt_access_next(at->decoder, &at->ready, err);
	if (got > 0)
		return 0;
	at->begun = false;
	return got < 0 ? got : max;
}

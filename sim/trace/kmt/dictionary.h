/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the distinct records of one chunk, numbered in the order in which they
 * come first. An encoder's; a decoder has only the list.
 *
 * Not sim/util/table: that maps a number of 64 bits, and a record is up to a cache
 * line. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_DICTIONARY_H
#define KMEMSIM_SIM_TRACE_KMT_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

struct kmt_dictionary {
	unsigned char *records;	/* owned, @size bytes each */
	uint32_t *slot;		/* owned: a record's number plus one; 0: free */
	uint32_t mask;
	uint32_t nr, max;
	uint32_t size;
};

/* Room for @max records of @size bytes, a multiple of 8. -ENOMEM. */
int kmt_dictionary_init(struct kmt_dictionary *dict, uint32_t max, uint32_t size);
void kmt_dictionary_exit(struct kmt_dictionary *dict);
/* Forget all of them. */
void kmt_dictionary_clear(struct kmt_dictionary *dict);
/* The number of @record, which is compared whole, from 0; there is room for it. */
uint32_t kmt_dictionary_number(struct kmt_dictionary *dict, const void *record);

#endif

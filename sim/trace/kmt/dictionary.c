/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the distinct records of a chunk; see dictionary.h. Single-threaded. */
#include "sim/trace/kmt/dictionary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

int kmt_dictionary_init(struct kmt_dictionary *dict, uint32_t max, uint32_t size)
{
	uint32_t slots = 1;

	while (slots < 2 * max)
		slots *= 2;
	*dict = (struct kmt_dictionary){ .mask = slots - 1, .max = max, .size = size };
	dict->records = malloc((size_t)max * size);
	dict->slot = calloc(slots, sizeof(*dict->slot));
	if (dict->records && dict->slot)
		return 0;
	kmt_dictionary_exit(dict);
	return -ENOMEM;
}

void kmt_dictionary_exit(struct kmt_dictionary *dict)
{
	free(dict->records);
	free(dict->slot);
	*dict = (struct kmt_dictionary){ .records = NULL };
}

void kmt_dictionary_clear(struct kmt_dictionary *dict)
{
	memset(dict->slot, 0, ((size_t)dict->mask + 1) * sizeof(*dict->slot));
	dict->nr = 0;
}

uint32_t kmt_dictionary_number(struct kmt_dictionary *dict, const void *record)
{
	uint32_t at = (uint32_t)hash_bytes(record, dict->size) & dict->mask;

	for (; dict->slot[at]; at = (at + 1) & dict->mask) {
		uint32_t nr = dict->slot[at] - 1;

		if (!memcmp(dict->records + (size_t)nr * dict->size, record, dict->size))
			return nr;
	}
	memcpy(dict->records + (size_t)dict->nr * dict->size, record, dict->size);
	dict->slot[at] = ++dict->nr;
	return dict->nr - 1;
}

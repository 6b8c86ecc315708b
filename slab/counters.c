/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: names and meanings of the slab counters, from the one list in counters.h. */
#include "slab/counters.h"

const struct slab_counter_desc slab_counter_desc[NR_SLAB_COUNTERS] = {
#define SLAB_COUNTER_DESC(name, text) [SC_##name] = { #name, text },
	SLAB_COUNTERS(SLAB_COUNTER_DESC)
#undef SLAB_COUNTER_DESC
};

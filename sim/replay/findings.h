/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the slab layer complained about in a run. All are counted, the
 * first ones kept with their histories and their text.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPLAY_FINDINGS_H
#define KMEMSIM_SIM_REPLAY_FINDINGS_H

#include "slab/slab.h"

struct slab_finding {
	enum slab_complaint what;
	char cache[64];			/* whose object it was; "" where none's */
	bool has_object;
	uint64_t address;		/* of the object, or as passed, in bytes from frame 0 */
	struct slab_track alloc, free;
	struct slab_caller now;
	char *text;			/* several lines; NULL where memory ran out */
};

struct slab_findings {
	uint64_t nr;
	uint64_t by_kind[NR_SLAB_COMPLAINTS];
	struct slab_finding *kept;
	unsigned int nr_kept, max_kept;
};

/* Room for the first @keep. Returns 0 or -ENOMEM. */
int findings_init(struct slab_findings *all, unsigned int keep);
void findings_exit(struct slab_findings *all);
/* To be called with each report while it is made. */
void findings_add(struct slab_findings *all, const struct slab_allocator *sa,
		  const struct slab_report *report);

#endif

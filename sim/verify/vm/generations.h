/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: generations of pages (MGLRU) as vm-player saw them in /sys/kernel/debug/lru_gen_full, and the simulated ones.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_GENERATIONS_H
#define KMEMSIM_SIM_VERIFY_VM_GENERATIONS_H

#include "sim/verify/vm/stage.h"
#include "sim/vm/lru/mglru.h"

/* Of the root group on node 0; by number modulo MAX_NR_GENS. */
struct generations {
	uint64_t max_seq, min_seq[NR_LRU_GEN_TYPES];
	uint64_t pages[MAX_NR_GENS][NR_LRU_GEN_TYPES];
};

/* false: the look does not tell of them. */
bool generations_of_look(const struct looks *looks, const struct look *look, struct generations *out);
/* The same of the simulated machine; false: it has none. */
bool generations_of_stage(const struct stage *stage, struct generations *out);

#endif

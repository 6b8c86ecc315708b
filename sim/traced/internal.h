/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files of sim/traced/ ask of each other. Locking: none. */
#ifndef KMEMSIM_SIM_TRACED_INTERNAL_H
#define KMEMSIM_SIM_TRACED_INTERNAL_H

#include "sim/traced/traced.h"

/* The rights an access of @kind (enum access_kind) needs: VM_READ, VM_WRITE or VM_EXEC. */
uint32_t traced_rights(unsigned int kind);
/* Regions change: where the last accesses were is not known any more. */
void traced_forget(struct traced *traced);
/*
 * Map a region, over whatever is there. @file: of its name; NULL: anonymous. @flags: further ones of mmap(); private where
 * they do not say shared. NULL: the kernel refused, or there is no memory.
 */
struct region *traced_map(struct traced *traced, const struct region *like, struct vm_file *file, int flags);

/* Both TLBs, and the replay, forget what was known of @bytes from @start on. */
void traced_flush(struct traced *traced, uint64_t start, uint64_t bytes);
/* What the process has counted so far is nobody's. */
void traced_settle(struct traced *traced);

/* apply.c: what the file of mappings says of the time before the next access. */
void traced_apply(struct traced *traced);

/* The end of the first thread's stack under valgrind. */
#define TRACED_VALGRIND_TOP 0x1fff001000ULL

/* infer.c: a region for an access to @addr, which has none, or one without the right. NULL: no memory. */
struct region *traced_infer(struct traced *traced, uint64_t addr, unsigned int kind);

#endif

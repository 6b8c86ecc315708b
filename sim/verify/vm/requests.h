/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator as processes use it: what the kernel's trace says that vm-player's processes asked for
 * during their operations, held against what the simulated ones ask for. Nothing of the trace is used to foresee it.
 *
 * Requests for pages and for page tables are compared, in order, with their order and gfp flags (the migratetype follows from
 * these). What the kernel takes for its own bookkeeping meanwhile is counted, not foreseen: slabs, kernel
 * stacks, the lists of what an unmapping frees.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_REQUESTS_H
#define KMEMSIM_SIM_VERIFY_VM_REQUESTS_H

#include "buddy/gfp.h"
#include "pagemap/error.h"
#include "sim/verify/pages/pages.h"

struct vm_request {
	uint32_t op;			/* during which operation */
	uint32_t order;
	gfp_t gfp;
	uint64_t line;			/* of the trace; 0: foreseen */
};

struct vm_requests {
	struct vm_request *list;	/* owned; in the order in which they were made */
	uint32_t nr, max;
	bool no_memory;			/* some are missing */
	uint64_t others;		/* of the kernel's bookkeeping */
};

void vm_requests_add(struct vm_requests *requests, const struct vm_request *request);
void vm_requests_free(struct vm_requests *requests);

/* Those in @trace, between the marks of operations. -ENOMEM, and those of reading the trace's file. */
int vm_requests_of_trace(struct vm_requests *requests, struct trace *trace, struct kerror *err);

/* How many of @real are in their place in @foreseen, operation by operation. @first: the first that is not, in words; "" at first. */
struct verify_rate vm_requests_compare(const struct vm_requests *foreseen, const struct vm_requests *real, char *first,
				       size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: for study, a policy of sim/vm/policy/ says which private page leaves, instead of the kernel's reclaim.
 *
 *	touch -> the frame's key -> policy_access() -> a page has to leave -> vm_swap_out()
 *
 * A page has a key from its first touch to its end, wherever it is: in a frame, or on swap. A copy is another page. So
 * policies that remember pages know one that comes back.
 *
 * All processes share the policy's frames. What counts is touched private memory in pages of 4 KiB; page tables, files and
 * shared memory do not, nor does what was brought in and not touched yet. A locked page cannot leave: then more
 * frames are in use than the policy has. Read-ahead from swap is off, for no policy asked for those pages.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_STUDY_H
#define KMEMSIM_SIM_VM_STUDY_H

#include "sim/util/table.h"
#include "sim/vm/policy/policy.h"
#include "sim/vm/process.h"

struct study {
	struct policy *policy;		/* owned */
	uint64_t last_key;
	uint64_t *key_of;		/* by pfn; 0: none */
	uint64_t *key_of_slot;		/* by slot: of the page that was put there last */
	struct table pfn_of;		/* key to pfn + 1 */
	bool stuck;			/* swap is full: a page that should have left is still there */
	bool failed;			/* no memory of the host, or the record is too long */
	struct stream *record;		/* what was accessed, for a run that shall know it before; NULL: not wanted; not owned */
};

/* @cfg says which policy. @vm has swap. Errors: those of policy_create(), -EINVAL (no swap). */
int study_create(struct vm *vm, const struct policy_config *cfg, struct kerror *err);
void study_destroy(struct vm *vm);

/*
 * @process has touched @addr, which it could; @before is what the entry there was before. The policy hears of it, and a
 * page may leave.
 */
void study_touched(struct process *process, uint64_t addr, pte_t before);

/* For vm_free_frame(), and for swap: @pfn is free; its page is in @slot alone. */
void study_forget(struct vm *vm, pfn_t pfn);
void study_to_slot(struct vm *vm, pfn_t pfn, uint32_t slot);

#endif

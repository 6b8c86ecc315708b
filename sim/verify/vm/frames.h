/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator under vm-player's processes. It begins as snapshot A shows it, and the capture's
 * trace says what happened to it from there on. There are two kinds of requests in that trace:
 *
 *	of an operation   pages and page tables that a process of the player asked for between the two marks of
 *	                  one of its operations: the simulated process must ask for the same ones, in the same order,
 *	                  and the simulated page allocator chooses the frame. Nothing of the trace is used.
 *	of others         all else: other tasks, interrupts, the player's director, the kernel's own objects (slabs,
 *	                  kernel stacks, lists of what is to be freed). They are served as sim/verify/pages/ does, in the
 *	                  trace's order, so that the allocator is in the state that the next one found.
 *
 * Which are of an operation is known by the flags: is_compared(). When a frame goes back is the trace's to
 * say, too, for page tables are freed by RCU, whose time nobody foresees. But it must be one that the simulated
 * process has given back.
 *
 * What the player does to its own memory between operations is not foreseen (its stack is copied after a fork,
 * say): there a simulated process takes the frame that the look behind it shows at that address.
 *
 * Where the real kernel reclaimed, what others did depends on what reclaim did: then the trace leads up to the
 * first operation, and from there on nothing is compared.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_FRAMES_H
#define KMEMSIM_SIM_VERIFY_VM_FRAMES_H

#include "sim/trace/trace.h"
#include "sim/verify/pages/pages.h"
#include "sim/verify/vm/look.h"

struct stage;
struct comparison;
struct vm_frames;

/* Requests that are no operation's. */
struct vm_frames_others {
	struct verify_rate frames;	/* that the page allocator chose as the real one did */
	uint64_t unforeseen;		/* of the player between operations, and no look shows the frame */
};

/* Read @trace, called @name; it and @snap must stay. Errors: those of requests_build(). vm_frames_destroy() is due. */
int vm_frames_create(struct vm_frames **out, struct trace *trace, const char *name, const struct snapshot *snap,
		     uint32_t nr_ops, struct kerror *err);
/* The frames of @stage's processes are left as they are. */
void vm_frames_destroy(struct vm_frames *frames);

/* Lead @stage's page allocator up to the first operation; frames are then those that @looks show. -ENOMEM */
int vm_frames_attach(struct vm_frames *frames, struct stage *stage, const struct looks *looks, struct kerror *err);
/* Nobody leads any more. */
void vm_frames_detach(struct vm_frames *frames);

/* In all of these @frames may be NULL. */

/* Operation @op begins. What differs is counted in @c. */
void vm_frames_begin(struct vm_frames *frames, uint32_t op, struct comparison *c);
/* From here on, and until told otherwise, requests are the operation's; or not. */
void vm_frames_watch(struct vm_frames *frames, bool on);
/* The operation is over for the trace: what is asked for yet, the player asked for itself. */
void vm_frames_settle(struct vm_frames *frames);
/* The page that is asked for next without a mapping is the one at @addr of process number @process. */
void vm_frames_place(struct vm_frames *frames, uint32_t process, uint64_t addr);

/* Which frame is at @addr of process number @process when that is looked at next: PFN_NONE where nobody knows. */
pfn_t vm_frames_shown(const struct vm_frames *frames, uint32_t process, uint64_t addr);

/* Frame @pfn will be given back before the trace ends, or a process of the player will have it. */
bool vm_frames_needs(const struct vm_frames *frames, pfn_t pfn);
/* Frames are compared. */
bool vm_frames_followed(const struct vm_frames *frames);
struct vm_frames_others vm_frames_others(const struct vm_frames *frames);

#endif

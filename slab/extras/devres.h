/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory and actions that belong to an owner and are released
 * together, newest first, as an arena's are. Follows Linux 6.1's
 * drivers/base/devres.c with its groups.
 *
 *   list, oldest first:   a   [open 1   b   c   [open 2   d   close 2]   e   ...
 *                              |________ group 1, still open _______________|
 *
 *   devres_release_group(1)  releases e, d, c, b with their marks; a stays
 *
 * Differs from Linux: the owner is no device but a struct devres of its own,
 * for one machine and one CPU at a time; a resource is found by its address or
 * by (function, data).
 *
 * A resource's header lies in front of its bytes, in the same kmalloc object:
 * header and data cost one allocation, and a size that just fits a kmalloc
 * class does not with it.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_EXTRAS_DEVRES_H
#define KMEMSIM_SLAB_EXTRAS_DEVRES_H

#include "slab/slab.h"

struct devres_node;

struct devres {
	struct slab_allocator *sa;
	struct devres_node *newest;
	struct devres_node *oldest;
	uint64_t bytes;		/* of all memory attached, headers included */
	unsigned int nr;	/* resources, marks of groups not counted */
	uint64_t walks;		/* releases so far */
};

/* Bytes in front of each resource's data. */
#define DEVRES_HEADER_BYTES 64

void devres_init(struct devres *dr, struct slab_allocator *sa);

/*
 * @size bytes for @cpu that live until they are released; NULL when there is no
 * memory or @size overflows. @size 0 gives ZERO_SIZE_PTR, which belongs to
 * nobody. Follows devm_kmalloc().
 */
void *devm_kmalloc(struct devres *dr, unsigned int cpu, size_t size, gfp_t gfp);
/*
 * Another size for @p (NULL: a new resource), which keeps its place in the
 * order of release; NULL where there is no memory or @p is not @dr's, with @p as
 * it was. @size 0 frees it and gives ZERO_SIZE_PTR. Follows devm_krealloc().
 */
void *devm_krealloc(struct devres *dr, unsigned int cpu, void *p, size_t size, gfp_t gfp);
/* Frees before its time. Returns 0, -ENOENT for what is not @dr's. */
int devm_kfree(struct devres *dr, unsigned int cpu, void *p);

/*
 * Call @fn(@data) at release. Returns 0 or -ENOMEM; with
 * devm_add_action_or_reset() the action is run at once in that case.
 */
int devm_add_action(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data);
int devm_add_action_or_reset(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data);
/* Take the newest such action off without running it. Returns 0 or -ENOENT. */
int devm_remove_action(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data);

/*
 * Begin a group; @id names it, NULL lets the group name itself. Returns the
 * name, NULL when there is no memory.
 */
void *devres_open_group(struct devres *dr, unsigned int cpu, void *id, gfp_t gfp);
/* These mean the newest group called @id; NULL the newest open one. -ENOENT where there is none. */
int devres_close_group(struct devres *dr, unsigned int cpu, void *id);
/* Forget the group; what is in it stays. */
int devres_remove_group(struct devres *dr, unsigned int cpu, void *id);
/*
 * Release what is in it, groups nested in it included; returns how many
 * resources. A group that reaches beyond it loses what lies inside.
 */
int devres_release_group(struct devres *dr, unsigned int cpu, void *id);

/*
 * Release everything, also what actions attach meanwhile; returns how many
 * resources. @dr is empty and can be used again.
 */
int devres_release_all(struct devres *dr, unsigned int cpu);

#endif

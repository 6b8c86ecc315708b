/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files of the replay share. */
#ifndef KMEMSIM_SIM_REPLAY_INTERNAL_H
#define KMEMSIM_SIM_REPLAY_INTERNAL_H

#include "sim/replay/replay.h"

#define REPLAY_SMALL_GROUPS 65536	/* of 2^REPLAY_SMALL_ORDER frames, by frame number modulo */
#define REPLAY_SMALL_ORDER 4
#define REPLAY_OBJECT_FRAMES (1u << 18)	/* places of objects_in, by frame number modulo: 1 MiB, where touched */

/* replay/cache.c: the record number, or a negative errno. */
int replay_cache_named(struct replay *rp, const struct event *ev, struct kerror *err);
int replay_cache_record(struct replay *rp, struct kmem_cache *cache, struct kerror *err);

/* replay/heap.c: 0; -ENOMEM of the host; -ECANCELED where a strict replay ends. */
int replay_heap(struct replay *rp, const struct event *ev, struct kerror *err);

/* replay/replay.c: the owner writes to the @bytes at @object that it asked for. */
void replay_write_object(struct replay *rp, void *object, uint32_t bytes);
/* Our machine had no memory for what @ev asks for, or was told to have none: count that. As replay_finding(). */
int replay_no_memory(struct replay *rp, const struct event *ev, struct kerror *err);

/* replay/pages.c: 0, -ENOMEM of the host. */
int replay_page_alloc(struct replay *rp, const struct event *ev, struct kerror *err);
int replay_page_free(struct replay *rp, const struct event *ev, struct kerror *err);

/* As replay_finding(), for a free that our own layers refused; counts it. */
int replay_refused(struct replay *rp, const struct event *ev, const char *what, struct kerror *err);

/* replay/owner.c */

/* From now on the layers' complaints are kept in rp->complaint as a sentence. */
void replay_listen(struct replay *rp);
/* Tell the layers on whose behalf the next calls are made; only where somebody wants to know. */
void replay_set_caller(struct replay *rp, const struct event *ev);

/* A strict replay ends at @ev; returns -ECANCELED then and 0 otherwise. */
int replay_finding(struct replay *rp, const struct event *ev, const char *what, struct kerror *err);

/* From frame 0, in bytes. */
static inline uint64_t replay_offset(const struct replay *rp, const void *object)
{
	return (uint64_t)((const unsigned char *)object - rp->machine->map->base);
}

/* The owner of @bytes at @offset uses all of them. */
static inline void replay_use(struct replay *rp, uint64_t offset, uint32_t bytes)
{
	if (rp->follower)
		follower_put(rp->follower, offset, bytes);
	else
		access_object(&rp->access, offset, bytes);
}

/* What is at @offset is freed. */
static inline void replay_unuse(struct replay *rp, uint64_t offset)
{
	if (rp->follower)
		follower_put(rp->follower, offset, 0);
	else
		access_free(&rp->access, offset);
}

static inline unsigned int replay_cpu(const struct replay *rp, const struct event *ev)
{
	unsigned int nr = buddy_nr_cpus(rp->machine->buddy);

	return ev->cpu < nr ? ev->cpu : ev->cpu % nr;
}

static inline int replay_node(struct replay *rp, const struct event *ev)
{
	if (ev->node == EVENT_NO_NODE)
		return NUMA_NO_NODE;
	if ((unsigned int)ev->node < rp->machine->map->nr_nodes)
		return ev->node;
	rp->ledger.counter[RC_node_unknown]++;
	return NUMA_NO_NODE;
}

/* The flags to allocate with: what is not to be touched is not zeroed either. */
static inline gfp_t replay_gfp(const struct replay *rp, const struct event *ev)
{
	return rp->cfg.touch == TOUCH_LINKS ? ev->gfp & ~__GFP_ZERO : ev->gfp;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which of our caches stands for which of the trace's.
 *
 * A trace names a cache and says, object by object, what was asked for and
 * what was handed out; it does not say why the two differ. The first flags
 * whose geometry gives the traced size are taken: none, cache line alignment,
 * room for a free pointer outside the object (TYPESAFE_BY_RCU), or both. Where
 * none fits, the object is taken to be as large as what was handed out.
 *
 * The traced kernel has merged its caches already, so ours do not merge again.
 *
 * Single-threaded.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/internal.h"

/* Where the traced kernel gave no name, the size has to stand for one. */
struct cache_key {
	name_id name;
	uint32_t bytes_alloc;
	uint32_t reclaim;	/* nameless caches: whether it takes reclaimable pages */
	uint16_t record;
};

/* Requests rarely say so; the traced cache's own slab pages do. */
static bool is_reclaimable(const struct event *ev)
{
	return ev->gfp & __GFP_RECLAIMABLE || ev->flags & EVF_OBJECT_RECLAIMABLE;
}

int replay_cache_record(struct replay *rp, struct kmem_cache *cache, struct kerror *err)
{
	uint32_t id = kmem_cache_id(cache);
	int record;

	if (id >= rp->nr_record_of_id) {
		uint32_t nr = id * 2 + 64;
		uint16_t *larger = realloc(rp->record_of_id, nr * sizeof(*larger));

		if (!larger)
			return kerror_set(err, -ENOMEM, "no memory for the table of caches");
		memset(larger + rp->nr_record_of_id, 0, (nr - rp->nr_record_of_id) * sizeof(*larger));
		rp->record_of_id = larger;
		rp->nr_record_of_id = nr;
	}
	if (rp->record_of_id[id])
		return rp->record_of_id[id];
	record = ledger_add_cache(&rp->ledger, cache, err);
	if (record > 0)
		rp->record_of_id[id] = (uint16_t)record;
	return record;
}

static void choose_flags(struct replay *rp, struct kmem_cache_args *args, uint32_t bytes_req,
			 uint32_t bytes_alloc)
{
	static const uint32_t tries[] = { 0, SLAB_HWCACHE_ALIGN, SLAB_TYPESAFE_BY_RCU,
					  SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU };
	unsigned int cpus = buddy_nr_cpus(rp->machine->buddy), i;
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.kernel = buddy_kernel(rp->machine->buddy);
	args->size = bytes_req;
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct slab_geometry geo;

		args->flags = tries[i];
		if (!slab_geometry(&geo, args, &cfg, cpus, NULL) && geo.size == bytes_alloc)
			return;
	}
	args->flags = 0;
	args->size = bytes_alloc;
}

/*
 * A name that no cache of ours has yet. kmalloc's own names are taken from the
 * start, and two caches of the trace may share one: then the size tells them
 * apart. A trace can hold any bytes; a cache's name is short and printable.
 */
static void choose_name(struct replay *rp, char *buf, size_t size, const struct event *ev)
{
	char name[48];
	unsigned int i;

	if (ev->cache)
		snprintf(name, sizeof(name), "%s", names_text(rp->names, ev->cache));
	else
		snprintf(name, sizeof(name), "unnamed%s-%u",
			 is_reclaimable(ev) ? "-rcl" : "", ev->bytes_alloc);
	for (i = 0; name[i]; i++)
		if (!isgraph((unsigned char)name[i]))
			name[i] = '_';
	snprintf(buf, size, "%s", name);
	if (slab_find_cache(rp->machine->slab, buf))
		snprintf(buf, size, "%.40s:%u", name, ev->bytes_alloc);
	/* Soon by large steps: thousands of names may be cut to the same one. */
	for (i = 2; slab_find_cache(rp->machine->slab, buf); i = i < 9 ? i + 1 : i + rp->ledger.nr_caches)
		snprintf(buf, size, "%.30s:%u:%u", name, ev->bytes_alloc, i);
}

static int create_cache(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct kmem_cache_args args = { 0 };
	struct kerror why = { 0 };
	struct kmem_cache *cache;
	char name[64];
	int record;

	choose_name(rp, name, sizeof(name), ev);
	choose_flags(rp, &args, ev->bytes_req, ev->bytes_alloc);
	args.name = name;
	args.flags |= SLAB_NO_MERGE;
	if (is_reclaimable(ev))
		args.flags |= SLAB_RECLAIM_ACCOUNT;
	cache = kmem_cache_create(rp->machine->slab, &args, &why);
	if (!cache)
		return kerror_set(err, why.code, "%s", why.text);
	record = replay_cache_record(rp, cache, err);
	if (record > 0)
		rp->ledger.caches[record].name = ev->cache;
	return record;
}

static uint32_t key_hash(const struct replay *rp, const struct cache_key *key)
{
	uint64_t mix = ((uint64_t)key->name << 32 | key->bytes_alloc) ^ key->reclaim;

	return (uint32_t)((mix * 0x9e3779b97f4a7c15ULL) >> 32) & (rp->max_cache_of - 1);
}

/* The slot of @key, or the free one where it belongs. Record 0 marks a free slot. */
static struct cache_key *find_key(struct replay *rp, const struct cache_key *key)
{
	uint32_t at = key_hash(rp, key);

	for (;; at = (at + 1) & (rp->max_cache_of - 1)) {
		struct cache_key *slot = &rp->cache_of[at];

		if (!slot->record || (slot->name == key->name && slot->bytes_alloc == key->bytes_alloc &&
				      slot->reclaim == key->reclaim))
			return slot;
	}
}

static int grow_keys(struct replay *rp, struct kerror *err)
{
	unsigned int old_max = rp->max_cache_of, i;
	struct cache_key *old = rp->cache_of;

	rp->max_cache_of = old_max ? old_max * 2 : 256;
	rp->cache_of = calloc(rp->max_cache_of, sizeof(*rp->cache_of));
	if (!rp->cache_of) {
		rp->cache_of = old;
		rp->max_cache_of = old_max;
		return kerror_set(err, -ENOMEM, "no memory for the table of caches");
	}
	for (i = 0; i < old_max; i++)
		if (old[i].record)
			*find_key(rp, &old[i]) = old[i];
	free(old);
	return 0;
}

int replay_cache_named(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct cache_key key = { .name = ev->cache, .bytes_alloc = ev->bytes_alloc };
	struct cache_key *slot;
	int record;

	if (!ev->cache)
		key.reclaim = is_reclaimable(ev);
	if (rp->nr_cache_of >= rp->max_cache_of / 2) {
		int ret = grow_keys(rp, err);

		if (ret)
			return ret;
	}
	slot = find_key(rp, &key);
	if (slot->record)
		return slot->record;
	record = create_cache(rp, ev, err);
	if (record <= 0)
		return record;
	*slot = key;
	slot->record = (uint16_t)record;
	rp->nr_cache_of++;
	return record;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the state at the beginning, guessed and loaded; see counts.h.
 *
 * Of a cache's slabs those that the trace shows come first; the others are
 * taken to be full, but for the free objects that slabinfo has on node lists
 * and that the trace does not show: they are spread evenly over them, as frees
 * at random would have left them. Where the trace shows more slabs than
 * slabinfo has, those that only allocations show are taken to be new.
 *
 * Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/counts/counts.h"

/* Frames beyond twice what both files have: 4 GiB. */
#define SPARE_FRAMES	(UINT64_C(1) << 20)
#define MAX_FRAMES	(UINT64_C(1) << 28)

const struct counts_note_desc counts_note_desc[NR_COUNTS_NOTES] = {
#define COUNTS_NOTE_DESC(id, key, text, hint) { key, text, hint },
	COUNTS_NOTES(COUNTS_NOTE_DESC)
#undef COUNTS_NOTE_DESC
};

void *counts_push(void *array, uint32_t *nr, uint32_t *room, size_t size)
{
	char **at = array;

	if (*nr == *room) {
		uint32_t want = *room ? *room * 2 : 64;
		char *grown = want > *room ? realloc(*at, want * size) : NULL;

		if (!grown)
			return NULL;
		*at = grown;
		*room = want;
	}
	return *at + (size_t)(*nr)++ * size;
}

static unsigned int order_of_row(const struct slabinfo_row *row)
{
	return (unsigned int)__builtin_ctz(row->pagesperslab);
}

/* ---- frames ---------------------------------------------------------------- */

static bool take_frame(struct counts *c, unsigned int order, uint32_t *pfn)
{
	struct counts_frames *given = &c->given[order];
	uint32_t nr = 1U << order, at = (c->next_frame + nr - 1) & ~(nr - 1);

	if (given->nr) {
		*pfn = given->pfn[--given->nr];
		return true;
	}
	if (at >= c->map->end_pfn || nr > c->map->end_pfn - at)
		return false;
	*pfn = at;
	c->next_frame = at + nr;
	return true;
}

static bool take(void *ctx, struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames)
{
	uint32_t pfn;

	if (!take_frame(ctx, kmem_cache_order(s), &pfn))
		return false;
	*frames = (struct slab_frames){ .pfn = pfn_make(pfn), .order = kmem_cache_order(s) };
	return true;
}

/* Where there is no memory to keep it in mind, the frame is not used again. */
static void give(void *ctx, struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct counts *c = ctx;
	struct counts_frames *given = &c->given[order];
	uint32_t *at = counts_push(&given->pfn, &given->nr, &given->room, sizeof(*at));

	if (at)
		*at = pfn_val(pfn);
}

/* ---- the machine ------------------------------------------------------------ */

static uint64_t pages_of(const struct slabinfo_row *row)
{
	return row ? row->num_slabs * row->pagesperslab : 0;
}

static int boot(struct counts *c, struct kerror *err)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1 };
	const struct slab_frames_ops ops = { take, give, c };
	struct slab_config slab_cfg;
	struct buddy_config cfg;
	uint64_t frames = 0;
	uint32_t i;
	int ret;

	for (i = 0; i < c->nr_caches && frames < MAX_FRAMES; i++)
		frames += 2 * (pages_of(c->cache[i].before) + pages_of(c->cache[i].after));
	frames += c->nr_slabs + SPARE_FRAMES;
	if (frames > MAX_FRAMES)
		return kerror_set(err, -E2BIG, "slabinfo has more slabs than this machine can have");
	map_cfg.ranges[0] = (struct mem_range){ 0, (uint32_t)frames & ~(uint32_t)(MAX_ORDER_NR_PAGES - 1), 0 };
	ret = pagemap_create(&c->map, &map_cfg, err);
	if (ret)
		return ret;
	buddy_config_default(&cfg, c->nr_cpus);
	cfg.kernel = c->kernel;
	cfg.empty = true;
	ret = buddy_create(&c->buddy, c->map, &cfg, err);
	if (ret)
		return ret;
	slab_config_default(&slab_cfg);
	slab_cfg.kernel = c->kernel;
	slab_cfg.merge = false;
	ret = slab_allocator_create(&c->sa, c->buddy, &slab_cfg, err);
	if (!ret)
		slab_set_frames(c->sa, &ops);
	return ret;
}

/* Order and objects are slabinfo's, the lists' lengths what the kernel computes from the size. */
static int make_cache(struct counts *c, struct counts_cache *cache, struct kerror *err)
{
	const struct slabinfo_row *row = counts_row(cache);
	struct kmem_cache_args args = { .name = row->name, .size = row->objsize };
	struct slab_cache_state state = {
		.size = row->objsize, .object_size = row->objsize, .align = sizeof(void *),
		.inuse = row->objsize, .objects = row->objperslab,
	};
	struct slab_geometry geo;
	struct slab_config cfg;
	int ret;

	slab_config_default(&cfg);
	cfg.kernel = c->kernel;
	ret = slab_geometry(&geo, &args, &cfg, c->nr_cpus, err);
	if (ret)
		return ret;
	memcpy(state.name, row->name, sizeof(state.name));
	state.order = state.min_order = order_of_row(row);
	state.min_partial = geo.min_partial;
	state.cpu_partial = geo.cpu_partial;
	state.cpu_partial_slabs = (geo.cpu_partial * 2 + row->objperslab - 1) / row->objperslab;
	cache->cpu_slabs = state.cpu_partial_slabs;
	cache->s = slab_load_cache(c->sa, &state, NULL);
	return cache->s ? 0 : kerror_set(err, -EINVAL, "cache %s: objects of %u bytes, %u a slab, cannot be laid out "
					 "here", row->name, row->objsize, row->objperslab);
}

/* ---- slabs that the trace shows ------------------------------------------- */

/* One cache's, while it is loaded; all arrays have room for each of its slabs. */
struct start {
	struct counts *c;
	struct counts_cache *cache;
	const struct slabinfo_row *row;
	uint32_t *seen;			/* numbers, in the order of first sight */
	uint32_t nr_seen;
	uint32_t *pfns;			/* of two lists */
	uint16_t *numbers;		/* of free objects */
	uint64_t node_free;		/* free objects that slabinfo has on node lists, not placed yet */
	struct kerror *err;
};

static unsigned int list_free(const struct start *st, const struct counts_slab *slab)
{
	unsigned int nr = 0;
	uint32_t at;

	for (at = slab->first_free; at != COUNTS_NONE; at = st->c->free[at].next)
		st->numbers[nr++] = st->c->free[at].number;
	return nr;
}

/* Slabs that only allocations show may have been made after slabinfo was read. */
static void drop_surplus(struct start *st)
{
	uint64_t surplus = st->nr_seen > st->row->num_slabs ? st->nr_seen - st->row->num_slabs : 0;
	uint32_t i, kept = 0;

	for (i = st->nr_seen; surplus && i--;)
		if (!st->c->slab[st->seen[i]].sure) {
			st->seen[i] = COUNTS_NONE;
			surplus--;
		}
	for (i = 0; i < st->nr_seen; i++)
		if (st->seen[i] != COUNTS_NONE)
			st->seen[kept++] = st->seen[i];
	st->nr_seen = kept;
	st->c->note[CN_late_slabs] += surplus;
}

static int load_seen(struct start *st, struct counts_slab *slab, bool cpu_slab)
{
	unsigned int nr = list_free(st, slab);
	struct slab_state state = {
		.order = kmem_cache_order(st->cache->s), .objects = st->row->objperslab,
		.inuse = st->row->objperslab, .frozen = cpu_slab,
	};

	if (!take_frame(st->c, state.order, &state.pfn))
		return kerror_set(st->err, -ENOMEM, "cache %s: no frames for its slabs", st->row->name);
	if (!cpu_slab) {
		state.inuse -= nr;
		state.free = st->numbers;
		state.nr_free = nr;
	}
	slab->pfn = state.pfn;
	return slab_load_slab(st->cache->s, &state, st->err);
}

/* Does a slab that @cpu used as its @nr-th go to the node's list? */
static bool is_node_slab(struct start *st, const struct counts_slab *slab, uint32_t nr)
{
	if (nr <= st->cache->cpu_slabs || slab->nr_free > st->node_free)
		return false;
	st->node_free -= slab->nr_free;
	return true;
}

/*
 * The slabs with free objects that @cpu used, in that order: its own, those of
 * its partial list until that is full, and then the node's, as far as slabinfo
 * has free objects there. The latter are added to the @nr_node of st->pfns.
 */
static int load_cpu_slabs(struct start *st, unsigned int cpu, uint32_t *nr_node)
{
	uint32_t *partial = st->pfns + st->nr_seen, i, used = 0, nr = 0;
	int ret = 0;

	for (i = 0; !ret && i < st->nr_seen; i++) {
		struct counts_slab *slab = &st->c->slab[st->seen[i]];
		bool first = !used;

		if (!slab->nr_free || slab->cpu != cpu)
			continue;
		ret = load_seen(st, slab, first);
		if (!ret && first)
			ret = slab_load_cpu(st->cache->s, cpu, slab->pfn, st->numbers, slab->nr_free, st->err);
		else if (is_node_slab(st, slab, used))
			st->pfns[(*nr_node)++] = slab->pfn;
		else
			partial[nr++] = slab->pfn;
		used++;
	}
	return ret ? ret : slab_load_cpu_partial(st->cache->s, cpu, partial, nr, nr, st->err);
}

static int load_seen_slabs(struct start *st)
{
	uint32_t nr_node = 0;
	unsigned int cpu;
	int ret = 0;

	for (cpu = 0; !ret && cpu < st->c->nr_cpus; cpu++)
		ret = load_cpu_slabs(st, cpu, &nr_node);
	return ret ? ret : slab_load_node_partial(st->cache->s, 0, st->pfns, nr_node, st->err);
}

static int load_full_slabs(struct start *st)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < st->nr_seen; i++) {
		struct counts_slab *slab = &st->c->slab[st->seen[i]];

		if (slab->pfn == PFN_NONE_VAL)
			ret = load_seen(st, slab, false);
	}
	return ret;
}

/* ---- slabs it does not show ------------------------------------------------ */

static int load_unseen(struct start *st, uint32_t nr)
{
	struct counts_cache *cache = st->cache;
	uint32_t objects = st->row->objperslab, i, number, nr_partial = 0;
	uint64_t free = st->node_free < (uint64_t)nr * objects ? st->node_free : (uint64_t)nr * objects;
	int ret = 0;

	cache->unseen = calloc((size_t)nr + 1, sizeof(*cache->unseen));
	cache->old = calloc((size_t)nr * objects / 64 + 1, sizeof(*cache->old));
	if (!cache->unseen || !cache->old)
		return kerror_set(st->err, -ENOMEM, "no memory for the slabs of %s", st->row->name);
	for (number = 0; number < objects; number++)
		st->numbers[number] = (uint16_t)number;
	for (i = 0; !ret && i < nr; i++) {
		uint32_t nr_free = (uint32_t)(free * (i + 1) / nr - free * i / nr);
		struct slab_state state = {
			.order = kmem_cache_order(cache->s), .objects = objects, .inuse = objects - nr_free,
			.free = st->numbers, .nr_free = nr_free,
		};

		if (!take_frame(st->c, state.order, &state.pfn))
			return kerror_set(st->err, -ENOMEM, "cache %s: no frames for its slabs", st->row->name);
		ret = slab_load_slab(cache->s, &state, st->err);
		cache->unseen[cache->nr_unseen++] = state.pfn;
		if (nr_free)
			st->pfns[nr_partial++] = state.pfn;
		for (number = nr_free; number < objects; number++) {
			uint64_t bit = (uint64_t)i * objects + number;

			cache->old[bit / 64] |= UINT64_C(1) << bit % 64;
			cache->nr_old++;
		}
	}
	return ret ? ret : slab_load_node_partial(cache->s, 0, st->pfns, nr_partial, st->err);
}

/* ---- caches -------------------------------------------------------------------- */

static int start_cache(struct start *st)
{
	struct counts *c = st->c;
	uint64_t nr = st->row->num_slabs;
	struct slabinfo info;
	int ret;

	drop_surplus(st);
	c->note[CN_hinted_slabs] += st->nr_seen;
	st->node_free = st->row->num_objs - st->row->active_objs;
	ret = load_seen_slabs(st);
	if (!ret)
		ret = load_full_slabs(st);
	if (!ret)
		ret = load_unseen(st, nr > st->nr_seen ? (uint32_t)(nr - st->nr_seen) : 0);
	if (ret)
		return ret;
	get_slabinfo(st->cache->s, &info);
	c->start.all++;
	c->start.hits += info.active_objs == st->row->active_objs && info.num_slabs == st->row->num_slabs;
	return 0;
}

static uint64_t most_slabs(const struct counts *c)
{
	uint64_t most = c->nr_slabs;
	uint32_t i;

	for (i = 0; i < c->nr_caches; i++)
		if (c->cache[i].before && c->cache[i].before->num_slabs > most)
			most = c->cache[i].before->num_slabs;
	return most;
}

/* @by_cache: slabs of all caches, sorted; st->seen: where the one at hand begins. */
static int start_caches(struct start *st, uint32_t *by_cache)
{
	struct counts *c = st->c;
	uint32_t i, at = 0;
	int ret = 0;

	for (i = 0; !ret && i < c->nr_caches; i++) {
		st->cache = &c->cache[i];
		st->seen = by_cache + at;
		for (st->nr_seen = 0; at < c->nr_slabs && c->slab[by_cache[at]].cache == i; at++)
			st->nr_seen++;
		if (!st->cache->before)
			continue;
		st->row = st->cache->before;
		ret = start_cache(st);
	}
	return ret;
}

/* Slabs by cache, each cache's in the order of first sight. */
static void sort_slabs(const struct counts *c, uint32_t *by_cache, uint32_t *place)
{
	uint32_t i, sum = 0;

	for (i = 0; i < c->nr_slabs; i++)
		place[c->slab[i].cache]++;
	for (i = 0; i < c->nr_caches; i++) {
		uint32_t nr = place[i];

		place[i] = sum;
		sum += nr;
	}
	for (i = 0; i < c->nr_slabs; i++)
		by_cache[place[c->slab[i].cache]++] = i;
}

int counts_start(struct counts *c, struct kerror *err)
{
	struct start st = { .c = c, .err = err };
	uint32_t *by_cache, *place, i;
	int ret = boot(c, err);

	for (i = 0; !ret && i < c->nr_caches; i++)
		ret = make_cache(c, &c->cache[i], err);
	if (ret)
		return ret;
	c->note[CN_hinted_free] = c->nr_free;
	by_cache = calloc((size_t)c->nr_slabs + 1, sizeof(*by_cache));
	place = calloc((size_t)c->nr_caches + 1, sizeof(*place));
	st.pfns = calloc(2 * most_slabs(c) + 1, sizeof(*st.pfns));
	st.numbers = calloc(UINT16_MAX, sizeof(*st.numbers));
	if (by_cache && place && st.pfns && st.numbers) {
		sort_slabs(c, by_cache, place);
		ret = start_caches(&st, by_cache);
	} else {
		ret = kerror_set(err, -ENOMEM, "no memory to load slabs");
	}
	free(by_cache);
	free(place);
	free(st.pfns);
	free(st.numbers);
	return ret;
}

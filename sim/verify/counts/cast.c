/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which cache an event's object is of; see counts.h.
 *
 * A kmalloc shows it by its size and flags, a kmem_cache_free by its name, and a
 * kmem_cache_alloc either by its name or by what its call site's objects are
 * freed as (trace_resolve()). Where that fails, and for a kfree, the page decides,
 * in which another event named the cache; or for an allocation its size, if of
 * the caches of that size one only is named by no event. A bulk request names its cache by an
 * address, and a bulk free with the same one has objects in pages that are known.
 *
 * Two passes, because the event that names a page's cache may come late:
 *
 *   page    SEEN when an object in it had an event; BORN when a page event
 *           brought it before that, so that its slab is of the trace's time;
 *           USED when the second pass came to its first object
 *
 * Single-threaded: no state outside of the call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/names.h"
#include "sim/verify/counts/counts.h"

/* A page's word. */
#define PAGE_SEEN	UINT64_C(1)
#define PAGE_BORN	UINT64_C(2)
#define PAGE_CLOSED	UINT64_C(4)	/* brought again: what comes now says nothing of the time before */
#define PAGE_USED	UINT64_C(8)
#define PAGE_FIRST_SHIFT  16		/* the first cache named in it, number + 1 */
#define PAGE_LATEST_SHIFT 32		/* the latest one, likewise */
#define PAGE_CACHE_MASK	UINT64_C(0xffff)

/* An address's word: its last event. */
enum { ADDR_UNSEEN, ADDR_LIVE, ADDR_FREED };

/* Kernel addresses as they are; what was hashed for printing has no place. */
#define KERNEL_ADDRESS	(UINT64_C(1) << 63)

#define MAX_BULK_CACHES 64
#define AMBIGUOUS UINT16_MAX

struct bulk_cache {
	uint64_t at;		/* its struct kmem_cache */
	uint16_t cache;		/* number + 1 */
};

struct cast {
	struct counts *c;
	const struct names *names;
	const struct trace_summary *sum;
	struct frames *pages, *addrs, *slabs;
	uint16_t *cache_of_name;	/* number + 1, by name_id */
	uint16_t kmalloc[NR_KMALLOC_KINDS][32];	/* by log2 of the size; 96 and 192 at 1 and 2 */
	bool *named;			/* by number: an event names the cache */
	uint16_t by_size[KMALLOC_MAX_CACHE_SIZE / 8 + 1];	/* of those it does not; or AMBIGUOUS */
	struct bulk_cache bulk[MAX_BULK_CACHES];
	unsigned int nr_bulk;
	uint64_t bulk_at[MAX_CPUS];	/* the cache of the request under way */
};

/* ---- names -------------------------------------------------------------- */

static uint16_t find_cache(const struct counts *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_caches; i++)
		if (!strcmp(counts_row(&c->cache[i])->name, name))
			return (uint16_t)(i + 1);
	return 0;
}

static unsigned int class_of(uint32_t bytes)
{
	if (bytes == 96 || bytes == 192)
		return bytes / 96;
	return bytes < KMALLOC_MIN_SIZE || bytes & (bytes - 1) ? 0 : (unsigned int)__builtin_ctz(bytes);
}

/* The kernel's names; a kind that it does not have is served as the plain one. */
static void find_kmalloc(struct cast *cast)
{
	static const char *const prefix[NR_KMALLOC_KINDS] = {
		[KMALLOC_NORMAL] = "kmalloc", [KMALLOC_DMA] = "dma-kmalloc",
		[KMALLOC_CGROUP] = "kmalloc-cg", [KMALLOC_RECLAIM] = "kmalloc-rcl",
	};
	unsigned int kind, class;
	char name[64];

	for (kind = 0; kind < NR_KMALLOC_KINDS; kind++) {
		for (class = 1; class <= 13; class++) {
			unsigned int size = class < 3 ? class * 96 : 1U << class;

			if (size < 1024)
				snprintf(name, sizeof(name), "%s-%u", prefix[kind], size);
			else
				snprintf(name, sizeof(name), "%s-%uk", prefix[kind], size / 1024);
			cast->kmalloc[kind][class] = find_cache(cast->c, name);
			if (!cast->kmalloc[kind][class])
				cast->kmalloc[kind][class] = cast->kmalloc[KMALLOC_NORMAL][class];
		}
	}
}

static uint16_t kmalloc_cache(const struct cast *cast, const struct event *ev)
{
	enum kmalloc_kind kind = KMALLOC_NORMAL;

	if (ev->gfp & __GFP_DMA)
		kind = KMALLOC_DMA;
	else if (ev->gfp & __GFP_RECLAIMABLE)
		kind = KMALLOC_RECLAIM;
	else if (ev->gfp & __GFP_ACCOUNT)
		kind = KMALLOC_CGROUP;
	return ev->bytes_alloc > KMALLOC_MAX_CACHE_SIZE ? 0 : cast->kmalloc[kind][class_of(ev->bytes_alloc)];
}

/* The cache that @ev itself names; 0: none. */
static uint16_t named_cache(const struct cast *cast, const struct event *ev)
{
	uint16_t cache;

	switch (ev->kind) {
	case EV_KMALLOC:
		return kmalloc_cache(cast, ev);
	case EV_CACHE_ALLOC:
		cache = cast->cache_of_name[ev->cache];
		return cache && counts_row(&cast->c->cache[cache - 1])->objsize == ev->bytes_alloc ? cache : 0;
	case EV_CACHE_FREE:
		return cast->cache_of_name[ev->cache];
	default:
		return 0;
	}
}

static int prepare(struct cast *cast)
{
	name_id nr = names_count(cast->names), id;

	cast->pages = frames_create();
	cast->addrs = frames_create();
	cast->slabs = frames_create();
	cast->cache_of_name = calloc((size_t)nr + 1, sizeof(*cast->cache_of_name));
	cast->named = calloc((size_t)cast->c->nr_caches + 1, sizeof(*cast->named));
	if (!cast->pages || !cast->addrs || !cast->slabs || !cast->cache_of_name || !cast->named)
		return -ENOMEM;
	find_kmalloc(cast);
	for (id = 1; id <= nr; id++)
		cast->cache_of_name[id] = find_cache(cast->c, names_text(cast->names, id));
	return 0;
}

/* ---- pages --------------------------------------------------------------- */

static uint16_t page_cache(uint64_t word)
{
	uint64_t latest = word >> PAGE_LATEST_SHIFT & PAGE_CACHE_MASK;

	return (uint16_t)(latest ? latest : word >> PAGE_FIRST_SHIFT & PAGE_CACHE_MASK);
}

/* The first pass: a slab's pages come. */
static int see_page(struct cast *cast, const struct event *ev)
{
	uint64_t page = (cast->sum->direct_map_base >> PAGE_SHIFT) + ev->addr, end;

	if (!(ev->flags & EVF_PAGE_SLAB))
		return 0;
	for (end = page + (UINT64_C(1) << ev->order); page < end; page++) {
		uint64_t *word = frames_get(cast->pages, page);

		if (!word)
			return -ENOMEM;
		*word |= *word & (PAGE_SEEN | PAGE_BORN) ? PAGE_CLOSED : PAGE_BORN;
	}
	return 0;
}

static int see_object(struct cast *cast, uint64_t addr, uint16_t cache)
{
	uint64_t *word;

	if (cache)
		cast->named[cache - 1] = true;
	if (addr < KERNEL_ADDRESS)
		return 0;
	word = frames_get(cast->pages, addr >> PAGE_SHIFT);
	if (!word)
		return -ENOMEM;
	*word |= PAGE_SEEN;
	if (cache && !(*word & PAGE_CLOSED) && !(*word >> PAGE_FIRST_SHIFT & PAGE_CACHE_MASK))
		*word |= (uint64_t)cache << PAGE_FIRST_SHIFT;
	return 0;
}

/* The second pass: a page that had objects before has none of their cache now. */
static int reuse_page(struct cast *cast, const struct event *ev)
{
	uint64_t page = (cast->sum->direct_map_base >> PAGE_SHIFT) + ev->addr, end;

	if (!(ev->flags & EVF_PAGE_SLAB))
		return 0;
	for (end = page + (UINT64_C(1) << ev->order); page < end; page++) {
		uint64_t *word = frames_find(cast->pages, page);

		if (word && *word & PAGE_USED)
			*word &= PAGE_SEEN | PAGE_BORN | PAGE_CLOSED | PAGE_USED;
	}
	return 0;
}

/* Between the passes: which sizes only one cache has, kmalloc's own aside. */
static void find_sizes(struct cast *cast)
{
	const struct counts *c = cast->c;
	uint32_t i;

	for (i = 0; i < c->nr_caches; i++) {
		const struct slabinfo_row *row = counts_row(&c->cache[i]);
		uint16_t *cache;

		if (row->objsize > KMALLOC_MAX_CACHE_SIZE || cast->named[i] || strstr(row->name, "kmalloc-"))
			continue;
		cache = &cast->by_size[row->objsize / 8];
		*cache = *cache ? AMBIGUOUS : (uint16_t)(i + 1);
	}
}

/* The cache of an event that names none; 0: not known. */
static uint16_t guess_cache(const struct cast *cast, const struct event *ev, uint64_t page)
{
	uint16_t cache = page_cache(page);

	if (ev->kind != EV_CACHE_ALLOC && ev->kind != EV_KMALLOC)
		return cache;
	if (cache && counts_row(&cast->c->cache[cache - 1])->objsize == ev->bytes_alloc)
		return cache;
	if (ev->kind == EV_KMALLOC || ev->bytes_alloc > KMALLOC_MAX_CACHE_SIZE)
		return 0;
	cache = cast->by_size[ev->bytes_alloc / 8];
	cast->c->note[CN_hinted_by_size] += cache && cache != AMBIGUOUS;
	return cache == AMBIGUOUS ? 0 : cache;
}

/* ---- bulk ----------------------------------------------------------------- */

/* Calls @fn for each object that a bulk free lists. */
static int for_each_bulk(struct cast *cast, const struct event *ev,
			 int (*fn)(struct cast *cast, const struct event *ev, uint64_t addr))
{
	const char *p = names_text(cast->names, ev->cache);
	int32_t nr;
	int ret = 0;

	for (nr = 0; !ret && nr < ev->arg && (p = strstr(p, "0x")); nr++) {
		char *end;
		uint64_t addr = strtoull(p, &end, 16);

		p = end;
		if (addr)
			ret = fn(cast, ev, addr);
	}
	return ret;
}

static int see_bulk_free(struct cast *cast, const struct event *ev, uint64_t addr)
{
	return see_object(cast, addr, 0);
}

static uint16_t *bulk_cache(struct cast *cast, uint64_t at)
{
	unsigned int i;

	for (i = 0; i < cast->nr_bulk; i++)
		if (cast->bulk[i].at == at)
			return &cast->bulk[i].cache;
	if (!at || cast->nr_bulk == MAX_BULK_CACHES)
		return NULL;
	cast->bulk[cast->nr_bulk].at = at;
	return &cast->bulk[cast->nr_bulk++].cache;
}

/* Between the passes: the first object whose page is known shows the cache at the address. */
static int learn_bulk_free(struct cast *cast, const struct event *ev, uint64_t addr)
{
	uint16_t *cache = bulk_cache(cast, ev->addr);
	const uint64_t *word = frames_find(cast->pages, addr >> PAGE_SHIFT);

	if (cache && !*cache && word)
		*cache = page_cache(*word);
	return 0;
}

/* ---- the first pass -------------------------------------------------------- */

static int see_event(struct cast *cast, const struct event *ev)
{
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
	case EV_KFREE:
	case EV_CACHE_FREE:
		return see_object(cast, ev->addr, named_cache(cast, ev));
	case EV_KBULK_FREE:
		return for_each_bulk(cast, ev, see_bulk_free);
	case EV_PAGE_ALLOC:
		return see_page(cast, ev);
	default:
		return 0;
	}
}

static int learn_event(struct cast *cast, const struct event *ev)
{
	return ev->kind == EV_KBULK_FREE && ev->addr ? for_each_bulk(cast, ev, learn_bulk_free) : 0;
}

/* ---- the second pass ------------------------------------------------------- */

static struct counts_op *new_op(struct counts *c)
{
	if (c->nr_ops == c->op_room) {
		uint64_t room = c->op_room ? c->op_room * 2 : 4096;
		void *grown = realloc(c->op, room * sizeof(*c->op));

		if (!grown)
			return NULL;
		c->op = grown;
		c->op_room = room;
	}
	return &c->op[c->nr_ops++];
}

/* The slab at @base that was there before the trace; *@slab COUNTS_NONE: another cache has it. */
static int old_slab(struct cast *cast, uint16_t cache, uint64_t base, uint32_t *slab)
{
	struct counts *c = cast->c;
	uint64_t *word = frames_get(cast->slabs, base >> PAGE_SHIFT);
	struct counts_slab *made;

	*slab = COUNTS_NONE;
	if (!word)
		return -ENOMEM;
	if (*word) {
		if (c->slab[*word - 1].cache == cache)
			*slab = (uint32_t)(*word - 1);
		return 0;
	}
	made = counts_push(&c->slab, &c->nr_slabs, &c->slab_room, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = (struct counts_slab){ .base = base, .pfn = PFN_NONE_VAL, .cache = cache,
				      .next = COUNTS_NONE, .first_free = COUNTS_NONE };
	*word = c->nr_slabs;
	*slab = c->nr_slabs - 1;
	return 0;
}

static int was_free(struct cast *cast, uint32_t slab, unsigned int number, unsigned int cpu)
{
	struct counts *c = cast->c;
	struct counts_slab *sl = &c->slab[slab];
	struct counts_free *fr = counts_push(&c->free, &c->nr_free, &c->free_room, sizeof(*fr));

	if (!fr)
		return -ENOMEM;
	*fr = (struct counts_free){ .next = COUNTS_NONE, .number = (uint16_t)number };
	if (sl->nr_free++)
		c->free[sl->last_free].next = c->nr_free - 1;
	else
		sl->first_free = c->nr_free - 1;
	if (sl->nr_free == 1)
		sl->cpu = (uint16_t)cpu;
	sl->last_free = c->nr_free - 1;
	return 0;
}

/* What the first event of an address shows of the beginning; @born: it was allocated since. */
static int first_sight(struct cast *cast, struct counts_op *op, uint64_t page, bool born)
{
	struct counts *c = cast->c;
	const struct slabinfo_row *row = counts_row(&c->cache[op->cache - 1]);
	uint64_t base = op->addr & ~(row->pagesperslab * PAGE_SIZE - 1), number;
	uint32_t slab;
	int ret;

	number = (op->addr - base) / row->objsize;
	if (number >= row->objperslab || (op->addr - base) % row->objsize) {
		c->note[CN_odd_places]++;
		return 0;
	}
	if (page & PAGE_BORN)
		return 0;
	ret = old_slab(cast, op->cache - 1, base, &slab);
	if (ret || slab == COUNTS_NONE)
		return ret;
	if (born)
		return was_free(cast, slab, (unsigned int)number, op->cpu);
	c->slab[slab].sure = true;
	op->slab = slab;
	return 0;
}

/*
 * Was the object that @op frees, whose allocation was not seen, one of a bulk
 * request's? While there are any it is taken to be: they live shortest.
 */
static bool is_of_bulk(struct cast *cast, const struct counts_op *op)
{
	struct counts_cache *cache = &cast->c->cache[op->cache - 1];

	if (!cache->bulk_born)
		return false;
	cache->bulk_born--;
	return true;
}

static int add_object(struct cast *cast, const struct event *ev, uint64_t addr, uint16_t cache)
{
	bool alloc = ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC, born = alloc;
	struct counts *c = cast->c;
	struct counts_op *op = new_op(c);
	uint64_t *page = NULL, *seen;

	seen = frames_get(cast->addrs, addr >> 3);
	if (addr >= KERNEL_ADDRESS)
		page = frames_get(cast->pages, addr >> PAGE_SHIFT);
	if (!op || !seen || (addr >= KERNEL_ADDRESS && !page))
		return -ENOMEM;
	if (!cache)
		cache = guess_cache(cast, ev, page ? *page : 0);
	if (page && cache)
		*page = (*page & ~(PAGE_CACHE_MASK << PAGE_LATEST_SHIFT)) | (uint64_t)cache << PAGE_LATEST_SHIFT;
	if (page)
		*page |= PAGE_USED;
	*op = (struct counts_op){
		.addr = addr, .slab = COUNTS_NONE, .cache = cache, .cpu = ev->cpu,
		.first = *seen == ADDR_UNSEEN, .kind = alloc ? COUNTS_ALLOC : COUNTS_FREE,
	};
	if (!alloc && cache && *seen != ADDR_LIVE)
		born = is_of_bulk(cast, op);
	*seen = alloc ? ADDR_LIVE : ADDR_FREED;
	return op->first && page && cache ? first_sight(cast, op, *page, born) : 0;
}

/* It has no cache, but its free must be known for what it is. */
static int add_large(struct cast *cast, const struct event *ev)
{
	struct counts_op *op = new_op(cast->c);

	if (!op)
		return -ENOMEM;
	*op = (struct counts_op){ .addr = ev->addr, .slab = COUNTS_NONE, .cpu = ev->cpu, .kind = COUNTS_LARGE };
	return 0;
}

static int add_bulk_free(struct cast *cast, const struct event *ev, uint64_t addr)
{
	const uint16_t *cache = bulk_cache(cast, ev->addr);

	return add_object(cast, ev, addr, cache ? *cache : 0);
}

static int add_bulk_alloc(struct cast *cast, const struct event *ev)
{
	const uint16_t *cache = bulk_cache(cast, cast->bulk_at[ev->cpu]);
	struct counts_op *op;

	if (!cache || !*cache || ev->arg <= 0 || ev->arg > UINT16_MAX)
		return 0;
	op = new_op(cast->c);
	if (!op)
		return -ENOMEM;
	cast->c->cache[*cache - 1].bulk_born += (uint32_t)ev->arg;
	*op = (struct counts_op){ .slab = COUNTS_NONE, .cache = *cache, .cpu = ev->cpu,
				  .nr = (uint16_t)ev->arg, .kind = COUNTS_BULK_ALLOC };
	return 0;
}

static int add_event(struct cast *cast, const struct event *ev)
{
	if (ev->cpu >= MAX_CPUS)
		return -EINVAL;
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
	case EV_KFREE:
	case EV_CACHE_FREE:
		if (ev->addr <= (uintptr_t)ZERO_SIZE_PTR)
			return 0;
		if (ev->kind == EV_KMALLOC && ev->bytes_alloc > KMALLOC_MAX_CACHE_SIZE)
			return add_large(cast, ev);
		return add_object(cast, ev, ev->addr, named_cache(cast, ev));
	case EV_KBULK_FREE:
		return for_each_bulk(cast, ev, add_bulk_free);
	case EV_PAGE_ALLOC:
		return reuse_page(cast, ev);
	case EV_KBULK_ALLOC_IN:
		cast->bulk_at[ev->cpu] = ev->addr;
		return 0;
	case EV_KBULK_ALLOC_OUT:
		return add_bulk_alloc(cast, ev);
	default:
		return 0;
	}
}

static int pass(struct cast *cast, struct trace *trace, int (*fn)(struct cast *cast, const struct event *ev),
		struct kerror *err)
{
	struct trace_cursor cur;
	const struct event *ev;
	int64_t nr = 0;
	int ret = trace_cursor_init(&cur, trace, err);

	if (ret)
		return ret;
	while (!ret && (nr = trace_cursor_next(&cur, &ev, err)) > 0)
		for (; !ret && nr; nr--, ev++)
			ret = fn(cast, ev);
	trace_cursor_exit(&cur);
	if (ret == -EINVAL)
		return kerror_set(err, ret, "the trace has a CPU above %d", MAX_CPUS - 1);
	if (ret)
		return kerror_set(err, ret, "no memory for the objects of a trace");
	return (int)nr;
}

int counts_cast(struct counts *c, struct trace *trace, struct kerror *err)
{
	struct cast cast = { .c = c, .names = trace_names(trace), .sum = trace_summary(trace) };
	int ret = prepare(&cast);

	c->nr_cpus = cast.sum->max_cpu + 1;
	if (ret)
		kerror_set(err, ret, "no memory for the objects of a trace");
	else
		ret = pass(&cast, trace, see_event, err);
	if (!ret)
		ret = pass(&cast, trace, learn_event, err);
	find_sizes(&cast);
	if (!ret)
		ret = pass(&cast, trace, add_event, err);
	frames_destroy(cast.pages);
	frames_destroy(cast.addrs);
	frames_destroy(cast.slabs);
	free(cast.cache_of_name);
	free(cast.named);
	return ret;
}

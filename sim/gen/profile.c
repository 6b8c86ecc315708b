/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace measured; see profile.h. */
#include "sim/gen/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define ZERO_SIZE	16u	/* kmalloc(0)'s address: many live there */

/* What is live while measuring. */
struct open {
	uint64_t ns, step;	/* when its present life began */
	uint32_t first, now;	/* lives: the first one and the present one */
	int32_t pid;
	uint32_t next_free;
};

enum { SPACE_OBJECTS, SPACE_BLOCKS, SPACE_HEAP, NR_SPACES };

struct measuring {
	struct profile *p;
	struct table class_of;			/* hash of an event like it -> class + 1 */
	struct table live[NR_SPACES];		/* address or pfn -> open + 1 */
	struct open *open;
	uint32_t nr_open, open_size, free_open;
	uint64_t ns, step, number;		/* of the event looked at */
	uint64_t first_ns;
	uint64_t last_arrival_ns, last_arrival_step;
	struct arrival block[PROFILE_BLOCK];
	uint32_t in_block;
	uint64_t blocks_seen;
	uint64_t random;
	bool only_heap;
};

/* Room for one more in an array of @nr, or NULL. */
static void *grow(void *array, uint32_t nr, uint32_t *size, size_t each)
{
	uint32_t wanted = *size ? *size * 2 : 256;
	void *grown;

	if (nr < *size)
		return array;
	grown = wanted > *size ? realloc(array, wanted * each) : NULL;
	if (grown)
		*size = wanted;
	return grown;
}

/* ---- classes and lives ------------------------------------------------------------ */

/* @ev without what differs between members of its class. */
static struct event bare_event(const struct event *ev)
{
	struct event like = *ev;

	like.time_ns = like.addr = like.line = 0;
	like.stack = 0;
	like.pid = 0;
	like.comm = 0;
	like.cpu = 0;
	like.flags &= (uint8_t)~EVF_RESOLVED;
	if (ev->kind == EV_HEAP_REALLOC)
		like.addr2 = 0;
	return like;
}

/* The class of @ev; -ENOMEM. */
static int64_t class_of(struct measuring *m, const struct event *ev)
{
	struct event like = bare_event(ev);
	uint64_t key = hash_bytes((const char *)&like, sizeof(like));
	struct profile *p = m->p;
	struct life_class *grown;
	uint64_t *value;

	/* Two with the same hash: the later one goes to the next key. */
	for (;; key++) {
		value = table_get(&m->class_of, key);
		if (!value)
			return -ENOMEM;
		if (!*value)
			break;
		if (!memcmp(&p->classes[*value - 1].like, &like, sizeof(like)))
			return (int64_t)*value - 1;
	}
	grown = grow(p->classes, p->nr_classes, &p->classes_size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	p->classes = grown;
	p->classes[p->nr_classes] = (struct life_class){ .like = like };
	*value = ++p->nr_classes;
	return (int64_t)*value - 1;
}

/* The number of a life that is free; 0: no memory. */
static uint32_t take_life(struct profile *p)
{
	uint32_t at = p->free_life;
	struct life *grown;

	if (at) {
		p->free_life = p->lives[at].next;
		return at;
	}
	grown = grow(p->lives, p->nr_lives, &p->lives_size, sizeof(*grown));
	if (!grown)
		return 0;
	p->lives = grown;
	return p->nr_lives++;
}

static void drop_lives(struct profile *p, uint32_t at)
{
	while (at) {
		uint32_t next = p->lives[at].end == LIFE_RESIZED ? p->lives[at].next : 0;

		p->lives[at].next = p->free_life;
		p->lives[at].end = LIFE_NEVER;
		p->free_life = at;
		at = next;
	}
}

/* The lives that begin with @first are known to their end. */
static int keep_lives(struct measuring *m, uint32_t first)
{
	struct life_class *class = &m->p->classes[m->p->lives[first].class];
	uint32_t at, *grown;

	class->seen++;
	if (class->nr < PROFILE_MAX_LIVES) {
		grown = grow(class->lives, class->nr, &class->size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		class->lives = grown;
		class->lives[class->nr++] = first;
		return 0;
	}
	at = random_next(&m->random) % class->seen;
	if (at < class->nr) {
		drop_lives(m->p, class->lives[at]);
		class->lives[at] = first;
	} else {
		drop_lives(m->p, first);
	}
	return 0;
}

/* ---- arrivals --------------------------------------------------------------------- */

/* A full block, or the last one. */
static int keep_block(struct measuring *m)
{
	struct profile *p = m->p;
	uint64_t at = p->nr_blocks;
	uint32_t size = p->blocks_size ? p->blocks_size * 2 : 64;
	struct arrival *grown;
	uint16_t *lens;

	m->blocks_seen++;
	if (p->nr_blocks == PROFILE_MAX_BLOCKS) {
		at = random_next(&m->random) % m->blocks_seen;
	} else if (p->nr_blocks == p->blocks_size) {
		grown = realloc(p->arrivals, size * PROFILE_BLOCK * sizeof(*grown));
		p->arrivals = grown ? grown : p->arrivals;
		lens = realloc(p->block_len, size * sizeof(*lens));
		p->block_len = lens ? lens : p->block_len;
		if (!grown || !lens)
			return -ENOMEM;
		p->blocks_size = size;
	}
	if (at < PROFILE_MAX_BLOCKS) {
		memcpy(p->arrivals + at * PROFILE_BLOCK, m->block, sizeof(m->block));
		p->block_len[at] = (uint16_t)m->in_block;
		p->nr_blocks += at == p->nr_blocks;
	}
	m->in_block = 0;
	return 0;
}

static int add_arrival(struct measuring *m, const struct event *ev, uint32_t class)
{
	struct arrival *arrival = &m->block[m->in_block++];
	uint64_t gap = m->p->arrivals_seen++ ? m->ns - m->last_arrival_ns : 0;

	*arrival = (struct arrival){
		.gap_ns = gap, .gap_step = (uint32_t)(gap ? m->step : m->step - m->last_arrival_step), .class = class,
		.pid = ev->pid, .comm = ev->comm, .stack = ev->stack, .cpu = ev->cpu
	};
	m->last_arrival_ns = m->ns;
	m->last_arrival_step = m->step;
	return m->in_block == PROFILE_BLOCK ? keep_block(m) : 0;
}

/* ---- beginning and end of a life ---------------------------------------------------- */

static struct open *take_open(struct measuring *m, uint32_t *number)
{
	struct open *grown;

	*number = m->free_open;
	if (*number) {
		m->free_open = m->open[*number].next_free;
		return &m->open[*number];
	}
	grown = grow(m->open, m->nr_open, &m->open_size, sizeof(*grown));
	if (!grown)
		return NULL;
	m->open = grown;
	*number = m->nr_open++;
	return &m->open[*number];
}

/* The present life of @open is over; who ended it is filled in by the caller. */
static struct life *end_life(struct measuring *m, const struct open *open, enum life_end end)
{
	struct life *life = &m->p->lives[open->now];

	life->ns = m->ns - open->ns;
	life->step = life->ns ? m->step : m->step - open->step;
	life->end = (uint8_t)end;
	return life;
}

static void ended_by(struct life *life, const struct open *open, const struct event *ev)
{
	life->free_site = ev->call_site;
	life->free_cache = ev->cache;
	life->free_stack = ev->stack;
	life->free_pid = ev->pid;
	life->free_comm = ev->comm;
	life->free_cpu = ev->cpu;
	life->free_kind = ev->kind == EV_HEAP_REALLOC ? EV_HEAP_FREE : ev->kind;
	life->free_context = (uint8_t)(ev->context << 4 | ev->depth);
	life->same_task = ev->pid == open->pid;
}

/* What @slot of the table says is live is no more. */
static int close_open(struct measuring *m, int space, uint64_t *slot)
{
	uint32_t number = (uint32_t)*slot - 1, first = m->open[number].first;

	m->open[number].next_free = m->free_open;
	m->free_open = number;
	table_remove(&m->live[space], slot);
	return keep_lives(m, first);
}

/* What still lives at @addr, where something else begins, was freed unseen. */
static int close_unseen(struct measuring *m, int space, uint64_t addr)
{
	uint64_t *slot = table_find(&m->live[space], addr);

	if (!slot)
		return 0;
	end_life(m, &m->open[*slot - 1], LIFE_UNSEEN);
	return close_open(m, space, slot);
}

/* A life of @ev's class, open at ev->addr; @before: the life it goes on from, or 0 and the first of all. */
static int begin_life(struct measuring *m, int space, const struct event *ev, uint32_t first, uint32_t before)
{
	int64_t class = class_of(m, ev);
	uint32_t at = class < 0 ? 0 : take_life(m->p), number;
	struct open *open = at ? take_open(m, &number) : NULL;
	uint64_t *slot = open ? table_get(&m->live[space], ev->addr) : NULL;

	if (!slot)
		return -ENOMEM;
	*slot = number + 1;
	m->p->lives[at] = (struct life){ .class = (uint32_t)class, .cpu = ev->cpu };
	*open = (struct open){ .ns = m->ns, .step = m->step, .first = before ? first : at, .now = at, .pid = ev->pid };
	if (before)
		m->p->lives[before].next = at;
	m->p->events++;
	return before ? 0 : add_arrival(m, ev, (uint32_t)class);
}

/* ---- events ------------------------------------------------------------------------ */

static int on_alloc(struct measuring *m, int space, const struct event *ev)
{
	int ret = close_unseen(m, space, ev->addr);

	return ret ? ret : begin_life(m, space, ev, 0, 0);
}

static int on_free(struct measuring *m, int space, const struct event *ev, uint64_t addr)
{
	uint64_t *slot = table_find(&m->live[space], addr);
	const struct open *open;

	if (!slot)
		return 0;
	open = &m->open[*slot - 1];
	ended_by(end_life(m, open, LIFE_FREED), open, ev);
	m->p->events++;
	return close_open(m, space, slot);
}

static int on_realloc(struct measuring *m, const struct event *ev)
{
	uint64_t *slot = ev->addr2 ? table_find(&m->live[SPACE_HEAP], ev->addr2) : NULL;
	uint32_t number, first, before;
	int ret;

	if (ev->addr2 && !ev->heap_bytes)
		return on_free(m, SPACE_HEAP, ev, ev->addr2);
	if (!ev->addr)
		return 0;
	if (!slot)
		return on_alloc(m, SPACE_HEAP, ev);
	number = (uint32_t)*slot - 1;
	first = m->open[number].first;
	before = m->open[number].now;
	ended_by(end_life(m, &m->open[number], LIFE_RESIZED), &m->open[number], ev);
	m->open[number].next_free = m->free_open;
	m->free_open = number;
	table_remove(&m->live[SPACE_HEAP], slot);
	ret = close_unseen(m, SPACE_HEAP, ev->addr);
	return ret ? ret : begin_life(m, SPACE_HEAP, ev, first, before);
}

static int look_at(struct measuring *m, const struct event *ev)
{
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		return ev->addr > ZERO_SIZE ? on_alloc(m, SPACE_OBJECTS, ev) : 0;
	case EV_KFREE:
	case EV_CACHE_FREE:
		return on_free(m, SPACE_OBJECTS, ev, ev->addr);
	case EV_PAGE_ALLOC:
		return ev->addr == EVENT_PFN_FAILED || ev->flags & EVF_PAGE_SLAB ? 0 : on_alloc(m, SPACE_BLOCKS, ev);
	case EV_PAGE_FREE:
		return on_free(m, SPACE_BLOCKS, ev, ev->addr);
	case EV_HEAP_ALLOC:
		return ev->addr ? on_alloc(m, SPACE_HEAP, ev) : 0;
	case EV_HEAP_FREE:
		return on_free(m, SPACE_HEAP, ev, ev->addr);
	case EV_HEAP_REALLOC:
		return on_realloc(m, ev);
	default:
		return 0;
	}
}

/* Time goes on, or stands still. */
static void set_time(struct measuring *m, const struct event *ev)
{
	if (!m->number)
		m->first_ns = m->ns = ev->time_ns;
	m->step = ev->time_ns > m->ns ? 0 : m->step + 1;
	m->ns = ev->time_ns > m->ns ? ev->time_ns : m->ns;
	m->only_heap &= event_is(ev->kind, EVENT_HEAP);
	m->number++;
}

/* What is live at the end never was freed. */
static int close_all(struct measuring *m)
{
	uint64_t i;
	int space, ret = 0;

	for (space = 0; space < NR_SPACES; space++) {
		const struct table *live = &m->live[space];

		for (i = 0; !ret && i < live->size; i++)
			if (live->slot[i].value)
				ret = keep_lives(m, m->open[live->slot[i].value - 1].first);
	}
	if (!ret && m->in_block)
		ret = keep_block(m);
	return ret;
}

static int measure(struct measuring *m, struct trace *trace, const volatile sig_atomic_t *stop, struct kerror *err)
{
	const struct event *ev;
	struct trace_cursor cur;
	int64_t nr = 0, i;
	int ret = trace_cursor_init(&cur, trace, err);

	if (ret)
		return ret;
	while (!ret && !(stop && *stop) && (nr = trace_cursor_next(&cur, &ev, err)) > 0) {
		for (i = 0; !ret && i < nr; i++) {
			set_time(m, &ev[i]);
			ret = look_at(m, &ev[i]);
		}
	}
	trace_cursor_exit(&cur);
	if (nr < 0)
		return (int)nr;
	if (!ret)
		ret = close_all(m);
	m->p->counted = m->only_heap && m->ns - m->first_ns + 1 == m->number;
	return ret ? kerror_set(err, ret, "no memory to measure a trace") : 0;
}

int profile_create(struct profile **out, struct trace *trace, const volatile sig_atomic_t *stop, struct kerror *err)
{
	struct measuring *m = calloc(1, sizeof(*m));
	int ret, i;

	*out = calloc(1, sizeof(**out));
	if (!m || !*out) {
		free(m);
		free(*out);
		return kerror_set(err, -ENOMEM, "no memory to measure a trace");
	}
	m->p = *out;
	m->only_heap = true;
	m->p->nr_lives = m->nr_open = 1;
	/* Number 0 of both is none; growing leaves it room. */
	m->p->lives = grow(NULL, 0, &m->p->lives_size, sizeof(*m->p->lives));
	m->open = grow(NULL, 0, &m->open_size, sizeof(*m->open));
	ret = m->p->lives && m->open ? measure(m, trace, stop, err) :
	      kerror_set(err, -ENOMEM, "no memory to measure a trace");
	if (!ret && !m->p->arrivals_seen)
		ret = stop && *stop ? kerror_set(err, -EINTR, "interrupted before anything was measured") :
		      kerror_set(err, -ENODATA, "nothing is allocated in the trace");
	table_free(&m->class_of);
	for (i = 0; i < NR_SPACES; i++)
		table_free(&m->live[i]);
	free(m->open);
	free(m);
	if (!ret)
		return 0;
	profile_destroy(*out);
	*out = NULL;
	return ret;
}

void profile_destroy(struct profile *profile)
{
	uint32_t i;

	if (!profile)
		return;
	for (i = 0; i < profile->nr_classes; i++)
		free(profile->classes[i].lives);
	free(profile->classes);
	free(profile->lives);
	free(profile->arrivals);
	free(profile->block_len);
	free(profile);
}

const struct life *profile_deal(struct profile *profile, uint32_t class, uint64_t *random)
{
	struct life_class *of = &profile->classes[class];
	uint32_t pick, life;

	if (of->dealt == of->nr)
		of->dealt = 0;
	pick = of->dealt + random_below(random, of->nr - of->dealt);
	life = of->lives[pick];
	of->lives[pick] = of->lives[of->dealt];
	of->lives[of->dealt++] = life;
	return &profile->lives[life];
}

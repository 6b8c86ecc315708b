/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a core's caches; see caches.h. Single-threaded. */
#include "sim/access/caches.h"

#include "sim/access/lines.h"

static struct assoc_shape shape_of(enum cache_level level)
{
	return level == CACHE_L2 ? LINES_L2_SHAPE : LINES_L1_SHAPE;
}

int caches_init(struct caches *caches, struct kerror *err)
{
	unsigned int i;
	int ret = 0;

	*caches = (struct caches){ 0 };
	for (i = 0; !ret && i < NR_CACHES; i++) {
		struct assoc_shape shape = shape_of(i);

		caches->level[i].last = ASSOC_NONE;
		ret = assoc_init(&caches->level[i].lines, &shape);
	}
	return ret ? kerror_set(err, ret, "no memory for the model of caches") : 0;
}

void caches_exit(struct caches *caches)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++)
		assoc_exit(&caches->level[i].lines);
	*caches = (struct caches){ 0 };
}

static inline bool cache_touch(struct line_cache *cache, uint64_t line)
{
	bool hit;

	cache->lookups++;
	if (line == cache->last)
		return true;
	cache->last = line;
	hit = assoc_touch(&cache->lines, assoc_set(&cache->lines, line), line);
	cache->misses += !hit;
	return hit;
}

void caches_touch(struct caches *caches, enum cache_level first, uint64_t addr, uint32_t bytes)
{
	uint64_t line = addr >> LINE_SHIFT, last = (addr + (bytes - 1)) >> LINE_SHIFT;

	for (;; line++) {
		if (!cache_touch(&caches->level[first], line))
			cache_touch(&caches->level[CACHE_L2], line);
		if (line == last)
			break;
	}
}

void caches_stats(const struct caches *caches, enum cache_level level, uint64_t *lookups, uint64_t *misses)
{
	*lookups = caches->level[level].lookups;
	*misses = caches->level[level].misses;
}

uint64_t caches_bytes(enum cache_level level)
{
	return (uint64_t)shape_of(level).entries << LINE_SHIFT;
}

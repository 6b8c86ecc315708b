/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: requests for objects that fail because the caller wants them to.
 * Follows mm/failslab.c and should_fail() of lib/fault-inject.c, Linux 6.1.
 *
 * The same seed gives the same failures: they have a random stream of their
 * own, so that injecting them shuffles no free list differently.
 *
 * Differs from Linux: large kmallocs are requests, too (with no cache: never
 * with cache_filter); a caller is one number, not a stack; no task filter; failures are
 * counted (fail_injected), not logged.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/alloc.h"
#include "slab/debug/internal.h"

/* Keeps the two users of one seed apart. */
#define FAIL_STREAM 0x6661696c736c6162ULL

void slab_set_failslab(struct slab_allocator *sa, const struct slab_fail_attr *attr)
{
	struct slab_debug *debug = sa->debug;

	debug->fail = attr ? *attr : (struct slab_fail_attr){ 0 };
	debug->fail_seen = 0;
	debug->fail_random = sa->cfg.seed ^ FAIL_STREAM;
	sa->slow_alloc &= ~SLAB_SLOW_FAIL;
	if (debug->fail.probability && debug->fail.times)
		sa->slow_alloc |= SLAB_SLOW_FAIL;
}

void slab_set_fail(struct slab_allocator *sa, unsigned int interval, int64_t times)
{
	const struct slab_fail_attr attr = {
		.interval = interval, .probability = interval ? 100 : 0, .times = times,
	};

	slab_set_failslab(sa, &attr);
}

static bool concerns(const struct slab_debug *debug, const struct kmem_cache *s, gfp_t gfp)
{
	const struct slab_fail_attr *attr = &debug->fail;

	if (gfp & __GFP_NOFAIL)
		return false;
	if (attr->ignore_gfp_wait && (gfp & __GFP_DIRECT_RECLAIM))
		return false;
	if (attr->cache_filter && !(s && s->flags & SLAB_FAILSLAB))
		return false;
	return !attr->site || attr->site == debug->caller.site;
}

bool __slab_should_fail(struct slab_allocator *sa, const struct kmem_cache *s, size_t bytes,
			gfp_t gfp)
{
	struct slab_debug *debug = sa->debug;
	struct slab_fail_attr *attr = &debug->fail;

	if (!concerns(debug, s, gfp))
		return false;
	if (attr->space > (int64_t)bytes) {
		attr->space -= (int64_t)bytes;
		return false;
	}
	if (attr->interval > 1 && ++debug->fail_seen % attr->interval)
		return false;
	if (attr->probability < 100 && attr->probability <= random_below(&debug->fail_random, 100))
		return false;
	if (attr->times > 0 && !--attr->times)
		sa->slow_alloc &= ~SLAB_SLOW_FAIL;
	sa->stat[SC_fail_injected]++;
	return true;
}

uint64_t slab_fail_injected(const struct slab_allocator *sa)
{
	return sa->stat[SC_fail_injected];
}

/* ---- the option ---------------------------------------------------------- */

/* Takes a number off *@text, up to a comma or the end: digits, and where @min is below 0 a minus. */
static bool take_number(const char **text, int64_t min, int64_t max, int64_t *value)
{
	const char *at = *text;
	char *end;

	/* strtoll alone would take blanks and a plus. */
	if (!isdigit((unsigned char)at[*at == '-' && min < 0]))
		return false;
	errno = 0;
	*value = strtoll(at, &end, 10);
	if (errno || *value < min || *value > max || (*end && *end != ','))
		return false;
	*text = end;
	return true;
}

static bool take_comma(const char **text)
{
	if (**text != ',')
		return false;
	++*text;
	return true;
}

static bool take_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) || ((*text)[len] && (*text)[len] != ','))
		return false;
	*text += len;
	return true;
}

int slab_fail_parse(struct slab_fail_attr *attr, const char *text, const char **site,
		    struct kerror *err)
{
	int64_t interval, probability, space, times;

	memset(attr, 0, sizeof(*attr));
	*site = NULL;
	if (!take_number(&text, 0, UINT32_MAX, &interval) || !take_comma(&text) ||
	    !take_number(&text, 0, 100, &probability) || !take_comma(&text) ||
	    !take_number(&text, 0, INT64_MAX, &space) || !take_comma(&text) ||
	    !take_number(&text, -1, INT64_MAX, &times))
		return kerror_set(err, -EINVAL, "expected INTERVAL,PROBABILITY,SPACE,TIMES: PROBABILITY "
				  "in percent, SPACE in bytes, TIMES -1 for no end");
	attr->interval = (unsigned int)interval;
	attr->probability = (unsigned int)probability;
	attr->space = space;
	attr->times = times;
	attr->ignore_gfp_wait = true;
	while (take_comma(&text)) {
		if (take_word(&text, "cache-filter")) {
			attr->cache_filter = true;
		} else if (take_word(&text, "ignore-gfp-wait=N")) {
			attr->ignore_gfp_wait = false;
		} else if (!strncmp(text, "site=", 5) && text[5]) {
			*site = text + 5;
			break;
		} else {
			return kerror_set(err, -EINVAL, "'%s' is none of cache-filter, ignore-gfp-wait=N "
					  "(the letter: no) and site=NAME", text);
		}
	}
	return 0;
}

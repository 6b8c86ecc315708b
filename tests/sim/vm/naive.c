/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: naive replacement policies; see naive.h. */
#include "tests/sim/vm/naive.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE	SIZE_MAX

struct naive *naive_create(size_t frames, const uint32_t value[3], const uint64_t *stream, size_t len)
{
	struct naive *m = calloc(1, sizeof(*m));

	m->frames = frames;
	m->stream = stream;
	m->len = len;
	memcpy(m->value, value, sizeof(m->value));
	m->random = value[0];
	m->hand = NOWHERE;
	return m;
}

static size_t place_of(const struct row *row, uint64_t page)
{
	size_t i;

	for (i = 0; i < row->nr; i++)
		if (row->page[i] == page)
			return i;
	return NOWHERE;
}

static bool has(const struct row *row, uint64_t page)
{
	return place_of(row, page) != NOWHERE;
}

static void append(struct row *row, uint64_t page, uint64_t count, uint64_t last)
{
	if (row->nr == NAIVE_MAX)
		abort();
	row->page[row->nr] = page;
	row->count[row->nr] = count;
	row->last[row->nr++] = last;
}

static uint64_t take(struct row *row, size_t at)
{
	uint64_t page = row->page[at];
	size_t more = row->nr - at - 1;

	memmove(&row->page[at], &row->page[at + 1], more * sizeof(row->page[0]));
	memmove(&row->count[at], &row->count[at + 1], more * sizeof(row->count[0]));
	memmove(&row->last[at], &row->last[at + 1], more * sizeof(row->last[0]));
	row->nr--;
	return page;
}

static void take_page(struct row *row, uint64_t page)
{
	size_t at = place_of(row, page);

	if (at != NOWHERE)
		take(row, at);
}

/* The page at @at leaves memory. */
static void put_out(struct naive *m, struct row *row, size_t at)
{
	m->victim = take(row, at);
	m->evicted = true;
}

static bool fifo(struct naive *m, uint64_t page)
{
	if (has(&m->a, page))
		return true;
	if (m->a.nr == m->frames)
		put_out(m, &m->a, 0);
	append(&m->a, page, 0, 0);
	return false;
}

static bool lru(struct naive *m, uint64_t page)
{
	bool hit = has(&m->a, page);

	if (hit)
		take_page(&m->a, page);
	else if (m->a.nr == m->frames)
		put_out(m, &m->a, 0);
	append(&m->a, page, 0, 0);
	return hit;
}

/* count: the reference bit; value[0]: that of a new page */
static bool second(struct naive *m, uint64_t page)
{
	size_t at = place_of(&m->a, page);

	if (at != NOWHERE) {
		m->a.count[at] = 1;
		return true;
	}
	while (m->a.nr == m->frames) {
		bool again = m->a.count[0];

		if (again)
			append(&m->a, take(&m->a, 0), 0, 0);
		else
			put_out(m, &m->a, 0);
	}
	append(&m->a, page, m->value[0], 0);
	return false;
}

static bool lfu(struct naive *m, uint64_t page)
{
	size_t at = place_of(&m->a, page), least = 0, i;

	if (at != NOWHERE) {
		m->a.count[at]++;
		m->a.last[at] = m->now;
		return true;
	}
	for (i = 1; i < m->a.nr; i++)
		if (m->a.count[i] < m->a.count[least] ||
		    (m->a.count[i] == m->a.count[least] && m->a.last[i] < m->a.last[least]))
			least = i;
	if (m->a.nr == m->frames)
		put_out(m, &m->a, least);
	append(&m->a, page, 1, m->now);
	return false;
}

/* The page of a frame is where it was put; the numbers are splitmix64's, written out once more. */
static bool dice(struct naive *m, uint64_t page)
{
	uint64_t x;
	size_t at;

	if (has(&m->a, page))
		return true;
	if (m->a.nr < m->frames) {
		append(&m->a, page, 0, 0);
		return false;
	}
	m->random += 0x9e3779b97f4a7c15ULL;
	x = m->random;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	at = (size_t)(((x >> 32) * m->frames) >> 32);
	m->victim = m->a.page[at];
	m->evicted = true;
	m->a.page[at] = page;
	return false;
}

/* a: T1, b: B1, c: T2, d: B2 */
static void arc_replace(struct naive *m, bool in_b2)
{
	if (m->a.nr >= 1 && ((in_b2 && m->a.nr == m->target) || m->a.nr > m->target)) {
		put_out(m, &m->a, 0);
		append(&m->b, m->victim, 0, 0);
	} else {
		put_out(m, &m->c, 0);
		append(&m->d, m->victim, 0, 0);
	}
}

static void arc_unknown(struct naive *m, uint64_t page)
{
	size_t c = m->frames, all = m->a.nr + m->b.nr + m->c.nr + m->d.nr;

	if (m->a.nr + m->b.nr == c) {
		if (m->a.nr < c) {
			take(&m->b, 0);
			arc_replace(m, false);
		} else {
			put_out(m, &m->a, 0);
		}
	} else if (all >= c) {
		if (all == 2 * c)
			take(&m->d, 0);
		arc_replace(m, false);
	}
	append(&m->a, page, 0, 0);
}

static bool arc(struct naive *m, uint64_t page)
{
	size_t step;

	if (has(&m->a, page) || has(&m->c, page)) {
		take_page(&m->a, page);
		take_page(&m->c, page);
		append(&m->c, page, 0, 0);
		return true;
	}
	if (has(&m->b, page)) {
		step = m->b.nr >= m->d.nr ? 1 : m->d.nr / m->b.nr;
		m->target = m->target + step < m->frames ? m->target + step : m->frames;
		arc_replace(m, false);
		take_page(&m->b, page);
		append(&m->c, page, 0, 0);
	} else if (has(&m->d, page)) {
		step = m->d.nr >= m->b.nr ? 1 : m->b.nr / m->d.nr;
		m->target = m->target > step ? m->target - step : 0;
		arc_replace(m, true);
		take_page(&m->d, page);
		append(&m->c, page, 0, 0);
	} else {
		arc_unknown(m, page);
	}
	return false;
}

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

/* a: A1in, b: A1out, c: Am; value: shares of A1in and A1out */
static bool twoq(struct naive *m, uint64_t page)
{
	size_t kin = at_least_one(m->frames * m->value[0] / 100), kout = at_least_one(m->frames * m->value[1] / 100);
	bool known = has(&m->b, page);

	if (has(&m->c, page)) {
		take_page(&m->c, page);
		append(&m->c, page, 0, 0);
		return true;
	}
	if (has(&m->a, page))
		return true;
	take_page(&m->b, page);
	if (m->a.nr + m->c.nr == m->frames) {
		if (m->a.nr > kin || !m->c.nr) {
			put_out(m, &m->a, 0);
			append(&m->b, m->victim, 0, 0);
			if (m->b.nr > kout)
				take(&m->b, 0);
		} else {
			put_out(m, &m->c, 0);
		}
	}
	append(known ? &m->c : &m->a, page, 0, 0);
	return false;
}

/* count: visited; hand: a place in the row */
static bool sieve(struct naive *m, uint64_t page)
{
	size_t at = place_of(&m->a, page);

	if (at != NOWHERE) {
		m->a.count[at] = 1;
		return true;
	}
	if (m->a.nr == m->frames) {
		at = m->hand == NOWHERE ? 0 : m->hand;
		while (m->a.count[at]) {
			m->a.count[at] = 0;
			at = at + 1 == m->a.nr ? 0 : at + 1;
		}
		put_out(m, &m->a, at);
		/* What was behind it has its place now. */
		m->hand = at == m->a.nr ? NOWHERE : at;
	}
	append(&m->a, page, 0, 0);
	return false;
}

/* a: S, b: M, c: G; count: uses; value: share of S, most uses, uses for M */
static void s3_evict_main(struct naive *m)
{
	while (m->b.count[0]) {
		uint64_t uses = m->b.count[0];

		append(&m->b, take(&m->b, 0), uses - 1, 0);
	}
	put_out(m, &m->b, 0);
}

static void s3_evict(struct naive *m, size_t small, size_t main)
{
	if (m->a.nr < small) {
		s3_evict_main(m);
		return;
	}
	while (m->a.nr && !m->evicted) {
		if (m->a.count[0] >= m->value[2]) {
			append(&m->b, take(&m->a, 0), 0, 0);
			if (m->b.nr > main)
				s3_evict_main(m);
			continue;
		}
		put_out(m, &m->a, 0);
		append(&m->c, m->victim, 0, 0);
		if (m->c.nr > main)
			take(&m->c, 0);
	}
}

static bool s3fifo(struct naive *m, uint64_t page)
{
	size_t small = at_least_one(m->frames * m->value[0] / 100), main = m->frames - small, i;
	struct row *rows[2] = { &m->a, &m->b };

	for (i = 0; i < 2; i++) {
		size_t at = place_of(rows[i], page);

		if (at == NOWHERE)
			continue;
		rows[i]->count[at] += rows[i]->count[at] < m->value[1];
		return true;
	}
	while (m->a.nr + m->b.nr == m->frames)
		s3_evict(m, small, main);
	if (has(&m->c, page)) {
		take_page(&m->c, page);
		append(&m->b, page, 0, 0);
	} else {
		append(&m->a, page, 0, 0);
	}
	return false;
}

static size_t next_use(const struct naive *m, uint64_t page)
{
	size_t i;

	for (i = m->now + 1; i < m->len; i++)
		if (m->stream[i] == page)
			return i;
	return m->len;
}

/* Of those that are never used again, the one used longest ago: so the same one leaves, too. */
static bool opt(struct naive *m, uint64_t page)
{
	size_t at = place_of(&m->a, page), best = 0, i;

	if (at != NOWHERE) {
		m->a.last[at] = m->now;
		return true;
	}
	if (m->a.nr == m->frames) {
		size_t farthest = next_use(m, m->a.page[0]);

		for (i = 1; i < m->a.nr; i++) {
			size_t use = next_use(m, m->a.page[i]);

			if (use < farthest || (use == farthest && m->a.last[i] > m->a.last[best]))
				continue;
			farthest = use;
			best = i;
		}
		put_out(m, &m->a, best);
	}
	append(&m->a, page, 0, m->now);
	return false;
}

const struct naive_policy naive_policies[] = {
	{ "fifo", fifo }, { "lru", lru }, { "clock", second }, { "second-chance", second }, { "lfu", lfu },
	{ "random", dice }, { "arc", arc }, { "2q", twoq }, { "sieve", sieve }, { "s3-fifo", s3fifo }, { "opt", opt },
	{ NULL, NULL }
};

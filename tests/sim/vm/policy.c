/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: replacement policies, held against naive ones access by access, against the figures
 * of textbooks, and against what is proved of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/zipf.h"
#include "sim/replace/replace.h"
#include "sim/vm/policy/policy.h"
#include "sim/vm/policy/stream.h"
#include "tests/sim/vm/naive.h"
#include "tests/tests.h"

#define LEN	5000

/* Numbers of frames that make parts round in every direction, and one that is more than there are pages. */
static const uint32_t some_frames[] = { 1, 2, 3, 4, 7, 10, 19, 40, 64, 400 };
#define NR_FRAMES (sizeof(some_frames) / sizeof(some_frames[0]))

/* ---- streams ------------------------------------------------------------------ */

static void fill_random(uint64_t *page, struct test_rng *rng)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		page[i] = test_rand_below(rng, 70);
}

static void fill_zipf(uint64_t *page, struct test_rng *rng)
{
	uint64_t state = test_rand(rng);
	struct zipf zipf;
	size_t i;

	zipf_init(&zipf, 300, 1);
	for (i = 0; i < LEN; i++)
		page[i] = zipf_draw(&zipf, &state);
}

static void fill_loop(uint64_t *page, struct test_rng *rng)
{
	size_t i;

	(void)rng;
	for (i = 0; i < LEN; i++)
		page[i] = i % 41;
}

/* A few pages that are used all the time, and between them pages that come once. */
static void fill_scan(uint64_t *page, struct test_rng *rng)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		page[i] = i % 1000 < 300 ? 1000 + i % 1000 % 250 : test_rand_below(rng, 25);
}

/* Working sets that move on, each page several times in a row. */
static void fill_phases(uint64_t *page, struct test_rng *rng)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		page[i] = i && test_rand_below(rng, 3) ? page[i - 1] : i / 1000 * 15 + test_rand_below(rng, 30);
}

static const struct {
	const char *name;
	void (*fill)(uint64_t *page, struct test_rng *rng);
} streams[] = {
	{ "random", fill_random }, { "zipf", fill_zipf }, { "loop", fill_loop }, { "scan", fill_scan },
	{ "phases", fill_phases },
};
#define NR_STREAMS (sizeof(streams) / sizeof(streams[0]))

/* Pages all over the 64 bits, 0 and the last one among them. */
static void make_stream(size_t which, uint64_t page[LEN])
{
	struct test_rng rng = { 31 + which };
	size_t i;

	streams[which].fill(page, &rng);
	for (i = 0; i < LEN; i++)
		page[i] = page[i] == 5 ? UINT64_MAX : page[i] * 0x100000000000001ULL;
}

/* ---- helpers ------------------------------------------------------------------ */

static void keep(struct stream *s, const uint64_t *page, size_t len)
{
	size_t i;
	int ret = 0;

	*s = (struct stream){ 0 };
	for (i = 0; i < len; i++)
		ret |= stream_add(s, page[i], NULL);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
}

/* A policy over @page; *@s and *@next are what it needs, and go by finish(). */
struct run {
	struct policy *p;
	struct stream s;
	uint32_t *next;
};

static void start(struct run *run, struct policy_config cfg, const uint64_t *page, size_t len)
{
	struct kerror err = { .text = "" };

	keep(&run->s, page, len);
	CU_ASSERT_EQUAL_FATAL(stream_next_uses(&run->s, &run->next, NULL), 0);
	cfg.next_use = run->next;
	cfg.nr_next_uses = len;
	CU_ASSERT_EQUAL_FATAL(policy_create(&run->p, &cfg, &err), 0);
}

static void finish(struct run *run)
{
	policy_destroy(run->p);
	stream_free_next_uses(&run->s, run->next);
	stream_free(&run->s);
}

static struct policy_config config_of(const char *name, uint32_t frames)
{
	struct policy_config cfg;

	CU_ASSERT_PTR_NOT_NULL_FATAL(policy_find(name));
	policy_defaults(&cfg, policy_find(name));
	cfg.frames = frames;
	return cfg;
}

static uint64_t misses_with(struct policy_config cfg, const uint64_t *page, size_t len)
{
	struct run run;
	uint64_t misses;
	size_t i;

	start(&run, cfg, page, len);
	for (i = 0; i < len; i++)
		policy_access(run.p, page[i]);
	misses = run.p->misses;
	CU_ASSERT_EQUAL(policy_validate(run.p), 0);
	finish(&run);
	return misses;
}

static uint64_t misses_of(const char *name, uint32_t frames, const uint64_t *page, size_t len)
{
	return misses_with(config_of(name, frames), page, len);
}

static const struct naive_policy *naive_of(const char *name)
{
	const struct naive_policy *naive = naive_policies;

	while (naive->name && strcmp(naive->name, name))
		naive++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(naive->name);
	return naive;
}

/* Each access has the same outcome in both, and the same page leaves. */
static void hold_against_naive(const struct policy_config *cfg, const uint64_t *page, size_t len, const char *what)
{
	const struct naive_policy *naive = naive_of(cfg->ops->name);
	struct naive *m = naive_create(cfg->frames, cfg->value, page, len);
	unsigned int invalid = 0;
	struct run run;

	start(&run, *cfg, page, len);
	for (m->now = 0; m->now < len; m->now++) {
		enum policy_outcome got = policy_access(run.p, page[m->now]), want;

		m->evicted = false;
		want = naive->access(m, page[m->now]) ? POLICY_HIT : m->evicted ? POLICY_EVICTED : POLICY_MISS;
		if (m->now % 397 == 0)
			invalid += policy_validate(run.p);
		if (got == want && (got != POLICY_EVICTED || run.p->evicted == m->victim))
			continue;
		fprintf(stderr, "%s, %s, %u frames: access %zu differs: %d instead of %d\n", what, cfg->ops->name, cfg->frames,
			m->now, (int)got, (int)want);
		CU_FAIL("a policy differs from the naive one");
		break;
	}
	CU_ASSERT_EQUAL(invalid + policy_validate(run.p), 0);
	finish(&run);
	free(m);
}

/* ---- tests -------------------------------------------------------------------- */

/* Every policy, every stream, small and large: the naive one says the same of each access. */
static void test_naive(void)
{
	const struct policy_ops *const *ops;
	uint64_t page[LEN];
	size_t which, i;

	for (which = 0; which < NR_STREAMS; which++) {
		make_stream(which, page);
		for (ops = policy_list; *ops; ops++)
			for (i = 0; i < NR_FRAMES; i++) {
				struct policy_config cfg = config_of((*ops)->name, some_frames[i]);

				hold_against_naive(&cfg, page, LEN, streams[which].name);
			}
	}
}

/* Parameters that are no defaults arrive: the naive one with the same says the same. */
static void test_params(void)
{
	static const struct { const char *name; uint32_t value[3]; } rows[] = {
		{ "clock", { 0 } }, { "second-chance", { 0 } }, { "random", { 77 } }, { "2q", { 50, 200 } }, { "2q", { 0, 0 } },
		{ "2q", { 100, 1000 } }, { "s3-fifo", { 40, 3, 2 } }, { "s3-fifo", { 0, 1, 1 } }, { "s3-fifo", { 20, 7, 5 } },
		{ "s3-fifo", { 100, 3, 2 } },
	};
	uint64_t page[LEN];
	size_t which, i, row;

	for (which = 0; which < NR_STREAMS; which++) {
		make_stream(which, page);
		for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
			for (i = 0; i < NR_FRAMES; i++) {
				struct policy_config cfg = config_of(rows[row].name, some_frames[i]);

				memcpy(cfg.value, rows[row].value, sizeof(cfg.value));
				hold_against_naive(&cfg, page, LEN, streams[which].name);
			}
	}
}

/* Each page of an access goes into a stream: a real program's, in parts, from its begin and from its middle. */
static int keep_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	struct stream *s = ctx;

	return s->nr < 2000000 ? replace_add_accesses(s, block, err) : 0;
}

static void read_shared(struct stream *s, const char *path)
{
	struct names *names = names_create();
	struct kerror err = { .text = "" };
	struct event events[16];
	struct source *src;
	struct reader *rd;

	*s = (struct stream){ 0 };
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, names, &err), 0);
	reader_set_accesses(rd, keep_accesses, s);
	while (reader_read(rd, events, 16, &err) > 0)
		;
	reader_close(rd);
	names_destroy(names);
}

static void test_shared_trace(void)
{
	static const uint32_t frames[] = { 5, 30, 90 };
	const char *path = test_shared("traces/lackey-ls.txt.zst");
	const struct policy_ops *const *ops;
	static uint64_t page[40000];
	struct stream s;
	size_t from, i, k;

	if (!path)
		return;
	read_shared(&s, path);
	CU_ASSERT_FATAL(s.nr > 2000000);
	for (from = 0; from <= 1500000; from += 1500000) {
		for (i = 0; i < 40000; i++)
			page[i] = stream_page(&s, from + i);
		for (ops = policy_list; *ops; ops++)
			for (k = 0; k < 3; k++) {
				struct policy_config cfg = config_of((*ops)->name, frames[k]);

				hold_against_naive(&cfg, page, 40000, "lackey-ls");
			}
	}
	stream_free(&s);
}

static const uint64_t textbook[] = { 7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1 };
static const uint64_t belady[] = { 1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5 };

/* Silberschatz, Galvin and Gagne, "Operating System Concepts"; Belady, Nelson and Shedler 1969. */
static void test_textbook(void)
{
	CU_ASSERT_EQUAL(misses_of("fifo", 3, textbook, 20), 15);
	CU_ASSERT_EQUAL(misses_of("lru", 3, textbook, 20), 12);
	CU_ASSERT_EQUAL(misses_of("opt", 3, textbook, 20), 9);
	CU_ASSERT_EQUAL(misses_of("fifo", 3, belady, 12), 9);
	CU_ASSERT_EQUAL(misses_of("fifo", 4, belady, 12), 10);
	CU_ASSERT_EQUAL(misses_of("lru", 3, belady, 12), 10);
	CU_ASSERT_EQUAL(misses_of("lru", 4, belady, 12), 8);
	CU_ASSERT_EQUAL(misses_of("opt", 3, belady, 12), 7);
	CU_ASSERT_EQUAL(misses_of("opt", 4, belady, 12), 6);
}

/* A run by hand: who comes, whether a frame is free, and who leaves, with and without a fresh bit. */
static void test_by_hand(void)
{
	static const uint64_t page[] = { 1, 2, 1, 3 };
	struct policy_config cfg = config_of("clock", 2);
	struct run run;

	start(&run, cfg, page, 4);
	CU_ASSERT_EQUAL(policy_access(run.p, 1), POLICY_MISS);
	CU_ASSERT_EQUAL(policy_access(run.p, 2), POLICY_MISS);
	CU_ASSERT_EQUAL(policy_access(run.p, 1), POLICY_HIT);
	CU_ASSERT_EQUAL(policy_access(run.p, 3), POLICY_EVICTED);
	CU_ASSERT_EQUAL(run.p->evicted, 1);
	CU_ASSERT_FALSE(policy_has(run.p, 1));
	CU_ASSERT_TRUE(policy_has(run.p, 2));
	CU_ASSERT_TRUE(policy_has(run.p, 3));
	CU_ASSERT_EQUAL(run.p->misses, 3);
	CU_ASSERT_EQUAL(run.p->accesses, 4);
	finish(&run);
	cfg.value[0] = 0;
	start(&run, cfg, page, 4);
	policy_access(run.p, 1);
	policy_access(run.p, 2);
	policy_access(run.p, 1);
	CU_ASSERT_EQUAL(policy_access(run.p, 3), POLICY_EVICTED);
	CU_ASSERT_EQUAL(run.p->evicted, 2);
	finish(&run);
}

/* What is proved, on all streams: OPT is below all; CLOCK is second chance; all frames: first misses; one frame: equal. */
static void test_relations(void)
{
	const struct policy_ops *const *ops;
	uint64_t page[LEN];
	struct stream s;
	size_t which, i;

	for (which = 0; which < NR_STREAMS; which++) {
		make_stream(which, page);
		keep(&s, page, LEN);
		for (i = 0; i < NR_FRAMES; i++) {
			uint64_t least = misses_of("opt", some_frames[i], page, LEN);

			CU_ASSERT_EQUAL(misses_of("clock", some_frames[i], page, LEN),
					misses_of("second-chance", some_frames[i], page, LEN));
			for (ops = policy_list; *ops; ops++) {
				uint64_t misses = misses_of((*ops)->name, some_frames[i], page, LEN);

				CU_ASSERT_TRUE(misses >= least);
				CU_ASSERT_TRUE(misses >= s.nr_pages);
				if (some_frames[i] >= s.nr_pages)
					CU_ASSERT_EQUAL(misses, s.nr_pages);
				if (some_frames[i] == 1)
					CU_ASSERT_EQUAL(misses, least);
			}
		}
		stream_free(&s);
	}
}

/* How often @name has a page in n frames that it has not in n + 1, for n to 12, after each access. */
static unsigned int not_included(const char *name, const uint64_t *page, size_t len)
{
	struct run run[12];
	unsigned int missing = 0, n;
	size_t at;
	uint32_t k;

	for (n = 0; n < 12; n++)
		start(&run[n], config_of(name, n + 1), page, len);
	for (at = 0; at < len; at++) {
		for (n = 0; n < 12; n++)
			policy_access(run[n].p, page[at]);
		for (n = 0; n + 1 < 12; n++)
			for (k = 0; k < run[0].s.nr_pages; k++)
				missing += policy_has(run[n].p, run[0].s.page[k]) && !policy_has(run[n + 1].p, run[0].s.page[k]);
	}
	for (n = 0; n < 12; n++)
		finish(&run[n]);
	return missing;
}

/* Stack algorithms: what n frames hold, n + 1 hold. FIFO is none, on Belady's stream. */
static void test_inclusion(void)
{
	uint64_t page[LEN];
	size_t which;

	for (which = 0; which < NR_STREAMS; which++) {
		make_stream(which, page);
		CU_ASSERT_EQUAL(not_included("lru", page, 600), 0);
		CU_ASSERT_EQUAL(not_included("opt", page, 600), 0);
	}
	CU_ASSERT_EQUAL(not_included("lru", belady, 12), 0);
	CU_ASSERT_EQUAL(not_included("opt", belady, 12), 0);
	CU_ASSERT_TRUE(not_included("fifo", belady, 12) > 0);
}

/* The same seed, the same misses; another one, others. */
static void test_seed(void)
{
	struct policy_config cfg = config_of("random", 19), other = cfg;
	uint64_t page[LEN];

	make_stream(0, page);
	other.value[0] = 2;
	CU_ASSERT_EQUAL(misses_with(cfg, page, LEN), misses_with(cfg, page, LEN));
	CU_ASSERT_NOT_EQUAL(misses_with(cfg, page, LEN), misses_with(other, page, LEN));
}

/* What cannot be is refused with a sentence, and nothing is made. */
static void test_refused(void)
{
	static const struct { const char *name; uint32_t frames, value; bool future; const char *text; } rows[] = {
		{ "lru", 0, 0, false, "lru: 0 frames: expected 1 to 16777216" },
		{ "arc", POLICY_MAX_FRAMES + 1, 0, false, "arc: 16777217 frames: expected 1 to 16777216" },
		{ "2q", 4, 101, false, "2q: kin=101: expected 0 to 100" },
		{ "clock", 4, 2, false, "clock: fresh=2: expected 0 to 1" },
		{ "opt", 4, 0, false, "opt needs to know which accesses come" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_config cfg = config_of(rows[i].name, rows[i].frames);
		struct policy *p = (struct policy *)&cfg;
		struct kerror err = { .text = "" };

		cfg.value[0] = rows[i].value;
		CU_ASSERT_EQUAL(policy_create(&p, &cfg, &err), -EINVAL);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].text);
		CU_ASSERT_PTR_NULL(p);
	}
	CU_ASSERT_PTR_NULL(policy_find("lur"));
}

/* The most frames there can be cost addresses, not memory: it takes no time. */
static void test_most_frames(void)
{
	CU_ASSERT_EQUAL(misses_of("fifo", POLICY_MAX_FRAMES, textbook, 20), 6);
}

/* The check counts what is wrong: a frame too many, a page in the wrong list, a key out of order. */
static void test_validate(void)
{
	struct run run;
	size_t i;

	start(&run, config_of("lru", 4), textbook, 20);
	for (i = 0; i < 20; i++)
		policy_access(run.p, textbook[i]);
	CU_ASSERT_EQUAL(policy_validate(run.p), 0);
	run.p->used++;
	CU_ASSERT_TRUE(policy_validate(run.p) > 0);
	run.p->used--;
	run.p->nodes.node[NODES_FIRST].list = 2;
	CU_ASSERT_TRUE(policy_validate(run.p) > 0);
	run.p->nodes.node[NODES_FIRST].list = 1;
	CU_ASSERT_EQUAL(policy_validate(run.p), 0);
	run.p->nodes.node[NODES_FIRST].page = 99;
	CU_ASSERT_TRUE(policy_validate(run.p) > 0);
	finish(&run);
	start(&run, config_of("lfu", 4), textbook, 20);
	for (i = 0; i < 20; i++)
		policy_access(run.p, textbook[i]);
	run.p->nodes.node[NODES_FIRST].value ^= 1;
	CU_ASSERT_TRUE(policy_validate(run.p) > 0);
	finish(&run);
}

/*
 * Pages that end, with and without a frame: what is in a frame is known at each step, and nobody leaves while one is
 * free. OPT is told any future: nothing depends on its being true.
 */
static void test_remove(void)
{
	const struct policy_ops *const *ops;
	static uint32_t future[6000];
	struct test_rng rng = { 31 };
	unsigned int i;

	for (i = 0; i < 6000; i++)
		future[i] = i + 1 + test_rand_below(&rng, 60);
	for (ops = policy_list; *ops; ops++) {
		struct policy_config cfg = config_of((*ops)->name, 12);
		struct kerror err = { 0 };
		struct policy *p;
		bool here[64] = { false };
		unsigned int nr = 0, wrong = 0;

		cfg.next_use = future;
		cfg.nr_next_uses = 6000;
		CU_ASSERT_EQUAL_FATAL(policy_create(&p, &cfg, &err), 0);
		for (i = 0; i < 6000; i++) {
			uint64_t page = test_rand_below(&rng, 1 + test_rand_below(&rng, 64));

			if (test_rand_below(&rng, i % 1000 < 500 ? 3 : 30)) {
				enum policy_outcome outcome = policy_access(p, page);

				wrong += (outcome == POLICY_HIT) != here[page] || (outcome == POLICY_EVICTED && nr < 12);
				if (outcome == POLICY_EVICTED)
					here[p->evicted] = false;
				nr += outcome == POLICY_MISS;
				here[page] = true;
			} else {
				policy_remove(p, page);
				nr -= here[page];
				here[page] = false;
			}
			wrong += policy_validate(p) + (p->used != nr) + (policy_has(p, page) != here[page]);
		}
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_TRUE(p->removed > 200);
		policy_destroy(p);
	}
}

/* Every policy says what it is, and its parameters' defaults are in their ranges. */
static void test_list(void)
{
	const struct policy_ops *const *ops;
	const struct policy_param *param;
	unsigned int nr = 0;

	for (ops = policy_list; *ops; ops++, nr++) {
		CU_ASSERT_PTR_EQUAL(policy_find((*ops)->name), *ops);
		CU_ASSERT_TRUE(strlen((*ops)->text) > 20);
		CU_ASSERT_TRUE(strlen((*ops)->paper) > 8);
		for (param = (*ops)->params; param->name; param++) {
			CU_ASSERT_TRUE(param->def >= param->min);
			CU_ASSERT_TRUE(param->def <= param->max);
		}
	}
	CU_ASSERT_EQUAL(nr, 11);
}

static const struct test_case cases[] = {
	{ "textbooks", test_textbook },
	{ "by hand", test_by_hand },
	{ "naive policies", test_naive },
	{ "parameters", test_params },
	{ "the shared trace", test_shared_trace },
	{ "relations", test_relations },
	{ "inclusion", test_inclusion },
	{ "seed", test_seed },
	{ "refused", test_refused },
	{ "most frames", test_most_frames },
	{ "validate", test_validate },
	{ "pages that end", test_remove },
	{ "list", test_list },
	{ NULL, NULL }
};

const struct test_suite policy_suite = { "policy", cases };

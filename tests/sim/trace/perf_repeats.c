/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the perf-script reader remembers the front of the last line
 * and what followed a call site's pointer. Whatever it remembers, a line among
 * others must mean what it means alone.
 */
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define FRONT "python3 20567 [001]  1117.286303: "

static const char *const lines[] = {
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000000 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL node=-1 accounted=false",
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000040 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL node=-1 accounted=false",
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000080 bytes_req=61 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL node=-1 accounted=false",
	FRONT "kmem:kmem_cache_alloc: call_site=f+0x1 ptr=0xffff888100000080 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL node=-1 accounted=false",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000 ",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000 ptr=0x10",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff8881000000zz",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff8881000000001",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=0xffff88810000000",
	FRONT "kmem:kfree: call_site=f+0x1 ptr=(nil)",
	FRONT "kmem:kmem_cache_free: call_site=f+0x1 ptr=0xffff888100000000 name=dentry",
	FRONT "kmem:kmem_cache_free: call_site=f+0x1 ptr=0xffff888100000000 name=filp",
	FRONT "kmem:kmem_cache_free: call_site=f+0x1 ptr=0xffff888100000000 name=filp call_site=g",
	FRONT "kmem:kmalloc: call_site=f+0x1 [mod] ptr=0xffff888100000000 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL",
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000000 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL|__GFP_NEWEST",
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000000 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL order=3",
	FRONT "kmem:kmalloc: call_site=f+0x1 ptr=0xffff888100000000 bytes_req=65 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL",
	FRONT "kmem:mm_page_alloc: page=0x5 pfn=0x5 order=0 migratetype=1 gfp_flags=GFP_KERNEL",
	"python3 20567 [001]  1117.286304:          1 kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python3 20568 [001]  1117.286304: kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python 20567 [001]  1117.286304: kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python3 20567 [002]  1117.286304: kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python3 20567  1117.286304: kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python3 20567 [001]  x: kmem:kfree: call_site=f+0x1 ptr=0xffff888100000000",
	"python3 20567 [001] ",
	"python3 20567 [001]  1117.286304: sched:sched_switch: prev=1",
	"",
};

#define NR_LINES (sizeof(lines) / sizeof(lines[0]))

struct meaning {
	size_t nr;
	struct event ev;
	uint64_t unknown_gfp;
};

static struct meaning read_alone(struct names *names, const char *line)
{
	struct meaning mean = { 0 };
	struct reader_stats stats = { 0 };
	struct source *src;
	char text[400];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, (size_t)len, NULL), 0);
	mean.nr = read_events(src, names, &mean.ev, 1, &stats, NULL);
	mean.ev.line = 0;
	mean.unknown_gfp = stats.unknown_gfp;
	return mean;
}

/* Random sequences of the lines above: each event is the one its line gives alone. */
static void test_among_others(void)
{
	static struct meaning alone[NR_LINES];
	struct names *names = names_create();
	struct test_rng rng = { 99 };
	unsigned int i, round;

	for (i = 0; i < NR_LINES; i++)
		alone[i] = read_alone(names, lines[i]);
	for (round = 0; round < 50; round++) {
		struct event expected[400], got[400];
		struct reader_stats stats = { 0 };
		uint64_t unknown_gfp = 0;
		struct source *src;
		size_t nr = 0, found, len = 0;
		char *text = malloc(400 * 400);

		for (i = 0; i < 400; i++) {
			uint32_t pick = test_rand_below(&rng, NR_LINES);

			/* Most lines are good, or the file would not look like a trace. */
			if (!alone[pick].nr && test_rand_below(&rng, 4))
				pick = 0;
			len += (size_t)snprintf(text + len, 400, "%s\n", lines[pick]);
			if (alone[pick].nr)
				expected[nr++] = alone[pick].ev;
			unknown_gfp += alone[pick].unknown_gfp;
		}
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, NULL), 0);
		found = read_events(src, names, got, 400, &stats, NULL);
		CU_ASSERT_EQUAL_FATAL(found, nr);
		for (i = 0; i < nr; i++) {
			got[i].line = 0;
			CU_ASSERT_EQUAL(memcmp(&got[i], &expected[i], sizeof(got[i])), 0);
		}
		CU_ASSERT_EQUAL(stats.unknown_gfp, unknown_gfp);
		free(text);
	}
	names_destroy(names);
}

static const struct test_case cases[] = {
	{ "perf_repeats_among_others", test_among_others },
	{ NULL, NULL }
};

const struct test_suite perf_repeats_suite = { "perf_repeats", cases };

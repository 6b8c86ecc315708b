/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a TLB of one level beside valgrind's cachegrind, whose data cache with
 * lines of 4096 bytes is one: the same accesses, as lackey prints them, must miss as often.
 * An access that straddles two pages misses once at most, in both.
 *
 * One program and two geometries; KMEMSIM_SLOW=1 takes three programs and six.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagemap/tlb/tlb.h"
#include "sim/trace/reader.h"
#include "tests/tests.h"

static const char *const programs[] = {
	"/bin/true", "/bin/ls /", "/bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do cd /; done'"
};

/* Cachegrind's sets are powers of two. */
static const struct shape {
	const char *text;
	unsigned int entries, ways;
} shapes[] = {
	{ "l1=64x4", 64, 4 }, { "l1=8x2", 8, 2 }, { "l1=16x4", 16, 4 }, { "l1=64", 64, 64 }, { "l1=1536x12", 1536, 12 },
	{ "l1=16x1", 16, 1 },
};

#define NR_SHAPES	6

struct counting {
	struct tlb *tlb[NR_SHAPES];
	unsigned int nr;
	uint64_t accesses, misses[NR_SHAPES];
};

static int count_data(void *ctx, const struct access_block *block, struct kerror *err)
{
	struct counting *counting = ctx;
	unsigned int i, shape;

	for (i = 0; i < block->nr; i++) {
		const struct access *access = &block->at[i];

		if (access->kind == ACCESS_FETCH)
			continue;
		counting->accesses++;
		for (shape = 0; shape < counting->nr; shape++)
			counting->misses[shape] +=
				tlb_access_range(counting->tlb[shape], access->addr, access->size, TLB_PTE) == TLB_MISS;
	}
	return 0;
}

static void count_in_lackey(struct counting *counting, const char *path)
{
	struct names *names = names_create();
	struct reader_config cfg = { .format = "lackey", .names = names };
	struct kerror err = { 0 };
	struct tlb_geometry geo;
	struct source *src;
	struct reader *rd;
	struct event ev;
	unsigned int i;

	for (i = 0; i < counting->nr; i++) {
		CU_ASSERT_FATAL(!tlb_parse(shapes[i].text, &geo, NULL));
		CU_ASSERT_FATAL(!tlb_create(&counting->tlb[i], &geo, NULL));
	}
	CU_ASSERT_FATAL(!source_open(&src, path, &err));
	CU_ASSERT_FATAL(!reader_open_config(&rd, src, &cfg, &err));
	reader_set_accesses(rd, count_data, counting);
	CU_ASSERT_EQUAL(reader_read(rd, &ev, 1, &err), 0);
	CU_ASSERT_EQUAL(rd->stats.malformed, 0);
	reader_close(rd);
	names_destroy(names);
	for (i = 0; i < counting->nr; i++)
		tlb_destroy(counting->tlb[i]);
}

/* Data misses of the first level, which the file's last line sums up. */
static uint64_t misses_in_cachegrind(const char *path)
{
	uint64_t ir, i1, il, dr, reads, dlr, dw, writes, misses = 0;
	FILE *file = fopen(path, "r");
	char line[512];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "summary: %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64, &ir, &i1, &il, &dr, &reads, &dlr, &dw, &writes) == 8)
			misses = reads + writes;
	fclose(file);
	return misses;
}

static void run(const char *tool, const char *program)
{
	char command[1024];

	snprintf(command, sizeof(command), "LC_ALL=C valgrind %s %s >/dev/null 2>&1", tool, program);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void compare_program(const char *program, const char *folder, unsigned int nr_shapes)
{
	struct counting counting = { .nr = nr_shapes };
	char path[128], tool[512];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/made", folder);
	snprintf(tool, sizeof(tool), "--tool=lackey --trace-mem=yes --log-file=%s", path);
	run(tool, program);
	count_in_lackey(&counting, path);
	CU_ASSERT(counting.accesses > 10000);
	for (i = 0; i < nr_shapes; i++) {
		uint64_t expected;

		snprintf(tool, sizeof(tool), "--tool=cachegrind --cache-sim=yes --I1=65536,4,4096 --D1=%u,%u,4096 "
			 "--LL=16777216,16,4096 --cachegrind-out-file=%s", shapes[i].entries * 4096, shapes[i].ways, path);
		run(tool, program);
		expected = misses_in_cachegrind(path);
		if (counting.misses[i] != expected)
			fprintf(stderr, "%s, %s: %" PRIu64 " misses, cachegrind has %" PRIu64 "\n", program, shapes[i].text,
				counting.misses[i], expected);
		CU_ASSERT_EQUAL(counting.misses[i], expected);
		CU_ASSERT(expected > 0);
	}
	unlink(path);
}

static void test_cachegrind(void)
{
	bool slow = getenv("KMEMSIM_SLOW");
	char folder[] = "/tmp/kmemsim-tlb.XXXXXX";
	unsigned int i;

	if (system("command -v valgrind >/dev/null 2>&1")) {
		test_skip("valgrind, whose cachegrind a TLB is compared with, is not installed");
		return;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	for (i = 0; i < (slow ? 3 : 1); i++)
		compare_program(programs[i], folder, slow ? NR_SHAPES : 2);
	rmdir(folder);
}

static const struct test_case cases[] = {
	{ "cachegrind", test_cachegrind },
	{ NULL, NULL }
};

const struct test_suite tlb_cachegrind_suite = { "tlb_cachegrind", cases };

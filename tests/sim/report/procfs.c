/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the lines of the kernel's memory files. Files of real
 * kernels, and golden ones of our own, are taken apart into numbers and
 * printed again through the row functions; every byte has to come back.
 */
#include "tests/sim/report/procfs.h"

#include <stdlib.h>
#include <string.h>

#include "buddy/buddy.h"
#include "tests/tests.h"

static char *read_all(FILE *in)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(out);
	return text;
}

/* Finds a file below one of the roots: test_data(), test_oracle() or test_shared(). */
typedef const char *(*find_fn)(const char *name);

/* The text of @dir/@name; NULL where @find knows none. */
static char *read_file(const char *dir, const char *name, find_fn find)
{
	char below[256];
	const char *path;
	char *text;
	FILE *in;

	snprintf(below, sizeof(below), "%s/%s", dir, name);
	path = find(below);
	if (!path)
		return NULL;
	in = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	text = read_all(in);
	fclose(in);
	return text;
}

static const struct {
	const char *name;
	void (*reprint)(char *text, enum buddy_kernel kernel, FILE *out);
	bool any_kernel;	/* the format did not change up to 6.18 */
} files[] = {
	{ "buddyinfo", reprint_buddyinfo, true },
	{ "pagetypeinfo", reprint_pagetypeinfo, true },
	{ "slabinfo", reprint_slabinfo, true },
	{ "unusable_index", reprint_unusable_index, true },
	{ "extfrag_index", reprint_extfrag_index, true },
	{ "vmstat", reprint_vmstat, false },
	{ "zoneinfo", reprint_zoneinfo, false },
};

#define NR_FILES (sizeof(files) / sizeof(files[0]))

/* Returns the number of files that came back. */
static unsigned int round_trip(const char *dir, find_fn find, enum buddy_kernel kernel)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_FILES; i++) {
		char *original, *copy, *printed = NULL;
		size_t size;
		FILE *out;

		if (kernel == NR_BUDDY_KERNELS && !files[i].any_kernel)
			continue;
		original = read_file(dir, files[i].name, find);
		CU_ASSERT_PTR_NOT_NULL_FATAL(original);
		copy = strdup(original);
		out = open_memstream(&printed, &size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		files[i].reprint(copy, kernel, out);
		CU_ASSERT_EQUAL(procfs_result(out), 0);
		fclose(out);
		if (strcmp(original, printed))
			fprintf(stderr, "%s/%s:\n%s", dir, files[i].name, printed);
		CU_ASSERT(*original != '\0');
		CU_ASSERT_STRING_EQUAL(original, printed);
		nr++;
		free(original);
		free(copy);
		free(printed);
	}
	return nr;
}

static const struct {
	const char *dir;
	enum buddy_kernel kernel;	/* NR_BUDDY_KERNELS: another one */
} captures[] = {
	{ "oracle/kernel/6.1-smp1_files/procfs_a", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_files/procfs_b", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_idle_small/procfs_a", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_idle_small/procfs_b", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_mmap_thp/procfs_a", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_mmap_thp/procfs_b", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_pressure/procfs_a", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp1_pressure/procfs_b", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp2_mixed/procfs_a", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.1-smp2_mixed/procfs_b", BUDDY_KERNEL_6_1 },
	{ "oracle/kernel/6.12-smp1_files/procfs_a", BUDDY_KERNEL_6_12 },
	{ "oracle/kernel/6.12-smp1_files/procfs_b", BUDDY_KERNEL_6_12 },
	{ "oracle/kernel/6.12-smp1_idle_small/procfs_a", BUDDY_KERNEL_6_12 },
	{ "oracle/kernel/6.12-smp1_idle_small/procfs_b", BUDDY_KERNEL_6_12 },
	{ "oracle/kernel/6.12-smp1_mmap_thp/procfs_a", BUDDY_KERNEL_6_12 },
	{ "oracle/kernel/6.12-smp1_mmap_thp/procfs_b", BUDDY_KERNEL_6_12 },
	{ "oracle/procfs-6.18-2cpu", NR_BUDDY_KERNELS },
};

#define ORACLE "kernel/6.1-smp2_mixed/procfs_b"
#define NR_CAPTURES (sizeof(captures) / sizeof(captures[0]))

/* Files in the tree: two nodes, an empty zone, counts that overflow their columns. */
static void test_golden_round_trip(void)
{
	CU_ASSERT_EQUAL(round_trip("data/procfs", test_data, BUDDY_KERNEL_6_1), NR_FILES);
}

/* Every file of a 6.1 kernel, which is in the tree. */
static void test_oracle_round_trip(void)
{
	CU_ASSERT_EQUAL(round_trip(ORACLE, test_oracle, BUDDY_KERNEL_6_1), NR_FILES);
}

/* Every file of every kernel we have, before and after its workload. */
static void test_capture_round_trip(void)
{
	unsigned int i;

	if (!test_shared("oracle/README.md"))
		return;
	for (i = 0; i < NR_CAPTURES; i++)
		CU_ASSERT_EQUAL(round_trip(captures[i].dir, test_shared, captures[i].kernel),
				captures[i].kernel == NR_BUDDY_KERNELS ? 5 : 7);
}

/* ---- the indices, computed from the counts ------------------------------ */

static unsigned int indices_differ(const char *dir, find_fn find, unsigned int *nr_lines,
				   unsigned int *dma)
{
	char *buddyinfo = read_file(dir, "buddyinfo", find), *again;
	char *unusable = read_file(dir, "unusable_index", find);
	char *extfrag = read_file(dir, "extfrag_index", find);
	unsigned int differ;

	CU_ASSERT_PTR_NOT_NULL_FATAL(buddyinfo);
	CU_ASSERT_PTR_NOT_NULL_FATAL(unusable);
	CU_ASSERT_PTR_NOT_NULL_FATAL(extfrag);
	again = strdup(buddyinfo);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	differ = differing_lines(buddyinfo, unusable, false, nr_lines, dma) +
		 differing_lines(again, extfrag, true, nr_lines, dma);
	free(buddyinfo);
	free(again);
	free(unusable);
	free(extfrag);
	return differ;
}

/* Counts of every kind, an index of each: what the files of the golden set say was computed apart. */
static void test_golden_indices(void)
{
	unsigned int nr_lines = 0, dma = 0;

	CU_ASSERT_EQUAL(indices_differ("data/procfs", test_data, &nr_lines, &dma), 0);
	CU_ASSERT_EQUAL(nr_lines, 8);
}

/* A real kernel's indices follow from its counts. */
static void test_oracle_indices(void)
{
	unsigned int nr_lines = 0, dma = 0;

	CU_ASSERT_EQUAL(indices_differ(ORACLE, test_oracle, &nr_lines, &dma), 0);
	CU_ASSERT_EQUAL(nr_lines, 4);
}

/*
 * Real kernels agree wherever the counts stood still between the reading of
 * buddyinfo and of the index: in zone DMA always, and in all other zones but
 * for one unusable_index line in each of four captures, named below, where the
 * reader's own allocations changed the counts meanwhile. (A wrong formula
 * would differ in all.) No capture has an extfrag_index but -1.000; the golden
 * files have others.
 */
static void test_capture_indices(void)
{
	static const char *const moved[] = {
		"oracle/kernel/6.1-smp1_files/procfs_a",
		"oracle/kernel/6.1-smp2_mixed/procfs_a",
		"oracle/kernel/6.12-smp1_idle_small/procfs_a",
		"oracle/procfs-6.18-2cpu",
	};
	unsigned int nr_lines = 0, dma = 0, i, j;

	if (!test_shared("oracle/README.md"))
		return;
	for (i = 0; i < NR_CAPTURES; i++) {
		unsigned int expected = 0;

		for (j = 0; j < sizeof(moved) / sizeof(moved[0]); j++)
			expected += !strcmp(moved[j], captures[i].dir);
		CU_ASSERT_EQUAL(indices_differ(captures[i].dir, test_shared, &nr_lines, &dma), expected);
	}
	CU_ASSERT_EQUAL(nr_lines, 70);
	CU_ASSERT_EQUAL(dma, 0);
}

/* ---- single facts ------------------------------------------------------- */

/* Every counter that claims to be a line of vmstat is one. */
static void test_counters_have_their_line(void)
{
	enum buddy_counter counter;
	unsigned int i, nr = 0;

	for (counter = 0; counter < NR_BUDDY_COUNTERS; counter++) {
		bool found = false;

		if (buddy_counter_desc[counter].kind != 'V')
			continue;
		for (i = 0; i < NR_VMSTAT_ITEMS; i++)
			{
			const char *name = vmstat_name(BUDDY_KERNEL_6_1, (enum vmstat_item)i);

			found |= name && !strcmp(name, buddy_counter_desc[counter].name);
		}
		CU_ASSERT(found);
		nr++;
	}
	CU_ASSERT(nr > 0);
	CU_ASSERT_EQUAL(VS_ZONE_END, 12);
	CU_ASSERT_EQUAL(VS_NUMA_END, 18);
	CU_ASSERT_EQUAL(VS_NODE_END, 65);
}

static const struct test_case cases[] = {
	{ "golden_round_trip", test_golden_round_trip },
	{ "oracle_round_trip", test_oracle_round_trip },
	{ "capture_round_trip", test_capture_round_trip },
	{ "golden_indices", test_golden_indices },
	{ "oracle_indices", test_oracle_indices },
	{ "capture_indices", test_capture_indices },
	{ "counters_have_their_line", test_counters_have_their_line },
	{ NULL, NULL }
};

const struct test_suite procfs_suite = { "procfs", cases };

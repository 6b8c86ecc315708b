/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: real kernels' captures predicted, where the shared folder has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/kernel/procfs.h"
#include "sim/verify/verify.h"
#include "tests/tests.h"

/* ---- captures ------------------------------------------------------------ */

static const char *capture(const char *name)
{
	static char folder[4096];
	char file[256];
	const char *path;

	snprintf(file, sizeof(file), "oracle/kernel/%s/snap_a.txt.zst", name);
	path = test_shared(file);
	if (!path)
		return NULL;
	snprintf(folder, sizeof(folder), "%.*s", (int)(strlen(path) - strlen("/snap_a.txt.zst")), path);
	return folder;
}

/* Every frame, and at the end every list in order, in the modes from @mode on. */
static void verify_from(const char *name, enum verify_mode mode)
{
	for (; mode <= VERIFY_OPEN; mode++) {
		struct verify_run run = { .capture = capture(name), .mode = mode };
		struct kerror err = { 0 };

		if (!run.capture)
			return;
		CU_ASSERT_EQUAL(verify_run(&run, NR_BUDDY_KERNELS, 1, &err), 0);
		CU_ASSERT_STRING_EQUAL(err.text, "");
		CU_ASSERT(run.pages.allocs.all > 300);
		CU_ASSERT_EQUAL(run.pages.allocs.hits, run.pages.allocs.all);
		CU_ASSERT_EQUAL(run.pages.refill.hits, run.pages.refill.all);
		CU_ASSERT(compare_is_equal(&run.compare));
		CU_ASSERT_EQUAL(run.compare.pcp_tunings_equal, run.compare.pcp_tunings);
		CU_ASSERT_EQUAL(run.compare.zone_values_equal, run.compare.zone_values);
		CU_ASSERT_EQUAL(run.violations_before + run.violations_after, 0);
		verify_exit(&run);
	}
}

static void verify_exactly(const char *name)
{
	verify_from(name, VERIFY_GUIDED);
}

/* A machine with little to do, of either kernel. */
static void test_idle(void)
{
	verify_exactly("6.1-smp1_idle_small");
	verify_exactly("6.12-smp1_idle_small");
}

/* Files are read and written: the page cache grows. */
static void test_files(void)
{
	verify_exactly("6.1-smp1_files");
	verify_exactly("6.12-smp1_files");
}

/* Two CPUs. */
static void test_mixed(void)
{
	verify_exactly("6.1-smp2_mixed");
}

/* Compaction, fallbacks and claims; reclaim and swap. The open mode is the one that proves something. */
static void test_mmap_thp(void)
{
	verify_from("6.1-smp1_mmap_thp", VERIFY_OPEN);
	verify_from("6.12-smp1_mmap_thp", VERIFY_OPEN);
}

/* The same where memory runs out. */
static void test_pressure(void)
{
	verify_from("6.1-smp1_pressure", VERIFY_OPEN);
}

/* ---- the kernel's own files ---------------------------------------------- */

static bool is_one_of(const char *line, const char *const *keys)
{
	line += strspn(line, " ");
	for (; *keys; keys++)
		if (!strncmp(line, *keys, strlen(*keys)))
			return true;
	return false;
}

/* Lines that begin with one of @keys. */
static char *lines_of(FILE *file, const char *const *keys)
{
	char line[1024], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while (fgets(line, sizeof(line), file))
		if (is_one_of(line, keys))
			fputs(line, out);
	fclose(out);
	return text;
}

/*
 * The file with each number as one '#'; with @columns as many as it and the
 * blanks before it are wide, so that a column of another width shows.
 */
static char *form_of(FILE *file, bool columns)
{
	char line[1024], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while (fgets(line, sizeof(line), file)) {
		const char *at = line;

		while (*at) {
			size_t blanks = columns ? strspn(at, " ") : 0, digits = strspn(at + blanks, "0123456789");

			if (!digits) {
				putc(*at++, out);
				continue;
			}
			at += blanks + digits;
			do
				putc('#', out);
			while (columns && --digits + blanks);
		}
	}
	fclose(out);
	return text;
}

static void same_text(char *ours, char *kernel)
{
	CU_ASSERT(strlen(kernel) > 80);
	CU_ASSERT_STRING_EQUAL(ours, kernel);
	free(ours);
	free(kernel);
}

/* Equal to the byte but for its numbers, and equal in the lines that begin with one of @keys. */
static void compare_file(const char *folder, const char *name, const char *const *keys, bool columns,
			 int (*print)(const struct buddy *b, FILE *out), const struct buddy *b)
{
	FILE *ours = tmpfile(), *kernel;
	char path[4096];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
	CU_ASSERT_EQUAL(print(b, ours), 0);
	rewind(ours);
	snprintf(path, sizeof(path), "%s/procfs_a/%s", folder, name);
	kernel = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(kernel);
	same_text(form_of(ours, columns), form_of(kernel, columns));
	if (keys) {
		rewind(ours);
		rewind(kernel);
		same_text(lines_of(ours, keys), lines_of(kernel, keys));
	}
	fclose(ours);
	fclose(kernel);
}

static int zoneinfo(const struct buddy *b, FILE *out)
{
	return procfs_zoneinfo(b, NULL, NULL, out);
}

/*
 * The loaded state printed as the kernel's own files: the same to the byte but
 * for the numbers, and these too where they do not change between snapshot A
 * and the time when the files were read.
 */
static void test_procfs(void)
{
	static const char *const names[] = {
		"6.1-smp1_idle_small", "6.1-smp1_files", "6.1-smp1_mmap_thp", "6.1-smp1_pressure",
		"6.1-smp2_mixed", "6.12-smp1_idle_small", "6.12-smp1_files", "6.12-smp1_mmap_thp",
	};
	static const char *const zone_keys[] = {
		"Node ", "min ", "low ", "high ", "spanned ", "present ", "managed ", "protection:",
		"start_pfn:", "vm stats threshold:", "batch:", "high:", NULL
	};
	/* In 6.12 the per-CPU high moves by itself. */
	static const char *const zone_keys_6_12[] = {
		"Node ", "min ", "low ", "high ", "promo ", "spanned ", "present ", "managed ",
		"protection:", "start_pfn:", "vm stats threshold:", "batch:", NULL
	};
	static const char *const block_keys[] = {
		"Page block order", "Pages per block", "Number of blocks", NULL
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool newer = !strncmp(names[i], "6.12", 4);
		const char *folder = capture(names[i]);
		struct kerror err = { 0 };
		struct snapshot *snap;
		struct pagemap *map;
		struct buddy *b;
		char path[4096];

		if (!folder)
			return;
		snprintf(path, sizeof(path), "%s/snap_a.txt", folder);
		CU_ASSERT_EQUAL_FATAL(snapshot_read(&snap, path, NULL, &err), 0);
		CU_ASSERT_EQUAL_FATAL(verify_boot(&map, &b, snap, verify_kernel_of(snap), &err), 0);
		compare_file(folder, "buddyinfo", NULL, true, procfs_buddyinfo, b);
		compare_file(folder, "pagetypeinfo", block_keys, true, procfs_pagetypeinfo, b);
		compare_file(folder, "zoneinfo", newer ? zone_keys_6_12 : zone_keys, false, zoneinfo, b);
		buddy_destroy(b);
		pagemap_destroy(map);
		snapshot_free(snap);
	}
}

/* The check can fail: one kernel's capture under the other's rules does not come out even. */
static void test_wrong_rules(void)
{
	static const struct {
		const char *name;
		enum buddy_kernel kernel;
	} wrong[] = {
		{ "6.1-smp2_mixed", BUDDY_KERNEL_6_12 },
		{ "6.12-smp1_files", BUDDY_KERNEL_6_1 },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct verify_run run = { .capture = capture(wrong[i].name), .mode = VERIFY_OPEN };
		struct kerror err = { 0 };

		if (!run.capture)
			return;
		CU_ASSERT_EQUAL(verify_run(&run, wrong[i].kernel, 4, &err), 0);
		CU_ASSERT(run.pages.allocs.hits < run.pages.allocs.all);
		CU_ASSERT_FALSE(compare_is_equal(&run.compare));
		CU_ASSERT_EQUAL(run.pages.nr_miss, 4);
		CU_ASSERT_EQUAL(run.violations_after, 0);
		verify_exit(&run);
	}
}

/* A folder that is no capture is refused, and nothing leaks. */
static void test_no_capture(void)
{
	struct verify_run run = { .capture = "/nonexistent", .mode = VERIFY_OPEN };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(verify_run(&run, NR_BUDDY_KERNELS, 0, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent: No such file"));
	verify_exit(&run);
}

static const struct test_case cases[] = {
	{ "idle", test_idle },
	{ "files", test_files },
	{ "mixed", test_mixed },
	{ "mmap_thp", test_mmap_thp },
	{ "pressure", test_pressure },
	{ "procfs", test_procfs },
	{ "wrong_rules", test_wrong_rules },
	{ "no_capture", test_no_capture },
	{ NULL, NULL }
};

const struct test_suite verify_suite = { "verify", cases };

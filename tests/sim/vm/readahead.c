/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: which pages of a file are read together. Windows and marks are worked out by hand from mm/readahead.c and
 * mm/filemap.c, with the defaults: windows of 32 pages at most, 320 for a large read(), 16 pages mapped around a fault.
 */
#include "sim/vm/readahead.h"

#include "sim/vm/frame.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

struct reader {
	struct world w;
	struct vm_file *file;
	uint64_t addr;
};

static void reader_init(struct reader *r, enum vm_kernel kernel, uint64_t bytes)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	world_init(&r->w, 64 * MIB, &cfg);
	r->file = vm_file_create(r->w.vm, "f", bytes, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->file);
	r->addr = (uint64_t)vm_mmap(r->w.a, 1ULL << 40, bytes, RW, MAP_PRIVATE | MAP_FIXED, r->file, 0);
}

static void touch(struct reader *r, uint64_t page, uint64_t pages, enum vm_access access)
{
	world_touch(r->w.a, r->addr + page * PAGE_SIZE, pages, access);
}

/* In the cache are @nr pages, [@first, @first + @count) among them, and of these the marked ones are only @mark. */
static void expect_window(struct reader *r, uint64_t nr, uint64_t first, uint64_t count, uint64_t mark)
{
	uint64_t i;

	CU_ASSERT_EQUAL(r->file->nr_cached, nr);
	for (i = first; i < first + count; i++) {
		pfn_t pfn = vm_file_cached(r->file, i);

		CU_ASSERT_FALSE_FATAL(pfn_is_none(pfn));
		CU_ASSERT_EQUAL(!!(page_from_pfn(r->w.vm->map, pfn)->vm_index & FRAME_MARK), i == mark);
	}
}

static void expect_faults(const struct reader *r, uint64_t minflt, uint64_t majflt, uint64_t pgmajfault)
{
	CU_ASSERT_EQUAL(r->w.a->min_flt, minflt);
	CU_ASSERT_EQUAL(r->w.a->maj_flt, majflt);
	CU_ASSERT_EQUAL(r->w.vm->counters[VM_CNT_pgmajfault], pgmajfault);
}

/* ---- faults -------------------------------------------------------------------------- */

/*
 * A fault on page 100 reads 16 pages before it and 16 from it on, and maps what of that lies in its 64 KiB; the mark not.
 *
 *	84          96   100       108      111   115 116
 *	|- read ----|== mapped ====M========|-----|
 *
 * A touch of the mark begins to read what is behind the window. In 6.1 that makes it a major fault of the process.
 */
static void test_around(void)
{
	enum vm_kernel kernel;

	for (kernel = VM_KERNEL_6_1; kernel <= VM_KERNEL_6_12; kernel++) {
		struct reader r;

		reader_init(&r, kernel, 4 * MIB);
		touch(&r, 100, 1, VM_ACCESS_READ);
		expect_window(&r, 32, 84, 32, 108);
		expect_faults(&r, 0, 1, 1);
		CU_ASSERT_EQUAL(r.w.a->mm->rss[RSS_FILE], 15);
		touch(&r, 96, 12, VM_ACCESS_READ);
		expect_faults(&r, 0, 1, 1);
		touch(&r, 108, 1, VM_ACCESS_READ);
		expect_window(&r, 64, 84, 64, 116);
		expect_faults(&r, kernel != VM_KERNEL_6_1, 1 + (kernel == VM_KERNEL_6_1), 1);
		CU_ASSERT_EQUAL(r.w.a->mm->rss[RSS_FILE], 16);
		world_exit(&r.w);
	}
}

/* A file read in order waits for the disk once: from the first mark on, at page 24, each next window is there before its time. */
static void test_in_order(void)
{
	enum vm_kernel kernel;

	for (kernel = VM_KERNEL_6_1; kernel <= VM_KERNEL_6_12; kernel++) {
		bool old = kernel == VM_KERNEL_6_1;
		struct reader r;

		reader_init(&r, kernel, MIB);
		touch(&r, 0, 256, VM_ACCESS_READ);
		/* One fault for each 16 pages, and one for the mark at 24; those at 24, 32, 64 to 224 meet a mark. */
		expect_faults(&r, old ? 8 : 16, old ? 9 : 1, 1);
		world_exit(&r.w);
	}
}

/* MADV_SEQUENTIAL reads behind the fault only, MADV_RANDOM nothing else, MADV_WILLNEED as much as the disk takes at once. */
static void test_advice(void)
{
	struct reader r;

	reader_init(&r, VM_KERNEL_6_12, 4 * MIB);
	CU_ASSERT_EQUAL(vm_madvise(r.w.a, r.addr, 4 * MIB, MADV_SEQUENTIAL), 0);
	touch(&r, 0, 1, VM_ACCESS_READ);
	expect_window(&r, 32, 0, 32, 16);
	CU_ASSERT_EQUAL(vm_madvise(r.w.a, r.addr, 4 * MIB, MADV_RANDOM), 0);
	touch(&r, 200, 1, VM_ACCESS_READ);
	expect_window(&r, 33, 200, 1, UINT64_MAX);
	CU_ASSERT_EQUAL(vm_madvise(r.w.a, r.addr + 256 * PAGE_SIZE, 3 * MIB, MADV_WILLNEED), 0);
	expect_window(&r, 353, 256, 320, UINT64_MAX);
	expect_faults(&r, 0, 2, 2);
	world_exit(&r.w);
}

/* Private copies far from each other: nothing that is read around them is ever needed. After 100 of them only the page is read. */
static void test_misses(void)
{
	struct reader r;
	unsigned int i;

	reader_init(&r, VM_KERNEL_6_12, 26 * MIB);
	for (i = 0; i < 100; i++)
		touch(&r, 16 + i * 64, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(r.file->nr_cached, 3200);
	touch(&r, 16 + 100 * 64, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(r.file->nr_cached, 3201);
	/* What was found counts the other way. */
	touch(&r, 17, 1, VM_ACCESS_WRITE);
	touch(&r, 18, 1, VM_ACCESS_WRITE);
	touch(&r, 16 + 101 * 64, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(r.file->nr_cached, 3233);
	expect_faults(&r, 2, 102, 102);
	world_exit(&r.w);
}

/* Pages that came back after they had been given up say nothing for read-around in 6.12. */
static void test_workingset(void)
{
	enum vm_kernel kernel;

	for (kernel = VM_KERNEL_6_1; kernel <= VM_KERNEL_6_12; kernel++) {
		struct reader r;
		pfn_t pfn;

		reader_init(&r, kernel, MIB);
		CU_ASSERT_EQUAL(vm_file_add(r.file, 16, GFP_FILE, &pfn), 0);
		page_from_pfn(r.w.vm->map, pfn)->vm_index |= FRAME_WORKINGSET;
		CU_ASSERT_EQUAL(vm_file_add(r.file, 17, GFP_FILE, &pfn), 0);
		r.file->ra.mmap_miss = 10;
		touch(&r, 17, 1, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(r.file->ra.mmap_miss, kernel == VM_KERNEL_6_1 ? 8 : 9);
		world_exit(&r.w);
	}
}

/* A fault that starts over gives its new table back, unless what was around it is mapped there. */
static void test_tables(void)
{
	struct reader r;
	pfn_t pfn;

	reader_init(&r, VM_KERNEL_6_1, MIB);
	CU_ASSERT_EQUAL(vm_file_add(r.file, 16, GFP_FILE, &pfn), 0);
	touch(&r, 17, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(r.w.a->mm->tables[PT_PTE], 1);
	CU_ASSERT_TRUE(r.w.a->mm->rss[RSS_FILE] > 1);
	CU_ASSERT_EQUAL(vm_validate(r.w.vm, NULL, NULL), 0);
	world_exit(&r.w);
}

/* What mlock() faults in it asks for again when it has been read: the disk was waited for, but no fault is a major one. */
static void test_by_kernel(void)
{
	struct reader r;

	reader_init(&r, VM_KERNEL_6_12, MIB);
	CU_ASSERT_EQUAL(vm_madvise(r.w.a, r.addr, MIB, 22 /* MADV_POPULATE_READ */), 0);
	CU_ASSERT_EQUAL(r.w.a->maj_flt, 0);
	CU_ASSERT_EQUAL(r.w.vm->counters[VM_CNT_pgmajfault], 1);
	CU_ASSERT_EQUAL(r.w.a->mm->rss[RSS_FILE], 256);
	world_exit(&r.w);
}

/* ---- read() ------------------------------------------------------------------------------ */

struct read_case {
	const char *what;
	struct { uint64_t page, pages; } before, read;	/* before: nothing where there are no pages */
	uint64_t cached, first, count, mark[2];		/* the mark in 6.1, in 6.12 */
};

static const struct read_case reads[] = {
	{ "a page at the beginning: 4, from the second one on ahead", { 0, 0 }, { 0, 1 }, 4, 0, 4, { 1, 1 } },
	{ "the next page meets the mark: 8 more", { 0, 1 }, { 1, 1 }, 12, 0, 12, { 4, 4 } },
	{ "5 pages: 16", { 0, 0 }, { 0, 5 }, 16, 0, 16, { 5, 5 } },
	{ "8 pages elsewhere: they alone", { 0, 0 }, { 500, 8 }, 8, 500, 8, { UINT64_MAX, UINT64_MAX } },
	{ "right behind them: read in order, so 16", { 500, 8 }, { 508, 8 }, 24, 500, 24, { 516, 516 } },
	{ "256 pages: of them half ahead, which moves on at once", { 0, 0 }, { 0, 256 }, 512, 0, 512, { 256, 256 } },
};

static void test_reads(void)
{
	enum vm_kernel kernel;
	unsigned int i;

	for (kernel = VM_KERNEL_6_1; kernel <= VM_KERNEL_6_12; kernel++) {
		for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
			const struct read_case *c = &reads[i];
			struct reader r;

			reader_init(&r, kernel, 8 * MIB);
			if (c->before.pages)
				CU_ASSERT_EQUAL(readahead_read(r.file, c->before.page * PAGE_SIZE,
							       c->before.pages * PAGE_SIZE), 0);
			CU_ASSERT_EQUAL(readahead_read(r.file, c->read.page * PAGE_SIZE, c->read.pages * PAGE_SIZE), 0);
			expect_window(&r, c->cached, c->first, c->count, c->mark[kernel == VM_KERNEL_6_12]);
			if (r.file->nr_cached != c->cached)
				fprintf(stderr, "%s: %llu\n", c->what, (unsigned long long)r.file->nr_cached);
			world_exit(&r.w);
		}
	}
}

static const struct test_case cases[] = {
	{ "a fault reads around it, a mark what is behind", test_around },
	{ "in order", test_in_order },
	{ "advice", test_advice },
	{ "reading around is given up", test_misses },
	{ "pages that came back", test_workingset },
	{ "faults for the kernel itself", test_by_kernel },
	{ "tables of faults that start over", test_tables },
	{ "read()", test_reads },
	{ NULL, NULL }
};

const struct test_suite vm_readahead_suite = { "vm_readahead", cases };

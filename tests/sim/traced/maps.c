/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a file of mappings: what its lines are read as, and what they do to the process. */
#include "sim/traced/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/traced/traced.h"
#include "sim/vm/calls.h"
#include "tests/tests.h"

#define MIB	(1ULL << 20)
#define PROGRAM	"00401000-00402000 r-xp 00001000 fe:00 12 /bin/p\n00402000-00403000 rw-p 00002000 fe:00 12 /bin/p\n" \
		"1ffefff000-1fff001000 rw-p 00000000 00:00 0\n"

static int read_text(struct traced_maps **maps, const char *text, struct kerror *err)
{
	FILE *from = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	ret = traced_maps_read(maps, from, "p.maps", err);
	fclose(from);
	return ret;
}

static struct traced_maps *maps_of(const char *text)
{
	struct kerror err = { .text = "" };
	struct traced_maps *maps;

	CU_ASSERT_EQUAL_FATAL(read_text(&maps, text, &err), 0);
	return maps;
}

/* One line, and what becomes of it. */
static void test_lines(void)
{
	static const struct {
		const char *line;
		struct maps_entry is;
		const char *name;
	} rows[] = {
		{ "00400000-00401000 r--p 00000000 fe:00 12    /a b/c (deleted)\n",
		  { .what = MAPS_THERE, .start = 0x400000, .bytes = 0x1000, .prot = PROT_READ, .flags = MAP_PRIVATE },
		  "/a b/c (deleted)" },
		{ "7f0000000000-7f0000002000 rwxs 00003000 00:01 5 [x]",
		  { .what = MAPS_THERE, .start = 0x7f0000000000, .bytes = 0x2000, .offset = 0x3000,
		    .prot = PROT_READ | PROT_WRITE | PROT_EXEC, .flags = MAP_SHARED }, "[x]" },
		{ "00400000-00401000 ---p 00000000 00:00 0 \n",
		  { .what = MAPS_THERE, .start = 0x400000, .bytes = 0x1000, .flags = MAP_PRIVATE }, "" },
		{ "9 SYSCALL[1,1](9) sys_mmap ( 0x0, 8191, 3, 34, -1, 0 ) --> [pre-success] Success(0x4835000) \n",
		  { .at = 9, .what = MAPS_MMAP, .start = 0x4835000, .bytes = 0x2000, .prot = 3, .flags = 34 }, "" },
		{ "9 SYSCALL[1,1](9) sys_mmap ( 0x0, 8192, 1, 2, 3, 4096 ) --> [pre-success] Success(0x4835000) \n",
		  { .at = 9, .what = MAPS_MMAP, .start = 0x4835000, .bytes = 0x2000, .prot = 1, .flags = 2, .offset = 4096 },
		  "(file 1)" },
		{ "8 SYSCALL[1,1](11) sys_munmap ( 0x483c000, 45467 )[sync] --> Success(0x0) \n",
		  { .at = 8, .what = MAPS_MUNMAP, .start = 0x483c000, .bytes = 0xc000 }, "" },
		{ "8 SYSCALL[1,1](10) sys_mprotect ( 0x483c000, 4096, 1 )[sync] --> Success(0x0) \n",
		  { .at = 8, .what = MAPS_MPROTECT, .start = 0x483c000, .bytes = 4096, .prot = 1 }, "" },
		{ "0 SYSCALL[1,1]( 12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) \n",
		  { .what = MAPS_BRK, .start = 0x4035000 }, "" },
		{ "7 SYSCALL[1,1](25) sys_mremap ( 0x4a00000, 4096, 8192, 0x1 ) --> [pre-success] Success(0x4b00000) \n",
		  { .at = 7, .what = MAPS_MREMAP, .start = 0x4a00000, .bytes = 4096, .new_start = 0x4b00000, .new_bytes = 8192 },
		  "" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct traced_maps *maps = maps_of(rows[i].line);
		const struct maps_entry *got = maps->entries, *is = &rows[i].is;

		CU_ASSERT_EQUAL_FATAL(maps->nr, 1);
		CU_ASSERT_EQUAL(got->at, is->at);
		CU_ASSERT_EQUAL(got->what, is->what);
		CU_ASSERT_EQUAL(got->start, is->start);
		if (is->what != MAPS_BRK)
			CU_ASSERT_EQUAL(got->bytes, is->bytes);
		CU_ASSERT_EQUAL(got->offset, is->offset);
		CU_ASSERT_EQUAL(got->new_start, is->new_start);
		CU_ASSERT_EQUAL(got->new_bytes, is->new_bytes);
		if (is->prot)
			CU_ASSERT_EQUAL(got->prot, is->prot);
		CU_ASSERT_EQUAL(got->flags, is->flags);
		CU_ASSERT_STRING_EQUAL(names_text(maps->names, got->name), rows[i].name);
		traced_maps_destroy(maps);
	}
}

/* A mapping of a descriptor is of the file that it was opened for last; where nobody told, of a new one each time. */
static void test_names(void)
{
	static const char text[] =
		"1 SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4034bb0(/lib/a.so), 524288 ) --> [async] ... \n"
		"1 SYSCALL[1,1](257) ... [async] --> Success(0x3) \n"
		"2 SYSCALL[1,1](9) sys_mmap ( 0x0, 8192, 1, 2, 3, 0 ) --> [pre-success] Success(0x4800000) \n"
		"3 SYSCALL[1,1](9) sys_mmap ( 0x4801000, 4096, 5, 18, 3, 4096 ) --> [pre-success] Success(0x4801000) \n"
		"4 SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4034bb0(/lib/none), 524288 ) --> [async] ... \n"
		"4 SYSCALL[1,1](257) ... [async] --> Failure(0x2) \n"
		"5 SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 1, 2, 3, 0 ) --> [pre-success] Success(0x4900000) \n"
		"6 SYSCALL[1,1](2) sys_open ( 0x4034bb0(/lib/b.so), 0 ) --> [pre-success] Success(0x3) \n"
		"7 SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 1, 2, 3, 0 ) --> [pre-success] Success(0x4910000) \n"
		"8 SYSCALL[1,1](9) sys_mmap ( 0x0, 8192, 1, 2, 4, 0 ) --> [pre-success] Success(0x4920000) \n"
		"9 SYSCALL[1,1](9) sys_mmap ( 0x4921000, 4096, 1, 18, 4, 0 ) --> [pre-success] Success(0x4921000) \n"
		"9 SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 1, 2, 4, 0 ) --> [pre-success] Success(0x4930000) \n"
		"9 SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 1, 2, 4, 0 ) --> [pre-success] Failure(0xc) \n";
	static const char *const names[] = { "/lib/a.so", "/lib/a.so", "/lib/a.so", "/lib/b.so", "(file 1)", "(file 1)", "(file 2)" };
	struct traced_maps *maps = maps_of(text);
	size_t i;

	CU_ASSERT_EQUAL_FATAL(maps->nr, sizeof(names) / sizeof(names[0]));
	for (i = 0; i < maps->nr; i++)
		CU_ASSERT_STRING_EQUAL(names_text(maps->names, maps->entries[i].name), names[i]);
	traced_maps_destroy(maps);
}

static void test_bad(void)
{
	static const struct {
		const char *text;
		unsigned int line;
	} rows[] = {
		{ "hello\n", 1 }, { PROGRAM "\nhello\n", 5 }, { "00400000-00401000 r--p 00000000 fe:00 12\n00400000\n", 2 },
		{ "00401000-00400000 r--p 00000000 fe:00 12 \n", 1 }, { "00400000-00400800 r--p 00000000 fe:00 12 \n", 1 },
		{ "00400000-00401000 r--p 00000010 fe:00 12 \n", 1 }, { "00400000-00401000 r-p 00000000 fe:00 12 \n", 1 },
		{ "5 SYSCALL[1,1](11) sys_munmap ( ) --> Success(0x0)\n", 1 },
		{ "5 SYSCALL[1,1](9) sys_mmap ( 0x0, 1, 2, 3, 4 ) --> Success(0x0)\n", 1 },
		{ "5 SYSCALL[1,1](12) sys_brk ( 0 ) --> Success(0x0)\n4 SYSCALL[1,1](12) sys_brk ( 0 ) --> Success(0x0)\n", 2 },
		{ "5 SYSCALL[1,1](12) sys_brk ( 0 ) --> Success(0x0)\n00400000-00401000 r--p 00000000 fe:00 12 \n", 2 },
	};
	struct kerror err = { .text = "" };
	struct traced_maps *maps;
	char front[24];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(read_text(&maps, rows[i].text, &err), -EINVAL);
		CU_ASSERT_PTR_NULL(maps);
		snprintf(front, sizeof(front), "p.maps:%u: neither", rows[i].line);
		CU_ASSERT_EQUAL(strncmp(err.text, front, strlen(front)), 0);
	}
}

/* What cannot be read says why. */
static void test_unreadable(void)
{
	FILE *folder = fopen("/", "r");
	struct kerror err = { .text = "" };
	struct traced_maps *maps;

	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	CU_ASSERT_EQUAL(traced_maps_read(&maps, folder, "p.maps", &err), -EISDIR);
	CU_ASSERT_STRING_EQUAL(err.text, "p.maps: Is a directory");
	fclose(folder);
}

/* ---- carried out ------------------------------------------------------------------------ */

static struct traced *begin(const struct traced_maps *maps)
{
	struct traced_config cfg = { .tlb = tlb_presets[0], .maps = maps };
	struct kerror err = { .text = "" };
	struct traced *t;

	machine_config_default(&cfg.machine);
	cfg.machine.mem_bytes = 64 * MIB;
	CU_ASSERT_EQUAL_FATAL(traced_create(&t, &cfg, &err), 0);
	return t;
}

static void one(struct traced *t, unsigned int kind, uint64_t addr)
{
	const struct access access = { .addr = addr, .kind = (uint8_t)kind, .size = 1 };
	const struct access_block block = { .at = &access, .nr = 1 };
	struct kerror err = { .text = "" };

	CU_ASSERT_EQUAL_FATAL(traced_replay(t, &block, &err), 0);
}

static void tell(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

static void end(struct traced *t, struct traced_maps *maps)
{
	CU_ASSERT_EQUAL(vm_validate(t->vm, tell, NULL), 0);
	traced_destroy(t);
	traced_maps_destroy(maps);
}

static bool is(const struct traced *t, uint64_t addr, enum region_kind kind, uint32_t rights)
{
	const struct region *region = regions_find(&t->regions, addr);
	const struct vma *vma = mm_lookup(t->process->mm, addr);

	if (!region || !vma)
		return false;
	return region->kind == kind && region->rights == rights && (vma->flags & VM_ACCESS_FLAGS) == rights;
}

/* Each call before the access that it stands before, and no earlier. */
static void test_applied(void)
{
	static const char text[] = PROGRAM
		"2 SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035800) \n"
		"3 SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4038800) \n"
		"4 SYSCALL[1,1](9) sys_mmap ( 0x0, 16384, 3, 34, -1, 0 ) --> [pre-success] Success(0x4800000) \n"
		"6 SYSCALL[1,1](10) sys_mprotect ( 0x4801000, 4096, 1 )[sync] --> Success(0x0) \n"
		"6 SYSCALL[1,1](25) sys_mremap ( 0x4800000, 4096, 8192, 0x1 ) --> [pre-success] Success(0x4a00000) \n"
		"7 SYSCALL[1,1](11) sys_munmap ( 0x4802000, 4096 )[sync] --> Success(0x0) \n"
		"7 SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4036000) \n"
		"8 SYSCALL[1,1](11) sys_munmap ( 0x4802001, 4096 )[sync] --> Success(0x0) \n";
	struct traced_maps *maps = maps_of(text);
	struct traced *t = begin(maps);

	one(t, ACCESS_FETCH, 0x401000);
	CU_ASSERT(is(t, 0x401fff, REGION_FILE, VM_READ | VM_EXEC));
	CU_ASSERT(is(t, 0x402000, REGION_FILE, VM_READ | VM_WRITE));
	CU_ASSERT(is(t, 0x1fff000fff, REGION_STACK, VM_READ | VM_WRITE));
	/* Two pages below the stack: it grows. */
	one(t, ACCESS_STORE, 0x1ffeffd008);
	CU_ASSERT(is(t, 0x1ffeffd000, REGION_STACK, VM_READ | VM_WRITE));
	one(t, ACCESS_FETCH, 0x401001);
	CU_ASSERT_PTR_NULL(regions_find(&t->regions, 0x4036000));
	one(t, ACCESS_STORE, 0x4038fff);
	CU_ASSERT(is(t, 0x4036000, REGION_HEAP, VM_READ | VM_WRITE));
	CU_ASSERT_PTR_NULL(regions_find(&t->regions, 0x4800000));
	one(t, ACCESS_STORE, 0x4800000);
	one(t, ACCESS_STORE, 0x4801000);
	CU_ASSERT_EQUAL(t->nr, 6);
	one(t, ACCESS_LOAD, 0x4801000);
	CU_ASSERT(is(t, 0x4801000, REGION_DATA, VM_READ));
	CU_ASSERT_PTR_NULL(regions_find(&t->regions, 0x4800000));
	CU_ASSERT(is(t, 0x4a01fff, REGION_DATA, VM_READ | VM_WRITE));
	one(t, ACCESS_LOAD, 0x4a00000);
	CU_ASSERT_PTR_NULL(regions_find(&t->regions, 0x4802000));
	CU_ASSERT_PTR_NULL(regions_find(&t->regions, 0x4036000));
	one(t, ACCESS_LOAD, 0x4803000);
	/* Nothing faulted twice, and the last line is none that a kernel takes. */
	CU_ASSERT_EQUAL(t->process->min_flt, 6);
	CU_ASSERT_EQUAL(t->inferred, 0);
	CU_ASSERT_EQUAL(t->not_applied, 1);
	end(t, maps);
}

/* What the file lacks is inferred; two mappings of one file have its pages once. */
static void test_lacking(void)
{
	static const char text[] = PROGRAM "00500000-00501000 r--p 00002000 fe:00 12 /bin/p\n";
	struct traced_maps *maps = maps_of(text);
	struct traced *t = begin(maps);

	one(t, ACCESS_STORE, 0x402000);
	CU_ASSERT_EQUAL(t->process->faults[VM_FAULT_cow], 1);
	one(t, ACCESS_LOAD, 0x500000);
	CU_ASSERT_EQUAL(t->process->faults[VM_FAULT_cache], 1);
	CU_ASSERT_EQUAL(t->inferred, 0);
	one(t, ACCESS_STORE, 0x7000000);
	CU_ASSERT_EQUAL(t->inferred, 1);
	CU_ASSERT(is(t, 0x7000000, REGION_DATA, VM_READ | VM_WRITE));
	/* A right that it lacks, too. */
	one(t, ACCESS_STORE, 0x500000);
	CU_ASSERT(is(t, 0x500000, REGION_FILE, VM_READ | VM_WRITE));
	CU_ASSERT_EQUAL(t->process->faults[VM_FAULT_cow], 2);
	end(t, maps);
}

static const struct test_case cases[] = {
	{ "lines", test_lines },
	{ "names", test_names },
	{ "bad", test_bad },
	{ "a folder", test_unreadable },
	{ "applied", test_applied },
	{ "lacking", test_lacking },
	{ NULL, NULL }
};

const struct test_suite traced_maps_suite = { "traced_maps", cases };

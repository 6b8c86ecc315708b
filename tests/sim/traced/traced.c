/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a traced program as a process: which mapping an access makes, what it costs, whose it is. */
#include "sim/traced/traced.h"

#include <errno.h>
#include <string.h>

#include "pagemap/random.h"
#include "sim/vm/calls.h"
#include "sim/vm/translate.h"
#include "tests/tests.h"

#define MIB	(1ULL << 20)
#define TEXT	0x400000ULL
#define STACK	0x7ffd12345678ULL
#define FAR	0x500000000ULL

static struct traced *begin(uint64_t mem_bytes, bool cold)
{
	struct traced_config cfg = { .tlb = tlb_presets[0], .cold = cold };
	struct kerror err = { .text = "" };
	struct traced *t;

	machine_config_default(&cfg.machine);
	cfg.machine.mem_bytes = mem_bytes;
	CU_ASSERT_EQUAL_FATAL(traced_create(&t, &cfg, &err), 0);
	return t;
}

static void replay(struct traced *t, const struct access *at, uint32_t nr)
{
	struct kerror err = { .text = "" };
	uint32_t done;

	for (done = 0; done < nr; done += 100) {
		const struct access_block block = { .at = at + done, .nr = nr - done < 100 ? nr - done : 100 };

		CU_ASSERT_EQUAL_FATAL(traced_replay(t, &block, &err), 0);
	}
}

static void one(struct traced *t, unsigned int kind, uint64_t addr, unsigned int size)
{
	const struct access access = { .addr = addr, .kind = (uint8_t)kind, .size = (uint16_t)size };

	replay(t, &access, 1);
}

static void tell(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

static void end(struct traced *t)
{
	CU_ASSERT_EQUAL(vm_validate(t->vm, tell, NULL), 0);
	traced_destroy(t);
}

/* One access each, behind a fetch from TEXT and a store near the top. */
static void test_inferred(void)
{
	static const struct {
		unsigned int kind;
		uint64_t addr;
		uint64_t start, bytes;
		enum region_kind is;
		uint32_t rights;
		enum vm_fault fault;
	} rows[] = {
		/* text, in windows */
		{ ACCESS_FETCH, FAR + 0x12345, FAR + 0x10000, 0x10000, REGION_FILE, VM_READ | VM_EXEC, VM_FAULT_cache },
		/* behind the window that is there, and joined to it */
		{ ACCESS_FETCH, TEXT + 0x10000, TEXT, 0x20000, REGION_FILE, VM_READ | VM_EXEC, VM_FAULT_cache },
		/* constants beside text, private memory further away */
		{ ACCESS_LOAD, TEXT + 0x4ff00, TEXT + 0x40000, 0x10000, REGION_FILE, VM_READ, VM_FAULT_cache },
		{ ACCESS_LOAD, TEXT - 0x40000 + 1, TEXT - 0x40000, 0x10000, REGION_FILE, VM_READ, VM_FAULT_cache },
		{ ACCESS_LOAD, TEXT + 0x50000, TEXT + 0x50000, 0x1000, REGION_DATA, VM_READ | VM_WRITE, VM_FAULT_zero },
		{ ACCESS_STORE, TEXT + 0x10000, TEXT + 0x10000, 0x1000, REGION_DATA, VM_READ | VM_WRITE, VM_FAULT_anon },
		{ ACCESS_MODIFY, FAR + 0xffff, FAR + 0xf000, 0x1000, REGION_DATA, VM_READ | VM_WRITE, VM_FAULT_anon },
		{ ACCESS_LOAD, FAR, FAR, 0x1000, REGION_DATA, VM_READ | VM_WRITE, VM_FAULT_zero },
		/* text that is written to is no text */
		{ ACCESS_STORE, TEXT + 0x2000, TEXT + 0x2000, 0x1000, REGION_FILE, VM_READ | VM_WRITE, VM_FAULT_cow },
		/* the stack, below and above; too far below */
		{ ACCESS_STORE, STACK - 0x21000, 0x7ffd12324000, 0x22000, REGION_STACK, VM_READ | VM_WRITE, VM_FAULT_anon },
		{ ACCESS_LOAD, STACK - 7 * MIB, (STACK - 7 * MIB) & ~4095ULL, 0x21000 + 7 * MIB - 0x20000, REGION_STACK,
		  VM_READ | VM_WRITE, VM_FAULT_zero },
		{ ACCESS_STORE, STACK + 0x1000, 0x7ffd12325000, 0x22000, REGION_STACK, VM_READ | VM_WRITE, VM_FAULT_anon },
		{ ACCESS_STORE, STACK - 9 * MIB, (STACK - 9 * MIB) & ~4095ULL, 0x1000, REGION_DATA, VM_READ | VM_WRITE,
		  VM_FAULT_anon },
		/* the first and last address that a program can use */
		{ ACCESS_STORE, 0x10000, 0x10000, 0x1000, REGION_DATA, VM_READ | VM_WRITE, VM_FAULT_anon },
		{ ACCESS_FETCH, 0x7ffffffff000 - 1, 0x7fffffff0000, 0xf000, REGION_FILE, VM_READ | VM_EXEC, VM_FAULT_cache },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct traced *t = begin(64 * MIB, false);
		const struct region *region;
		uint64_t before;

		one(t, ACCESS_FETCH, TEXT + 0x1000, 3);
		one(t, ACCESS_STORE, STACK, 8);
		before = t->process->faults[rows[i].fault];
		one(t, rows[i].kind, rows[i].addr, 1);
		region = regions_find(&t->regions, rows[i].addr);
		CU_ASSERT_PTR_NOT_NULL_FATAL(region);
		CU_ASSERT_EQUAL(region->start, rows[i].start);
		CU_ASSERT_EQUAL(region->end - region->start, rows[i].bytes);
		CU_ASSERT_EQUAL(region->kind, rows[i].is);
		CU_ASSERT_EQUAL(region->rights, rows[i].rights);
		CU_ASSERT_EQUAL(t->process->faults[rows[i].fault] - before, 1);
		CU_ASSERT_PTR_NOT_NULL(mm_lookup(t->process->mm, rows[i].addr));
		end(t);
	}
}

/*
 *	|page|            |page|                          |page|
 *	      <= 64 KiB: one     > 64 KiB: two mappings
 */
static void test_gaps(void)
{
	struct traced *t = begin(64 * MIB, false);

	one(t, ACCESS_STORE, FAR, 1);
	one(t, ACCESS_STORE, FAR + 0x11000, 1);
	CU_ASSERT_EQUAL(t->regions.nr, 1);
	CU_ASSERT_EQUAL(t->process->mm->total_vm, 0x12);
	CU_ASSERT_EQUAL(mm_rss(t->process->mm), 2);
	one(t, ACCESS_STORE, FAR + 0x23000, 1);
	CU_ASSERT_EQUAL(t->regions.nr, 2);
	one(t, ACCESS_STORE, FAR - 0x11000, 1);
	CU_ASSERT_EQUAL(t->regions.nr, 2);
	/* What lies between two of them belongs to one. */
	one(t, ACCESS_STORE, FAR + 0x18000, 1);
	CU_ASSERT_EQUAL(t->regions.nr, 1);
	CU_ASSERT_EQUAL(t->process->mm->total_vm, 0x35);
	CU_ASSERT_EQUAL(t->process->min_flt, 5);
	end(t);
}

/* Of a program that was not run before, the first fault of each read-around is one with a disk. */
static void test_cold(void)
{
	struct traced *warm = begin(64 * MIB, false), *cold = begin(64 * MIB, true);
	uint64_t at;

	for (at = 0; at < 64; at++) {
		one(warm, ACCESS_FETCH, TEXT + at * 4096, 1);
		one(cold, ACCESS_FETCH, TEXT + at * 4096, 1);
	}
	CU_ASSERT_EQUAL(warm->process->maj_flt, 0);
	CU_ASSERT_EQUAL(warm->process->min_flt, 4);
	CU_ASSERT_EQUAL(warm->process->faults[VM_FAULT_cache], 4);
	CU_ASSERT(cold->process->maj_flt > 0);
	CU_ASSERT_EQUAL(cold->process->maj_flt, cold->process->faults[VM_FAULT_read]);
	end(warm);
	end(cold);
}

/* Addresses that no program has are counted, and do nothing; nor does the part of an access behind the last one. */
static void test_outside(void)
{
	struct traced *t = begin(64 * MIB, false);

	one(t, ACCESS_LOAD, 0xffff, 1);
	one(t, ACCESS_STORE, 0x7ffffffff000, 1);
	one(t, ACCESS_FETCH, UINT64_MAX, 1);
	CU_ASSERT_EQUAL(t->outside, 3);
	CU_ASSERT_EQUAL(t->regions.nr, 0);
	one(t, ACCESS_STORE, 0xffff, 2);
	CU_ASSERT_EQUAL(t->outside, 4);
	CU_ASSERT_EQUAL(t->process->min_flt, 1);
	end(t);
}

/* More memory than the machine has: the process is ended, and the accesses after that are counted. */
static void test_out_of_memory(void)
{
	struct traced *t = begin(8 * MIB, false);
	uint64_t at;

	for (at = 0; at < 4096; at++)
		one(t, ACCESS_STORE, FAR + at * 4096, 1);
	CU_ASSERT_PTR_NULL(t->process->mm);
	CU_ASSERT_EQUAL(t->process->signal, 9);
	CU_ASSERT(t->nr > 500);
	CU_ASSERT_EQUAL(t->nr + t->skipped, 4096);
	end(t);
}

/* ---- whose a fault is ------------------------------------------------------------------- */

static const struct traced_site *site(const struct traced *t, uint64_t pc)
{
	uint32_t i;

	for (i = 0; i < t->nr_sites; i++)
		if (t->sites[i].pc == pc)
			return &t->sites[i];
	return NULL;
}

/* The instruction before an access made it; one of another thread did not. */
static void test_sites(void)
{
	static const struct access stream[] = {
		{ .addr = TEXT, .kind = ACCESS_FETCH, .size = 3 },
		{ .addr = TEXT + 3, .kind = ACCESS_FETCH, .size = 3 },
		{ .addr = FAR, .kind = ACCESS_STORE, .size = 8 },
		{ .addr = FAR + 4096, .kind = ACCESS_STORE, .size = 8 },
		{ .addr = TEXT + 6, .kind = ACCESS_FETCH, .size = 3 },
		{ .addr = FAR + 8192, .kind = ACCESS_LOAD, .size = 8, .thread = 7 },
		{ .addr = TEXT + 3, .kind = ACCESS_FETCH, .size = 3 },
		/* In two pages, both new. */
		{ .addr = FAR + 4 * 4096 - 4, .kind = ACCESS_MODIFY, .size = 8 },
		{ .addr = FAR + 5 * 4096 - 4, .kind = ACCESS_LOAD, .size = 4 },
	};
	struct traced *t = begin(64 * MIB, false);
	const struct region *data;

	replay(t, stream, sizeof(stream) / sizeof(stream[0]));
	CU_ASSERT_EQUAL(t->nr_sites, 3);
	CU_ASSERT_PTR_NOT_NULL_FATAL(site(t, 0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(site(t, TEXT));
	CU_ASSERT_PTR_NOT_NULL_FATAL(site(t, TEXT + 3));
	CU_ASSERT_EQUAL(site(t, TEXT)->minor, 1);
	CU_ASSERT_EQUAL(site(t, TEXT + 3)->minor, 4);
	CU_ASSERT_EQUAL(site(t, TEXT + 3)->walks, 4);
	CU_ASSERT_EQUAL(site(t, 0)->minor, 1);
	data = regions_find(&t->regions, FAR);
	CU_ASSERT_EQUAL(data->counts.minor, 5);
	CU_ASSERT_EQUAL(data->counts.faults[VM_FAULT_anon], 4);
	CU_ASSERT_EQUAL(data->counts.faults[VM_FAULT_zero], 1);
	CU_ASSERT_EQUAL(traced_lookups(&data->counts), 6);
	CU_ASSERT_EQUAL(data->counts.lookups[TLB_L1_HIT], 1);
	end(t);
}

/* ---- against one access at a time ---------------------------------------------------------- */

/* Somewhere in a few places, large and small ones, mostly near the last access. */
static struct access random_access(uint64_t *state, uint64_t last)
{
	static const uint64_t bases[] = { TEXT, TEXT + 0x60000, FAR, STACK - 40 * 4096 };
	uint64_t r = random_next(state);
	struct access access = { .kind = (uint8_t)(r & 3), .size = (uint16_t)(1 + (r >> 2) % 64) };

	access.addr = bases[r >> 10 & 3] + (r >> 12) % (r & 1 << 20 ? 600 * 4096 : 30 * 4096);
	if ((r >> 40 & 3) && last)
		access.addr = last + (r >> 44) % 128;
	return access;
}

/* What the shortcuts of a replay count is what each page's access counts on its own, in the same mappings. */
static void test_shortcuts(void)
{
	static struct access stream[60000];
	struct traced *t = begin(64 * MIB, false), *other = begin(64 * MIB, false);
	struct traced_counts sum;
	uint64_t state = 11, i;
	unsigned int side, kind;

	for (i = 0; i < 60000; i++)
		stream[i] = random_access(&state, i ? stream[i - 1].addr : 0);
	replay(t, stream, 60000);
	/* A block of one access each, and nothing remembered from the one before. */
	for (i = 0; i < 60000; i++) {
		replay(other, &stream[i], 1);
		for (kind = 0; kind < NR_ACCESS_KINDS; kind++)
			other->recent[kind] = (struct traced_recent){ NULL, TRACED_NO_PAGE };
		other->process->mm->table_at = UINT64_MAX;
	}
	CU_ASSERT_EQUAL(memcmp(t->process->faults, other->process->faults, sizeof(t->process->faults)), 0);
	CU_ASSERT_EQUAL(t->process->accesses, other->process->accesses);
	for (side = 0; side < NR_TRACED_SIDES; side++) {
		struct tlb_stats a = traced_tlb_stats(t, side), b = traced_tlb_stats(other, side);

		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	}
	CU_ASSERT_EQUAL_FATAL(t->regions.nr, other->regions.nr);
	sum = t->regions.gone;
	for (i = 0; i < t->regions.nr; i++) {
		CU_ASSERT_EQUAL(memcmp(t->regions.at[i], other->regions.at[i], sizeof(struct region)), 0);
		sum.minor += t->regions.at[i]->counts.minor;
		for (kind = 0; kind <= TLB_MISS; kind++)
			sum.lookups[kind] += t->regions.at[i]->counts.lookups[kind];
	}
	/* Every fault is some region's, and every access. */
	CU_ASSERT_EQUAL(sum.minor, t->process->min_flt);
	CU_ASSERT_EQUAL(traced_lookups(&sum), t->process->accesses);
	CU_ASSERT(t->process->faults[VM_FAULT_cow] > 10);
	end(t);
	end(other);
}

/* The TLB of pages of 16 KiB has no process. */
static void test_base_page(void)
{
	struct traced_config cfg = { .cold = false };
	struct kerror err = { .text = "" };
	struct traced *t;

	machine_config_default(&cfg.machine);
	CU_ASSERT_EQUAL(tlb_parse("l1=64x4,page=16k", &cfg.tlb, &err), 0);
	CU_ASSERT_EQUAL(traced_create(&t, &cfg, &err), -EOPNOTSUPP);
	CU_ASSERT_PTR_NULL(t);
}

static const struct test_case cases[] = {
	{ "inferred", test_inferred },
	{ "gaps", test_gaps },
	{ "cold", test_cold },
	{ "outside", test_outside },
	{ "out of memory", test_out_of_memory },
	{ "sites", test_sites },
	{ "shortcuts", test_shortcuts },
	{ "base page", test_base_page },
	{ NULL, NULL }
};

const struct test_suite traced_suite = { "traced", cases };

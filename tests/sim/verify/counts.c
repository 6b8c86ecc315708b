/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: objects and slabs counted without snapshots: slabinfo read,
 * good and bad; small traces whose counts are known exactly; and the captures,
 * where the shared folder has them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/verify/counts/counts.h"
#include "tests/sim/report/documented.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"
#include "tests/sim/trace/events.h"

int cmd_verify(int argc, char **argv);

#define HEAD "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> ..\n"
#define TAIL " : tunables 0 0 0 : slabdata "

/* ---- slabinfo ------------------------------------------------------------------ */

/* The kernel's own form, with what lies between its numbers. */
static void test_slabinfo(void)
{
	static const char text[] = HEAD
		"dentry             10668  10710    192   21    1 : tunables    0    0    0 : slabdata    510    510      0\n"
		"kmalloc-8k            16     16   8192    4    8 : tunables    0    0    0 : slabdata      4      4      0";
	struct slabinfo_file file;
	const struct slabinfo_row *row;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(slabinfo_parse(&file, "s", text, sizeof(text) - 1, &err), 0);
	CU_ASSERT_EQUAL(file.nr, 2);
	CU_ASSERT_PTR_NULL(slabinfo_find(&file, "kmalloc-8"));
	row = slabinfo_find(&file, "dentry");
	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	CU_ASSERT_EQUAL(row->active_objs, 10668);
	CU_ASSERT_EQUAL(row->num_objs, 10710);
	CU_ASSERT_EQUAL(row->objsize, 192);
	CU_ASSERT_EQUAL(row->objperslab, 21);
	CU_ASSERT_EQUAL(row->pagesperslab, 1);
	CU_ASSERT_EQUAL(row->num_slabs, 510);
	CU_ASSERT_EQUAL(slabinfo_find(&file, "kmalloc-8k")->pagesperslab, 8);
	slabinfo_free(&file);
}

/* What is no slabinfo is refused with file, line and a reason. */
static void test_bad_slabinfo(void)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{ "", "s:0: this is no slabinfo" },
		{ "mmsnap 1\n", "s:1: this is no slabinfo" },
		{ "slabinfo - version: 1.1\n", "s:1: this is no slabinfo" },
		{ "slabinfo - version: 2.x\n", "s:1: this version" },
		{ HEAD "a 1 1 8 1 1" TAIL "1 1\n", "s:3: expected: NAME" },
		{ HEAD "a 1 1 8 1 1" TAIL "1 1 0 0\n", "s:3: expected: NAME" },
		{ HEAD "a 1 1 x 1 1" TAIL "1 1 0\n", "s:3: expected: NAME" },
		{ HEAD "a 1 1 8 1 1 : tunables 0 0 0 :", "s:3: expected: NAME" },
		{ HEAD "a 99999999999999999999 1 8 1 1" TAIL "1 1 0\n", "s:3: expected: NAME" },
		{ HEAD "\na 4 4 8 4 3" TAIL "1 1 0\n", "s:4: a slab's pages" },
		{ HEAD "a 4 4 8 4 0" TAIL "1 1 0\n", "s:3: a slab's pages" },
		{ HEAD "a 4 4 1025 4 1" TAIL "1 1 0\n", "s:3: a slab cannot hold" },
		{ HEAD "a 4 4 0 4 1" TAIL "1 1 0\n", "s:3: a slab cannot hold" },
		{ HEAD "a 5 4 8 4 1" TAIL "1 1 0\n", "s:3: more active" },
		{ HEAD "a 4 5 8 4 1" TAIL "1 1 0\n", "s:3: more objects" },
		{ HEAD "a 1 1 8 1 1" TAIL "1 1 0\na 1 1 8 1 1" TAIL "1 1 0\n", "s:4: a was there before" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct slabinfo_file file;
		struct kerror err = { 0 };

		CU_ASSERT(slabinfo_parse(&file, "s", bad[i].text, strlen(bad[i].text), &err) < 0);
		if (!strstr(err.text, bad[i].message)) {
			fprintf(stderr, "expected '%s' in: %s\n", bad[i].message, err.text);
			CU_FAIL("a message is missing");
		}
		slabinfo_free(&file);
	}
}

/* Within one slab or 2 %, and not one more. */
static void test_near(void)
{
	CU_ASSERT(slabinfo_near(12, 8, 4));
	CU_ASSERT_FALSE(slabinfo_near(13, 8, 4));
	CU_ASSERT(slabinfo_near(4, 8, 4));
	CU_ASSERT_FALSE(slabinfo_near(3, 8, 4));
	CU_ASSERT(slabinfo_near(153, 150, 1));
	CU_ASSERT_FALSE(slabinfo_near(154, 150, 1));
	CU_ASSERT(slabinfo_near(98, 100, 1));
	CU_ASSERT_FALSE(slabinfo_near(97, 100, 1));
}

/* ---- small traces ----------------------------------------------------------------- */

#define PLACE(pfn, number) (X86_BASE + ((uint64_t)(pfn) << 12) + (uint64_t)(number) * 1024)

/*
 * One cache "little" of 4 objects a slab, and kmalloc-1k alike, before and after
 * the events; and what came of it.
 */
struct counted {
	struct slabinfo_file before, after;
	struct trace *trace;
	struct counts c;
	name_id little;
};

static void begin(struct counted *ct, const char *before)
{
	struct kerror err = { 0 };
	char text[512];

	memset(ct, 0, sizeof(*ct));
	ct->trace = trace_create(0);
	ct->little = names_intern(trace_names(ct->trace), "little", 6);
	snprintf(text, sizeof(text), HEAD "%skmalloc-1k 8 8 1024 4 1" TAIL "2 2 0\n", before);
	CU_ASSERT_EQUAL_FATAL(slabinfo_parse(&ct->before, "a", text, strlen(text), &err), 0);
	snprintf(text, sizeof(text), HEAD "little 12 12 1024 4 1" TAIL "3 3 0\nkmalloc-1k 8 8 1024 4 1" TAIL "2 2 0\n");
	CU_ASSERT_EQUAL_FATAL(slabinfo_parse(&ct->after, "b", text, strlen(text), &err), 0);
}

static void add(struct counted *ct, enum event_kind kind, uint64_t addr)
{
	struct event ev = object(kind, addr, 1024, kind == EV_KFREE || kind == EV_KMALLOC ? 0 : ct->little);
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(trace_append(ct->trace, &ev, 1, &err), 0);
}

static void alloc(struct counted *ct, uint64_t addr)
{
	add(ct, EV_CACHE_ALLOC, addr);
}

static void drop(struct counted *ct, uint64_t addr)
{
	add(ct, EV_CACHE_FREE, addr);
}

static void add_event(struct counted *ct, struct event ev)
{
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(trace_append(ct->trace, &ev, 1, &err), 0);
}

/* Serve, and expect @active objects and @slabs of "little". */
static void expect_counts(struct counted *ct, uint64_t active, uint64_t slabs)
{
	struct kerror err = { 0 };
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(counts_init(&ct->c, &ct->before, &ct->after, BUDDY_KERNEL_6_1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(counts_cast(&ct->c, ct->trace, &err), 0);
	CU_ASSERT_EQUAL_FATAL(counts_start(&ct->c, &err), 0);
	CU_ASSERT_EQUAL(ct->c.start.hits, ct->c.start.all);
	CU_ASSERT_EQUAL_FATAL(counts_predict(&ct->c, NULL, &err), 0);
	counts_compare(&ct->c);
	CU_ASSERT_EQUAL(slab_validate(ct->c.sa, NULL, NULL), 0);
	for (i = 0; strcmp(counts_row(&ct->c.cache[i])->name, "little"); i++)
		CU_ASSERT_FATAL(i + 1 < ct->c.nr_caches);
	CU_ASSERT_EQUAL(ct->c.cache[i].active_objs, active);
	CU_ASSERT_EQUAL(ct->c.cache[i].num_slabs, slabs);
	if (ct->c.cache[i].active_objs != active || ct->c.cache[i].num_slabs != slabs)
		fprintf(stderr, "%llu active objects, %llu slabs\n",
			(unsigned long long)ct->c.cache[i].active_objs,
			(unsigned long long)ct->c.cache[i].num_slabs);
}

static void end(struct counted *ct)
{
	counts_exit(&ct->c);
	trace_destroy(ct->trace);
	slabinfo_free(&ct->before);
	slabinfo_free(&ct->after);
}

/* A cache that begins empty needs a slab for each four objects; a CPU's free ones count as active. */
static void test_new_cache(void)
{
	struct counted ct;
	int i;

	begin(&ct, "");
	add_event(&ct, (struct event){ .kind = EV_PAGE_ALLOC, .addr = (X86_BASE >> 12) + 16, .order = 2,
				       .flags = EVF_PAGE_SLAB });
	for (i = 0; i < 9; i++)
		alloc(&ct, PLACE(16 + i / 4, i % 4));
	expect_counts(&ct, 12, 3);
	CU_ASSERT_EQUAL(ct.c.note[CN_allocs], 9);
	CU_ASSERT_FALSE(ct.c.note[CN_hinted_free]);
	CU_ASSERT_EQUAL(ct.c.used.all, 1);
	CU_ASSERT_EQUAL(ct.c.used.hits, 1);
	CU_ASSERT_EQUAL(ct.c.moved.all, 1);
	CU_ASSERT_EQUAL(ct.c.all.all, 2);
	end(&ct);
}

/* Whoever asks for an end gets it before the next event. */
static void test_stopped(void)
{
	static const volatile sig_atomic_t stop = 1;
	struct kerror err = { 0 };
	struct counted ct;

	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	alloc(&ct, PLACE(16, 0));
	CU_ASSERT_EQUAL_FATAL(counts_init(&ct.c, &ct.before, &ct.after, BUDDY_KERNEL_6_1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(counts_cast(&ct.c, ct.trace, &err), 0);
	CU_ASSERT_EQUAL_FATAL(counts_start(&ct.c, &err), 0);
	CU_ASSERT_EQUAL(counts_predict(&ct.c, &stop, &err), 0);
	CU_ASSERT_EQUAL(ct.c.served, 0);
	CU_ASSERT_EQUAL(counts_predict(&ct.c, NULL, &err), 0);
	CU_ASSERT_EQUAL(ct.c.served, 1);
	CU_ASSERT_EQUAL(ct.c.used.all, 0);
	end(&ct);
}

/* An address first seen allocated, in a page that no event brought, was free: no slab is made for it. */
static void test_hinted_free(void)
{
	struct counted ct;
	int i;

	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	for (i = 0; i < 4; i++)
		alloc(&ct, PLACE(16, i));
	alloc(&ct, PLACE(17, 2));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_free], 5);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_slabs], 2);
	end(&ct);
	/* Slabs beyond those slabinfo has are new ones. */
	begin(&ct, "little 4 4 1024 4 1" TAIL "1 1 0\n");
	for (i = 0; i < 8; i++)
		alloc(&ct, PLACE(16 + i / 4, i % 4));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_slabs], 1);
	CU_ASSERT_FALSE(ct.c.note[CN_late_slabs]);
	end(&ct);
}

/*
 * Of 16 slabs with a free object each the CPU has the first one, its partial list
 * the next twelve, and the node the last three: so slabinfo's 61 of 64 are active.
 */
static void test_hinted_lists(void)
{
	struct counted ct;
	int i;

	begin(&ct, "little 61 64 1024 4 1" TAIL "16 16 0\n");
	for (i = 0; i < 16; i++)
		alloc(&ct, PLACE(16 + i, i % 4));
	drop(&ct, PLACE(16, 0));
	expect_counts(&ct, 64, 16);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_free], 16);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_slabs], 16);
	end(&ct);
}

/* Free objects on the node's list are used before a slab is made, and are active from then on. */
static void test_node_free(void)
{
	struct counted ct;
	int i;

	/* Addresses that were hashed for printing have no place. */
	begin(&ct, "little 5 8 1024 4 1" TAIL "2 2 0\n");
	alloc(&ct, 0x1234);
	expect_counts(&ct, 8, 2);
	end(&ct);
	begin(&ct, "little 5 8 1024 4 1" TAIL "2 2 0\n");
	for (i = 0; i < 3; i++)
		alloc(&ct, 0x1234 + i * 0x1000);
	expect_counts(&ct, 8, 2);
	end(&ct);
	begin(&ct, "little 5 8 1024 4 1" TAIL "2 2 0\n");
	for (i = 0; i < 4; i++)
		alloc(&ct, 0x1234 + i * 0x1000);
	expect_counts(&ct, 12, 3);
	end(&ct);
}

/*
 * Objects older than the trace: two slabs of them are emptied, object by object,
 * and lie on the CPU's partial list, from which four new objects are taken.
 */
static void test_old_frees(void)
{
	struct counted ct;
	int i;

	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	for (i = 0; i < 8; i++)
		drop(&ct, PLACE(16 + i % 2, i / 2));
	for (i = 0; i < 8; i++)
		alloc(&ct, PLACE(16 + i % 2, i / 2));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_old_frees], 8);
	CU_ASSERT_FALSE(ct.c.note[CN_old_elsewhere]);
	CU_ASSERT_FALSE(ct.c.note[CN_unseen_allocs]);
	end(&ct);
	/* Without places other objects of the cache go, no more than there are. */
	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	for (i = 0; i < 9; i++)
		drop(&ct, 0x1234 + i * 0x1000);
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_old_elsewhere], 8);
	CU_ASSERT_EQUAL(ct.c.note[CN_unseen_allocs], 1);
	end(&ct);
}

/*
 * Each old slab known by its addresses is a slab here. A CPU's partial list has
 * room for twelve; with the thirteenth they go to the node.
 */
static void test_slabs_go(void)
{
	struct counted ct;
	int i;

	/* An object of each: those of twelve are the node's in the end, free and so not active. */
	begin(&ct, "little 80 80 1024 4 1" TAIL "20 20 0\n");
	for (i = 0; i < 20; i++)
		drop(&ct, PLACE(16 + i, 0));
	expect_counts(&ct, 80 - 12, 20);
	end(&ct);
	/* All objects of each: of twelve empty slabs the node keeps min_partial, five. */
	begin(&ct, "little 80 80 1024 4 1" TAIL "20 20 0\n");
	for (i = 0; i < 80; i++)
		drop(&ct, PLACE(16 + i / 4, i % 4));
	expect_counts(&ct, 8 * 4, 20 - 7);
	end(&ct);
}

/* A kfree is of the cache that another event named in its page; where none did it is left out. */
static void test_kfree(void)
{
	struct counted ct;

	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	add(&ct, EV_KFREE, PLACE(16, 1));
	add(&ct, EV_KFREE, PLACE(20, 1));
	drop(&ct, PLACE(16, 0));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_old_frees], 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_unknown_frees], 1);
	end(&ct);
}

/* What the trace lost shows: an address that comes again was freed, one freed twice was allocated. */
static void test_unseen(void)
{
	struct counted ct;

	begin(&ct, "");
	alloc(&ct, 0x1000);
	alloc(&ct, 0x1000);
	drop(&ct, 0x1000);
	drop(&ct, 0x1000);
	expect_counts(&ct, 4, 1);
	CU_ASSERT_EQUAL(ct.c.note[CN_unseen_frees], 1);
	CU_ASSERT_EQUAL(ct.c.note[CN_unseen_allocs], 1);
	CU_ASSERT_EQUAL(ct.c.note[CN_allocs], 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_frees], 2);
	end(&ct);
}

/* An allocation without a name: the size tells it, if only one cache of that size is never named. */
static void test_nameless(void)
{
	struct event ev = object(EV_CACHE_ALLOC, PLACE(16, 0), 1024, 0);
	struct counted ct;

	begin(&ct, "");
	add_event(&ct, ev);
	expect_counts(&ct, 4, 1);
	CU_ASSERT_EQUAL(ct.c.note[CN_hinted_by_size], 1);
	CU_ASSERT_FALSE(ct.c.note[CN_unknown_allocs]);
	end(&ct);
	begin(&ct, "same 0 0 1024 4 1" TAIL "0 0 0\n");
	add_event(&ct, ev);
	expect_counts(&ct, 0, 0);
	CU_ASSERT_FALSE(ct.c.note[CN_hinted_by_size]);
	CU_ASSERT_EQUAL(ct.c.note[CN_unknown_allocs], 1);
	end(&ct);
}

/* A large kmalloc is of no cache, and neither is its kfree, wherever it lies. */
static void test_large(void)
{
	struct counted ct;

	begin(&ct, "little 8 8 1024 4 1" TAIL "2 2 0\n");
	drop(&ct, PLACE(16, 0));
	add_event(&ct, object(EV_KMALLOC, PLACE(16, 1), 65536, 0));
	add(&ct, EV_KFREE, PLACE(16, 1));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_large], 1);
	CU_ASSERT_EQUAL(ct.c.note[CN_frees], 1);
	CU_ASSERT_FALSE(ct.c.note[CN_unknown_frees]);
	end(&ct);
}

static struct event bulk_free(struct counted *ct, const char *list, int nr)
{
	return (struct event){ .kind = EV_KBULK_FREE, .addr = X86_BASE, .arg = nr,
			       .cache = names_intern(trace_names(ct->trace), list, strlen(list)) };
}

/*
 * A bulk request names its cache by an address only, which a bulk free explains.
 * Its five objects need a second slab; four of them go back by the free.
 */
static void test_bulk(void)
{
	struct counted ct;

	begin(&ct, "");
	add_event(&ct, (struct event){ .kind = EV_PAGE_ALLOC, .addr = (X86_BASE >> 12) + 16, .order = 1,
				       .flags = EVF_PAGE_SLAB });
	add_event(&ct, (struct event){ .kind = EV_KBULK_ALLOC_IN, .addr = X86_BASE, .arg = 5 });
	add_event(&ct, (struct event){ .kind = EV_KBULK_ALLOC_OUT, .arg = 5 });
	drop(&ct, PLACE(16, 0));
	add_event(&ct, bulk_free(&ct, "0xffff888000010400 0xffff888000010800 0xffff888000010c00 0x0", 4));
	expect_counts(&ct, 8, 2);
	CU_ASSERT_EQUAL(ct.c.note[CN_bulk_allocs], 5);
	CU_ASSERT_EQUAL(ct.c.note[CN_frees], 4);
	CU_ASSERT_FALSE(ct.c.note[CN_unseen_allocs]);
	end(&ct);
}

/* ---- captures ----------------------------------------------------------------------- */

/* Where the kernel's slabinfo goes, so do we: all of it on a calm machine, nearly all else. */
static void test_captures(void)
{
	static const struct {
		const char *name;
		unsigned int percent;
	} captures[] = {
		{ "6.1-smp1_idle_small", 100 }, { "6.12-smp1_idle_small", 100 }, { "6.1-smp1_files", 95 },
		{ "6.12-smp1_files", 95 }, { "6.1-smp2_mixed", 95 },
	};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
		struct counts_run run = { .kernel = NR_BUDDY_KERNELS };
		struct kerror err = { 0 };

		snprintf(path, sizeof(path), "oracle/kernel/%s", captures[i].name);
		run.capture = test_shared(path);
		if (!run.capture)
			return;
		CU_ASSERT_EQUAL(counts_run(&run, &err), 0);
		CU_ASSERT_EQUAL(run.violations, 0);
		CU_ASSERT(run.counts.start.all > 100);
		CU_ASSERT_EQUAL(run.counts.start.hits, run.counts.start.all);
		CU_ASSERT(run.counts.used.all > 30);
		CU_ASSERT(run.counts.used.hits * 100 >= run.counts.used.all * captures[i].percent);
		CU_ASSERT_EQUAL(run.kernel, captures[i].name[3] == '2' ? BUDDY_KERNEL_6_12 : BUDDY_KERNEL_6_1);
		counts_run_exit(&run);
	}
}

/* ---- the command --------------------------------------------------------------------- */

#define VERIFY(...) run_cmd(cmd_verify, NULL, (const char *const[]){ "--layer", "objects", __VA_ARGS__, NULL })

static const char one_alloc[] =
	"cc1 1 [000] 1.000001: kmem:kmem_cache_alloc: (f+0x1) call_site=f+0x1 ptr=0xffff888000010000 "
	"bytes_req=1024 bytes_alloc=1024 gfp_flags=GFP_KERNEL node=-1 accounted=false\n"
	"cc1 1 [000] 1.000002: kmem:kmem_cache_free: (g+0x1) call_site=g+0x1 ptr=0xffff888000010000 name=little\n";

/* A recording of one's own with the two files; the exit status by the share; a folder without snapshots. */
static void test_command(void)
{
	static const char empty[] = HEAD "little 0 0 1024 4 1" TAIL "0 0 0\n";
	static const char one[] = HEAD "little 4 4 1024 4 1" TAIL "1 1 0\n";
	static const char crooked[] = HEAD "odd 4 4 12 4 1" TAIL "1 1 0\n";
	static const char many[] = HEAD "little 40 40 1024 4 1" TAIL "10 10 0\n";
	/* in_folder() uses its names' memory again after a while. */
	char *trace = strdup(write_file("trace.txt", one_alloc, sizeof(one_alloc) - 1));
	char *before = strdup(write_file("before", empty, sizeof(empty) - 1));
	char *after = strdup(write_file("after", one, sizeof(one) - 1));
	char *wrong = strdup(write_file("wrong", many, sizeof(many) - 1));
	char *odd = strdup(write_file("odd", crooked, sizeof(crooked) - 1));
	char *bad = strdup(write_file("bad", "slabinfo - version: 2.1\nlittle\n", 31));
	char command[1024];
	struct result res;

	res = VERIFY("--at-least", "100", "--slabinfo", before, "--slabinfo-end", after, trace);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "caches with events in the trace                             100.0 % (1 / 1 caches)"));
	done(&res);
	expect(VERIFY("--at-least", "100", "--slabinfo", before, "--slabinfo-end", wrong, trace), 1, "");
	expect(VERIFY("--slabinfo", before, "--slabinfo-end", bad, trace), 2, "bad:2: expected: NAME");
	expect(VERIFY("--json", trace, "--slabinfo", before, "--slabinfo-end", after, trace), 2, "written over");
	expect(VERIFY("--slabinfo", odd, "--slabinfo-end", after, trace), 2, "cache odd: objects of 12 bytes");
	expect(VERIFY("--slabinfo", before, trace), 2, "--slabinfo and --slabinfo-end go together");
	expect(VERIFY("--slabinfo", before, "--slabinfo-end", after, in_folder("")), 2, "");
	snprintf(command, sizeof(command), "mkdir %s %s/procfs_a %s/procfs_b && cp %s %s && cp %s %s/procfs_a/slabinfo && "
		 "cp %s %s/procfs_b/slabinfo", in_folder("dir"), in_folder("dir"), in_folder("dir"), trace,
		 in_folder("dir"), before, in_folder("dir"), after, in_folder("dir"));
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
	res = VERIFY("--json", "-", in_folder("dir"));
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\"mode\": \"counts\""));
	done(&res);
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--without-snapshots", trace, NULL }), 2,
	       "without snapshots only --layer=objects");
	free(trace);
	free(before);
	free(after);
	free(wrong);
	free(odd);
	free(bad);
}

static void expect_documented(const char *part, const char *const *args)
{
	struct result res = run_cmd(cmd_verify, NULL, args);
	json_t *root = json_loads(res.out, 0, NULL);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	check_documented(root, part, "`schema_version` `ratio` `numerator` `denominator`");
	json_decref(root);
	done(&res);
}

/* Every key of verify's reports, of all three kinds, misses included, is defined in docs/metrics.md. */
static void test_documented(void)
{
	char *doc = slurp(test_data("../docs/metrics.md"), NULL), *part, *behind;
	const char *capture = test_shared("oracle/kernel/6.1-smp1_idle_small");

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	part = strstr(doc, "\n## verify");
	CU_ASSERT_PTR_NOT_NULL_FATAL(part);
	behind = strstr(part + 1, "\n## ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(behind);
	*behind = '\0';
#define EXPECT_DOCUMENTED(...) \
	expect_documented(part, (const char *const[]){ "--json", "-", __VA_ARGS__, NULL })
	EXPECT_DOCUMENTED("--layer", "objects", "--slabinfo", in_folder("before"), "--slabinfo-end",
			  in_folder("after"), in_folder("trace.txt"));
	if (capture) {
		EXPECT_DOCUMENTED("--mode", "open", "--kernel", "6.12", capture);
		EXPECT_DOCUMENTED("--mode", "guided", "--kernel", "6.12", capture);
		EXPECT_DOCUMENTED("--layer", "objects", capture);
	}
	free(doc);
}

static const struct test_case cases[] = {
	{ "slabinfo", test_slabinfo },
	{ "bad_slabinfo", test_bad_slabinfo },
	{ "near", test_near },
	{ "new_cache", test_new_cache },
	{ "stopped", test_stopped },
	{ "hinted_free", test_hinted_free },
	{ "hinted_lists", test_hinted_lists },
	{ "node_free", test_node_free },
	{ "old_frees", test_old_frees },
	{ "slabs_go", test_slabs_go },
	{ "kfree", test_kfree },
	{ "unseen", test_unseen },
	{ "nameless", test_nameless },
	{ "large", test_large },
	{ "bulk", test_bulk },
	{ "captures", test_captures },
	{ "command", test_command },
	{ "documented", test_documented },
	{ NULL, NULL }
};

const struct test_suite counts_suite = { "counts", cases };

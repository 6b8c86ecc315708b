/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the order of events and that of their effects, rule by rule, on
 * captures of a few lines. One cache, four objects a slab; what holds which:
 *
 *   CPU 0   slab 10: 0 1 (2 and 3 in use)        CPU 1  nothing
 *   node 0  slab 13: 0 1, slab 14: 2             full   slabs 11, 12
 *
 * An object is written SLAB/NUMBER; its address is the slab's frame, 0x1000
 * more, and NUMBER KiB. Each line is a task or interrupt on a CPU:
 *
 *   TASK   pid 5, nothing disabled         OTHER  pid 6 on the same CPU
 *   DAEMON pid 9, ksoftirqd
 *   IRQ    came into pid 5 anywhere        IN1    where preemption was disabled once
 *   IN2    twice: while its event was being written
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/objects/objects.h"
#include "sim/verify/objects/replay.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define CACHE "ffff888001234500"

static const char zones_text[] =
	"mmsnap 1\n" "tag A\n" "kernel 6.1.0-9-amd64 #1 SMP\n"
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n"
	"consts page_shift 12 pageblock_order 9 orders 11 migrate_types 5 pcptypes 3 pcp_lists 14 costly 3 zones 5\n"
	"cpus 0 1\n"
	"node 0 start 1000 spanned 400 present 400 kswapd_order 0\n"
	"zonelist 0 : 0/1\n"
	"zone 0 1 DMA32 start 1000 spanned 400 present 400 managed 400\n"
	"wmark min 1 low 2 high 3 promo 4 boost 0\n"
	"lowmem_reserve 0 0 0 0 0\n"
	"zflags 0 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n"
	"zstat 0 0\n" "zstatdiff 0 thr 4 0 0\n" "zstatdiff 1 thr 4 0 0\n"
	"pcp 0 count 0 high 10 batch 3 free_factor 1 expire 0\n"
	"pcp 1 count 0 high 10 batch 3 free_factor 1 expire 0\n"
	"nr_free 0 0 0 0 0 0 0 0 0 0 0\n" "blocks 1000 :11\n" "endzone\n" "cache 0 x\nend\n";

static const char slabs_text[] =
	"mmsnap 1\n"
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n"
	"cpus 0 1\n" "node 0\n"
	"cache 0 little at " CACHE " size 1024 object_size 1000 offset 512 align 8 inuse 1000 oo 0/4 "
	"min 0/4 min_partial 5 cpu_partial 16 cpu_partial_slabs 4 flags 0 allocflags 0 refcount 1\n"
	"rseq : 2 0 3 1\n"
	"cpuslab 0 1010 free : 0 1\n"
	"nodepartial 0 nr 2 slabs 5 objects 20 : 1013 1014\n"
	"slab 1010 0 " CACHE " inuse 4 objects 4 frozen 1 free :\n"
	"slab 1011 0 " CACHE " inuse 4 objects 4 frozen 0 free :\n"
	"slab 1012 0 " CACHE " inuse 4 objects 4 frozen 0 free :\n"
	"slab 1013 0 " CACHE " inuse 2 objects 4 frozen 0 free : 0 1\n"
	"slab 1014 0 " CACHE " inuse 3 objects 4 frozen 0 free : 2\n"
	"end\n";

/* ---- lines ----------------------------------------------------------------- */

#define TASK	"a-5 [000] ....."
#define OTHER	"b-6 [000] ....."
#define DAEMON	"k-9 [000] ..s.."
#define IRQ	"a-5 [000] ..s.."
#define IN1	"a-5 [000] ..s1."
#define IN2	"a-5 [000] ..s2."
#define CPU1	"c-7 [001] ....."

#define PTR_0	"000"
#define PTR_1	"400"
#define PTR_2	"800"
#define PTR_3	"c00"
#define ALLOC(who, slab, number) who " 7: kmem_cache_alloc: call_site=f+0x1/0x2 ptr=ffff8880010" #slab \
	PTR_##number " bytes_req=1000 bytes_alloc=1024 gfp_flags=GFP_KERNEL node=-1 accounted=false\n"
#define FREE(who, slab, number) who " 7: kmem_cache_free: call_site=f+0x1/0x2 ptr=ffff8880010" #slab \
	PTR_##number " name=little\n"
#define PAGE(who) who " 7: mm_page_alloc: page=0 pfn=0x1300 order=0 migratetype=0 gfp_flags=GFP_KERNEL\n"
#define BULK_IN(who) who " 7: kbulk_alloc_in: (f+0x0/0x1) cache=0x" CACHE " flags=0xcc0 size=1 p=0x1\n"
#define BULK_OUT(who) who " 7: kbulk_alloc_out: (f+0x0/0x1 <- g) ret=1\n"
#define OBJ(slab, number) "0xffff8880010" #slab PTR_##number
#define BULK_FREE(who, nr, list) who " 7: kbulk_free: (f+0x0/0x1) cache=0x" CACHE " size=" #nr " a={" list "}\n"
/* struct page of frame 0x1010 is 0xffffea0000040400; of each next one 0x40 more */
#define SLAB_10 "0xffffea0000040400"
#define SLAB_11 "0xffffea0000040440"
#define SLAB_12 "0xffffea0000040480"
#define SLAB_14 "0xffffea0000040500"
#define SLAB_20 "0xffffea0000040800"
#define TO_CPU(who, slab) who " 7: slab_cpupart: (f+0x0/0x1) cache=0x" CACHE " slab=" SLAB_##slab " drain=1\n"
#define MOVED(who, slab) who " 7: slab_cpupart: (f+0x0/0x1) cache=0x" CACHE " slab=" SLAB_##slab " drain=0\n"
#define SLAB_IN(who) who " 7: slab_alloc_in: (f+0x0/0x1) cache=0x" CACHE " flags=0xcc0\n"
#define SLAB_OUT(who, slab) who " 7: slab_alloc_out: (f+0x0/0x1 <- g) slab=" SLAB_##slab "\n"

struct played {
	struct snapshot *zones;
	struct objects_snapshot *snap;
	struct trace *trace;
	struct objects_ops ops;
	struct objects_machine m;
	struct objects_predicted pr;
};

static void play_until(struct played *p, const char *zones, const char *slabs, const char *lines,
		       const volatile sig_atomic_t *stop)
{
	static const char begin[] = "a-5 [000] ..... 1: snap_fn: mmsnap end A len 1\n";
	static const char end[] = "a-5 [000] ..... 9: snap_fn: mmsnap begin B\n";
	char *text = malloc(sizeof(begin) + sizeof(end) + strlen(lines));
	struct capture_check check;
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;
	int len;

	len = snprintf(text, sizeof(begin) + sizeof(end) + strlen(lines), "%s%s%s", begin, lines, end);
	memset(p, 0, sizeof(*p));
	CU_ASSERT_EQUAL_FATAL(snapshot_parse(&p->zones, "z", zones, strlen(zones), &err), 0);
	CU_ASSERT_EQUAL_FATAL(objects_snapshot_parse(&p->snap, "s", slabs, strlen(slabs), &err), 0);
	p->trace = trace_create(0);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, (size_t)len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "ftrace", trace_names(p->trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(p->trace, rd, NULL, NULL, &err), 0);
	CU_ASSERT_EQUAL(rd->stats.malformed, 0);
	reader_close(rd);
	free(text);
	CU_ASSERT_EQUAL_FATAL(objects_ops_build(&p->ops, &check, p->trace, "trace", p->zones, p->snap, &err), 0);
	CU_ASSERT_EQUAL(check.nr_skipped, 0);
	CU_ASSERT_EQUAL_FATAL(objects_machine_init(&p->m, p->zones, p->snap, NULL, &err), 0);
	CU_ASSERT_EQUAL(slab_validate(p->m.sa, NULL, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(objects_predict(&p->pr, &p->m, &p->ops, 0, stop, &err), 0);
	CU_ASSERT_EQUAL(p->pr.served, stop ? 0 : p->ops.nr);
	CU_ASSERT_EQUAL(slab_validate(p->m.sa, NULL, NULL), 0);
}

static void play_on(struct played *p, const char *zones, const char *slabs, const char *lines)
{
	play_until(p, zones, slabs, lines, NULL);
}

static void play_any(struct played *p, const char *lines)
{
	play_on(p, zones_text, slabs_text, lines);
}

/* The same of lines that all make sense. */
static void play(struct played *p, const char *lines)
{
	play_any(p, lines);
	CU_ASSERT_EQUAL(p->pr.count[OBJ_refused_frees], 0);
	CU_ASSERT_EQUAL(p->pr.count[OBJ_no_slab], 0);
}

static void finish(struct played *p)
{
	objects_predicted_free(&p->pr);
	objects_machine_exit(&p->m);
	objects_ops_free(&p->ops);
	trace_destroy(p->trace);
	objects_snapshot_free(p->snap);
	snapshot_free(p->zones);
}

static struct kmem_cache *cache(const struct played *p)
{
	return objects_machine_cache(&p->m, 0xffff888001234500);
}

/* "10: 2 3" is CPU 0's slab and its list. */
static void expect_cpu(const struct played *p, const char *expected)
{
	char text[64];
	uint16_t list[4];
	uint32_t pfn;
	unsigned int nr = slab_read_cpu(cache(p), 0, &pfn, list, 4), i;
	int len = snprintf(text, sizeof(text), "%x:", pfn - 0x1000);

	for (i = 0; i < nr; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %u", list[i]);
	CU_ASSERT_STRING_EQUAL(text, expected);
}

/* CPU 0's partial slabs, the next one first. */
static void expect_partial(const struct played *p, const char *expected)
{
	char text[64] = "";
	uint32_t pfns[8];
	unsigned int nr = slab_read_cpu_partial(cache(p), 0, pfns, 8), i;
	int len = 0;

	for (i = 0; i < nr; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, i ? " %x" : "%x", pfns[i] - 0x1000);
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void expect_rate(const struct played *p, uint64_t hits, uint64_t all)
{
	CU_ASSERT_EQUAL(p->pr.allocs.hits, hits);
	CU_ASSERT_EQUAL(p->pr.allocs.all, all);
}

/* ---- frees -------------------------------------------------------------------- */

/* Without a sign of anything else, effects follow events. */
static void test_plain(void)
{
	struct played p;

	play(&p, FREE(TASK, 10, 2) FREE(IRQ, 10, 3) ALLOC(TASK, 10, 3));
	expect_cpu(&p, "10: 2 0 1");
	expect_rate(&p, 1, 1);
	finish(&p);
}

/* An interrupt that came while the event of a free was being written was served before the free. */
static void test_free_being_written(void)
{
	struct played p;

	play(&p, FREE(TASK, 10, 2) FREE(IN2, 10, 3) FREE(IN2, 11, 0) ALLOC(TASK, 10, 2));
	expect_cpu(&p, "10: 3 0 1");
	expect_rate(&p, 1, 1);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_hinted_allocs] + p.pr.count[OBJ_late_frees], 0);
	finish(&p);
}

/* But not where an event of pages shows that the free's task had gone on. */
static void test_gone_on(void)
{
	struct played p;

	play(&p, FREE(TASK, 10, 2) PAGE(TASK) FREE(IN2, 10, 3) ALLOC(TASK, 10, 3));
	expect_cpu(&p, "10: 2 0 1");
	expect_rate(&p, 1, 1);
	finish(&p);
}

/* A free is over when another task runs, also one that serves what interrupts left to it. */
static void test_other_task(void)
{
	struct played p;

	play(&p, FREE(TASK, 10, 2) FREE(IN2, 11, 0) FREE(DAEMON, 10, 3) PAGE(TASK));
	expect_cpu(&p, "10: 3 2 0 1");
	finish(&p);
	/* What that task gets then is no hint about the free. */
	play(&p, FREE(TASK, 10, 2) ALLOC(DAEMON, 10, 0));
	expect_rate(&p, 0, 1);
	finish(&p);
	play(&p, FREE(TASK, 10, 2) ALLOC(OTHER, 10, 2));
	expect_rate(&p, 1, 1);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_hinted_allocs], 0);
	finish(&p);
}

/* That a slab goes to the partial list is a part of the free: what interrupts its probe comes first. */
static void test_partial_being_written(void)
{
	struct played p;

	play(&p, FREE(TASK, 11, 0) TO_CPU(TASK, 11) FREE(IN2, 12, 0) PAGE(TASK));
	expect_partial(&p, "11 12");
	finish(&p);
	play(&p, FREE(TASK, 11, 0) TO_CPU(TASK, 11) FREE(IRQ, 12, 0) TO_CPU(IRQ, 12) PAGE(TASK));
	expect_partial(&p, "12 11");
	finish(&p);
}

/* Where the slab's probe comes behind the interrupt, so did the free. */
static void test_partial_behind(void)
{
	struct played p;

	play(&p, FREE(TASK, 11, 0) FREE(IRQ, 12, 0) TO_CPU(IRQ, 12) TO_CPU(TASK, 11));
	expect_partial(&p, "11 12");
	finish(&p);
}

/* Only the object shows it: the free was still under way. That is a hint, and no prediction. */
static void test_hinted_by_object(void)
{
	struct played p;

	play(&p, FREE(TASK, 10, 2) ALLOC(IRQ, 10, 0) ALLOC(TASK, 10, 2));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_late_frees], 1);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_hinted_allocs], 1);
	expect_rate(&p, 1, 1);
	expect_cpu(&p, "10: 1");
	finish(&p);
	/* The rule said that it was under way, and the object that it was over. */
	play(&p, FREE(TASK, 10, 2) ALLOC(IN2, 10, 2) ALLOC(TASK, 10, 0));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_hinted_allocs], 1);
	expect_rate(&p, 1, 1);
	finish(&p);
}

/* One more than verify has places for frees that are under way: each CPU has one. */
#define MANY_CPUS (MAX_WAITING + 1)

/* @text as it is on a machine of MANY_CPUS. */
static char *on_many_cpus(const char *text)
{
	char *copy = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&copy, &len);
	unsigned int cpu;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (; *text; text += strcspn(text, "\n") + 1) {
		fprintf(out, "%.*s", (int)strcspn(text, "\n"), text);
		for (cpu = 2; !strncmp(text, "cpus ", 5) && cpu < MANY_CPUS; cpu++)
			fprintf(out, " %u", cpu);
		putc('\n', out);
		for (cpu = 2; !strncmp(text, "pcp 1 ", 6) && cpu < MANY_CPUS; cpu++)
			fprintf(out, "pcp %u%.*s\n", cpu, (int)strcspn(text + 5, "\n"), text + 5);
		for (cpu = 2; !strncmp(text, "zstatdiff 1 ", 12) && cpu < MANY_CPUS; cpu++)
			fprintf(out, "zstatdiff %u thr 4 0 0\n", cpu);
	}
	fclose(out);
	return copy;
}

/* A slab of four objects in use for each CPU, from frame 0x1020 on. */
static char *slabs_for_many(void)
{
	char *slabs = on_many_cpus(slabs_text), *more = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&more, &len);
	unsigned int cpu;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "%.*s", (int)(strlen(slabs) - strlen("end\n")), slabs);
	for (cpu = 0; cpu < MANY_CPUS; cpu++)
		fprintf(out, "slab %x 0 " CACHE " inuse 4 objects 4 frozen 0 free :\n", 0x1020 + cpu);
	fprintf(out, "end\n");
	fclose(out);
	free(slabs);
	return more;
}

/*
 * On each CPU an interrupt shows that a free's event was being written: so many are under way that
 * there is no place for the last. Then the first one is carried out, and none is lost.
 */
static void test_too_many_wait(void)
{
	char *zones = on_many_cpus(zones_text), *slabs = slabs_for_many(), *lines = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&lines, &len);
	struct played p;
	unsigned int cpu;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (cpu = 0; cpu < MANY_CPUS; cpu++)
		fprintf(out, "c-%u [%03u] ..... 7: kmem_cache_free: call_site=f ptr=ffff88800%07x name=little\n"
			"c-%u [%03u] ..s2. 7: kmem_cache_free: call_site=f ptr=ffff88800%07x name=little\n",
			cpu + 5, cpu, 0x1020000 + cpu * 0x1000, cpu + 5, cpu, 0x1020400 + cpu * 0x1000);
	fclose(out);
	play_on(&p, zones, slabs, lines);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_refused_frees], 0);
	for (cpu = 0; cpu < MANY_CPUS; cpu++) {
		const char *slab = virt_from_pfn(p.m.map, pfn_make(0x1020 + cpu));

		CU_ASSERT_FALSE(slab_is_live(p.m.sa, slab));
		CU_ASSERT_FALSE(slab_is_live(p.m.sa, slab + 0x400));
		CU_ASSERT_TRUE(slab_is_live(p.m.sa, slab + 0x800));
	}
	finish(&p);
	free(zones);
	free(slabs);
	free(lines);
}

/* ---- requests ------------------------------------------------------------------ */

/* Whoever asks for an end gets it before the next operation; the slabs are as they were. */
static void test_stopped(void)
{
	static const volatile sig_atomic_t stop = 1;
	struct played p;

	play_until(&p, zones_text, slabs_text, ALLOC(TASK, 10, 1) ALLOC(TASK, 10, 0), &stop);
	expect_rate(&p, 0, 0);
	finish(&p);
}

/* A wrong guess is a miss with its cause, and the state is the kernel's afterwards. */
static void test_miss(void)
{
	struct played p;

	play(&p, ALLOC(TASK, 10, 1) ALLOC(TASK, 10, 0));
	expect_rate(&p, 1, 2);
	CU_ASSERT_EQUAL(p.pr.cause[OBJECTS_same_list], 1);
	expect_cpu(&p, "10:");
	finish(&p);
	play(&p, ALLOC(TASK, 13, 0));
	expect_rate(&p, 0, 1);
	CU_ASSERT_EQUAL(p.pr.cause[OBJECTS_node_partial], 1);
	expect_cpu(&p, "13: 1");
	finish(&p);
}

/* An object that the interrupted task had taken before its event: a hint. */
static void test_early(void)
{
	struct played p;

	play(&p, ALLOC(IRQ, 10, 1) ALLOC(TASK, 10, 0));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_early_allocs], 1);
	expect_rate(&p, 1, 1);
	finish(&p);
}

/*
 * A request found nothing on its CPU and went to the node, whose next slab went
 * to the CPU's partial list; that something was freed to the CPU meanwhile
 * changes nothing.
 */
static void test_node_refill(void)
{
	struct played p;

	play(&p, ALLOC(TASK, 10, 0) ALLOC(TASK, 10, 1) FREE(IRQ, 10, 2) MOVED(TASK, 14) ALLOC(TASK, 13, 0)
	     ALLOC(TASK, 13, 1));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_node_refills], 1);
	expect_rate(&p, 3, 3);
	expect_cpu(&p, "13:");
	expect_partial(&p, "14");
	finish(&p);
	/* An ordinary refill needs no such hint. */
	play(&p, ALLOC(TASK, 10, 0) ALLOC(TASK, 10, 1) MOVED(TASK, 14) ALLOC(TASK, 13, 0));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_node_refills], 0);
	expect_rate(&p, 3, 3);
	finish(&p);
}

/* A new slab's list begins where its first object seen says; the rest is predicted. */
static void test_new_slab(void)
{
	struct played p;

	play(&p, ALLOC(CPU1, 13, 0) ALLOC(CPU1, 13, 1) ALLOC(CPU1, 14, 2) SLAB_IN(CPU1) SLAB_OUT(CPU1, 20)
	     ALLOC(CPU1, 20, 3) ALLOC(CPU1, 20, 1) ALLOC(CPU1, 20, 2) ALLOC(CPU1, 20, 0));
	expect_rate(&p, 6, 6);
	CU_ASSERT_EQUAL(p.pr.slabs.all, 1);
	CU_ASSERT_EQUAL(p.pr.slabs.hits, 1);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_slab_starts], 1);
	finish(&p);
	/* Objects were left here. */
	play(&p, SLAB_IN(TASK) SLAB_OUT(TASK, 20) ALLOC(TASK, 20, 3));
	CU_ASSERT_EQUAL(p.pr.slabs.all, 1);
	CU_ASSERT_FALSE(p.pr.slabs.hits);
	CU_ASSERT_EQUAL(p.pr.cause[OBJECTS_early_slab], 1);
	finish(&p);
}

/* ---- many at once ---------------------------------------------------------------- */

/* A bulk request may sleep before it takes anything: what another task does then comes first. */
static void test_bulk_sleeps(void)
{
	struct played p;

	play(&p, BULK_IN(TASK) FREE(OTHER, 10, 2) PAGE(OTHER) BULK_OUT(TASK));
	expect_cpu(&p, "10: 0 1");
	finish(&p);
}

/* It runs with interrupts disabled: one comes before it, or as it ends with preemption disabled once. */
static void test_bulk_interrupted(void)
{
	struct played p;

	play(&p, BULK_IN(TASK) FREE(IN1, 10, 2) BULK_OUT(TASK));
	expect_cpu(&p, "10: 2 1");
	finish(&p);
	play(&p, BULK_IN(TASK) FREE(IN2, 10, 2) BULK_OUT(TASK));
	expect_cpu(&p, "10: 0 1");
	finish(&p);
}

/* A bulk free goes slab by slab, from the array's end; an interrupt finds it where its probe shows. */
static void test_bulk_free(void)
{
	struct played p;

	play(&p, BULK_FREE(TASK, 3, OBJ(11, 0) "," OBJ(11, 1) "," OBJ(10, 2)) TO_CPU(TASK, 11)
	     FREE(IN2, 10, 3) FREE(IN2, 12, 0) PAGE(TASK) ALLOC(TASK, 10, 3));
	expect_cpu(&p, "10: 2 0 1");
	expect_partial(&p, "11 12");
	CU_ASSERT_EQUAL(p.pr.count[OBJ_bulk_frees], 3);
	finish(&p);
}

/* The probe of its slab behind the interrupt: nothing had been freed. Without one: all had. */
static void test_bulk_free_behind(void)
{
	struct played p;

	play(&p, BULK_FREE(TASK, 1, OBJ(11, 0)) FREE(IRQ, 12, 0) TO_CPU(IRQ, 12) TO_CPU(TASK, 11));
	expect_partial(&p, "11 12");
	finish(&p);
	play(&p, BULK_FREE(TASK, 1, OBJ(10, 2)) FREE(IRQ, 10, 3) PAGE(TASK));
	expect_cpu(&p, "10: 3 2 0 1");
	finish(&p);
}

/* ---- slabinfo ---------------------------------------------------------------------- */

static struct objects_slabinfo slabinfo(const struct played *p, const char *text)
{
	static const char head[] = "slabinfo - version: 2.1\n# name <active_objs>\n";
	struct objects_slabinfo result;
	struct slabinfo_file file;
	struct kerror err = { 0 };
	char all[512];

	snprintf(all, sizeof(all), "%s%s", head, text);
	CU_ASSERT_EQUAL_FATAL(slabinfo_parse(&file, "slabinfo", all, strlen(all), &err), 0);
	objects_slabinfo_compare(&result, &p->m, &file);
	slabinfo_free(&file);
	return result;
}

/*
 * The machine has 5 slabs of 4 objects, 3 of them free on the node's list. Counts
 * may be one slab off, a layout not; a cache that is not known is passed over.
 */
static void test_slabinfo(void)
{
	static const char tail[] = " : tunables 0 0 0 : slabdata ";
	struct objects_slabinfo r;
	struct played p;
	char text[256];

	play(&p, PAGE(TASK) FREE(TASK, 10, 2));
	r = slabinfo(&p, "other 1 1 8 1 1 : tunables 0 0 0 : slabdata 1 1 0\n");
	CU_ASSERT_FALSE(r.layouts.all);
	CU_ASSERT_FALSE(r.counts.all);
	snprintf(text, sizeof(text), "little 17 20 1024 4 1%s5 5 0\n", tail);
	r = slabinfo(&p, text);
	CU_ASSERT_EQUAL(r.layouts.all, 1);
	CU_ASSERT_EQUAL(r.layouts.hits, 1);
	CU_ASSERT_EQUAL(r.counts.all, 1);
	CU_ASSERT_EQUAL(r.counts.hits, 1);
	snprintf(text, sizeof(text), "little 21 24 1024 4 2%s6 6 0\n", tail);
	r = slabinfo(&p, text);
	CU_ASSERT_EQUAL(r.layouts.all, 1);
	CU_ASSERT_FALSE(r.layouts.hits);
	CU_ASSERT_EQUAL(r.counts.hits, 1);
	snprintf(text, sizeof(text), "little 22 24 1024 4 1%s6 6 0\n", tail);
	r = slabinfo(&p, text);
	CU_ASSERT_EQUAL(r.layouts.hits, 1);
	CU_ASSERT_EQUAL(r.counts.all, 1);
	CU_ASSERT_FALSE(r.counts.hits);
	snprintf(text, sizeof(text), "little 17 20 1024 4 1%s7 7 0\n", tail);
	CU_ASSERT_EQUAL(slabinfo(&p, text).counts.hits, 0);
	finish(&p);
}

/* An object that one bulk free names twice is freed once; the second time it is not in use. */
static void test_bulk_free_twice(void)
{
	struct played p;

	play_any(&p, BULK_FREE(TASK, 3, OBJ(11, 0) "," OBJ(11, 0) "," OBJ(11, 1)));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_bulk_frees], 2);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_refused_frees], 1);
	finish(&p);
	/* The first free has not been carried out yet when the bulk free is. */
	play_any(&p, FREE(TASK, 11, 0) BULK_FREE(CPU1, 1, OBJ(11, 0)) PAGE(CPU1));
	CU_ASSERT_EQUAL(p.pr.count[OBJ_bulk_frees], 0);
	CU_ASSERT_EQUAL(p.pr.count[OBJ_refused_frees], 1);
	finish(&p);
}

static const struct test_case cases[] = {
	{ "plain", test_plain },
	{ "free_being_written", test_free_being_written },
	{ "gone_on", test_gone_on },
	{ "other_task", test_other_task },
	{ "partial_being_written", test_partial_being_written },
	{ "partial_behind", test_partial_behind },
	{ "hinted_by_object", test_hinted_by_object },
	{ "too_many_wait", test_too_many_wait },
	{ "stopped", test_stopped },
	{ "miss", test_miss },
	{ "early", test_early },
	{ "node_refill", test_node_refill },
	{ "new_slab", test_new_slab },
	{ "bulk_sleeps", test_bulk_sleeps },
	{ "bulk_interrupted", test_bulk_interrupted },
	{ "bulk_free", test_bulk_free },
	{ "bulk_free_behind", test_bulk_free_behind },
	{ "slabinfo", test_slabinfo },
	{ "bulk_free_twice", test_bulk_free_twice },
	{ NULL, NULL }
};

const struct test_suite objects_order_suite = { "objects_order", cases };

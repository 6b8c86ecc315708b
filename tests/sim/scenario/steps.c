/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a scenario's text becomes these steps, with these values. */
#include <sys/mman.h>

#include "tests/sim/scenario/read_text.h"

#define MIB	(UINT64_C(1) << 20)

/* In front of every case: what its names stand for. Its own step is the last one. */
static const char head[] =
	"machine cpus=4\n"
	"file data 8M\n"
	"process A\n"
	"A mmap buf 64M\n";

static struct scenario *last_step(const char *line, struct step *step)
{
	char text[512];
	struct scenario *s;
	const struct step *steps;
	uint32_t nr = 0;

	snprintf(text, sizeof(text), "%s  %s\n", head, line);
	s = read_good(text);
	steps = scenario_steps(s, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 4);
	*step = steps[3];
	CU_ASSERT_EQUAL(step->line, 5);
	CU_ASSERT_EQUAL(step->column, 3);
	return s;
}

static struct step read_step(const char *line)
{
	struct step step = { 0 };

	scenario_destroy(last_step(line, &step));
	return step;
}

/* ---- machine, files, processes ------------------------------------------------- */

/* Every option has a value of its own; what is given has its bit. */
static void test_machine(void)
{
	struct scenario *huge = read_good("machine mthp=16k:always,1M:inherit,64k:never,32k:madvise,512k:madvise\n"
					  "process A\n");
	struct scenario *s = read_good("machine memory=512M cpus=2 nodes=2 kernel=6.1 thp=never swap=64M swap-type=zram "
				       "overcommit=2 overcommit-ratio=80 tlb=l1=64x4,l2=1536x12 pcid=off lru=mglru "
				       "policy=s3-fifo frames=3 fault-around=4k page-cluster=0 swappiness=100 "
				       "numa-balancing=on thp-defrag=defer+madvise "
				       "mthp=16k:never,64k:never\nprocess A\n");
	const struct scenario_machine *m = scenario_machine(s), *sizes = scenario_machine(huge);

	CU_ASSERT_EQUAL(m->given, (1u << NR_SCENARIO_MACHINE) - 1);
	CU_ASSERT_EQUAL(m->memory_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(m->cpus, 2);
	CU_ASSERT_EQUAL(m->nodes, 2);
	CU_ASSERT_EQUAL(m->kernel, BUDDY_KERNEL_6_1);
	CU_ASSERT_EQUAL(m->thp, SCENARIO_THP_NEVER);
	CU_ASSERT_EQUAL(m->thp_defrag, SCENARIO_DEFRAG_DEFER_MADVISE);
	CU_ASSERT_EQUAL(sizes->mthp[0], 1u << 2);
	CU_ASSERT_EQUAL(sizes->mthp[1], 1u << 3 | 1u << 7);
	CU_ASSERT_EQUAL(sizes->mthp[2], 1u << 8);
	CU_ASSERT_EQUAL(m->swap_bytes, 64 * MIB);
	CU_ASSERT_EQUAL(m->swap_type, SCENARIO_ZRAM);
	CU_ASSERT_TRUE(m->numa_balancing);
	CU_ASSERT_EQUAL(m->overcommit, 2);
	CU_ASSERT_EQUAL(m->overcommit_ratio, 80);
	CU_ASSERT_STRING_EQUAL(m->tlb, "l1=64x4,l2=1536x12");
	CU_ASSERT_EQUAL(m->pcid, false);
	CU_ASSERT_EQUAL(m->lru, SCENARIO_MGLRU);
	CU_ASSERT_EQUAL(m->policy, SCENARIO_S3_FIFO);
	CU_ASSERT_EQUAL(m->frames, 3);
	CU_ASSERT_EQUAL(m->fault_around_bytes, 4096);
	CU_ASSERT_EQUAL(m->page_cluster, 0);
	CU_ASSERT_EQUAL(m->swappiness, 100);
	scenario_destroy(huge);
	scenario_destroy(s);
}

/* What is not given is the kernel's default; which lists it keeps depends on the kernel. */
static void test_machine_defaults(void)
{
	struct scenario *s = read_good("process A\n"), *old = read_good("machine kernel=6.1\nprocess A\n");
	const struct scenario_machine *m = scenario_machine(s);

	CU_ASSERT_EQUAL(m->given, 0);
	CU_ASSERT_EQUAL(m->memory_bytes, 256 * MIB);
	CU_ASSERT_EQUAL(m->cpus, 1);
	CU_ASSERT_EQUAL(m->nodes, 1);
	CU_ASSERT_EQUAL(m->kernel, BUDDY_KERNEL_NEWEST);
	CU_ASSERT_EQUAL(m->thp, SCENARIO_THP_NEVER);
	CU_ASSERT_EQUAL(m->swap_bytes, 0);
	CU_ASSERT_EQUAL(m->overcommit_ratio, 50);
	CU_ASSERT_STRING_EQUAL(m->tlb, "");
	CU_ASSERT_EQUAL(m->pcid, true);
	CU_ASSERT_EQUAL(m->lru, SCENARIO_MGLRU);
	CU_ASSERT_EQUAL(m->policy, SCENARIO_KERNEL);
	CU_ASSERT_EQUAL(m->fault_around_bytes, 64 << 10);
	CU_ASSERT_EQUAL(m->page_cluster, 3);
	CU_ASSERT_EQUAL(m->swappiness, 60);
	CU_ASSERT_EQUAL(scenario_machine(old)->lru, SCENARIO_CLASSIC);
	CU_ASSERT_EQUAL(scenario_machine(old)->given, 1u << SCENARIO_MACHINE_KERNEL);
	scenario_destroy(s);
	scenario_destroy(old);
}

static void test_world(void)
{
	struct step step = read_step("file log 12345 cached");

	CU_ASSERT_EQUAL(step.kind, STEP_FILE);
	CU_ASSERT_EQUAL(step.file, 2);
	CU_ASSERT_EQUAL(step.file_of.bytes, 12345);
	CU_ASSERT_EQUAL(step.file_of.cached, true);
	step = read_step("process B uid=1000 cpu=3 oom-adj=-500");
	CU_ASSERT_EQUAL(step.kind, STEP_PROCESS);
	CU_ASSERT_EQUAL(step.process, 2);
	CU_ASSERT_EQUAL(step.new.uid, 1000);
	CU_ASSERT_EQUAL(step.new.cpu, 3);
	CU_ASSERT_EQUAL(step.new.oom_adj, -500);
	step = read_step("sleep 1.5s");
	CU_ASSERT_EQUAL(step.kind, STEP_SLEEP);
	CU_ASSERT_EQUAL(step.sleep_ns, 1500000000);
	CU_ASSERT_EQUAL(read_step("sync").kind, STEP_SYNC);
	CU_ASSERT_EQUAL(read_step("drop-caches").kind, STEP_DROP_CACHES);
	CU_ASSERT_EQUAL(read_step("khugepaged").kind, STEP_KHUGEPAGED);
	step = read_step("age");
	CU_ASSERT_EQUAL(step.kind, STEP_AGE);
	CU_ASSERT_EQUAL(step.gens.swappiness, SCENARIO_ABSENT);
	CU_ASSERT_FALSE(step.gens.force);
	step = read_step("age force swappiness=200");
	CU_ASSERT_EQUAL(step.gens.swappiness, 200);
	CU_ASSERT_TRUE(step.gens.force);
	step = read_step("evict 64k swappiness=0");
	CU_ASSERT_EQUAL(step.kind, STEP_EVICT);
	CU_ASSERT_EQUAL(step.gens.bytes, 65536);
	CU_ASSERT_EQUAL(step.gens.swappiness, 0);
	step = read_step("A cpu 3");
	CU_ASSERT_EQUAL(step.kind, STEP_CPU);
	CU_ASSERT_EQUAL(step.cpu, 3);
}

/* ---- calls ------------------------------------------------------------------------ */

static void test_mmap(void)
{
	struct step step = read_step("A mmap new 4k");

	CU_ASSERT_EQUAL(step.kind, STEP_MMAP);
	CU_ASSERT_EQUAL(step.process, 1);
	CU_ASSERT_EQUAL(step.map, NR_SCENARIO_LAYOUT + 2);
	CU_ASSERT_EQUAL(step.name_column, 10);
	CU_ASSERT_EQUAL(step.file, 0);
	CU_ASSERT_EQUAL(step.expected_errno, 0);
	CU_ASSERT_EQUAL(step.mmap.bytes, 4096);
	CU_ASSERT_EQUAL(step.mmap.prot, PROT_READ | PROT_WRITE);
	CU_ASSERT_EQUAL(step.mmap.sharing, SCENARIO_PRIVATE);
	CU_ASSERT_EQUAL(step.mmap.placing, SCENARIO_HINT);
	CU_ASSERT_EQUAL(step.mmap.at, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.mmap.populate, false);
	step = read_step("A mmap buf 5000 prot=rx shared file=data offset=8k at=0x7f0000000000 noreplace populate lock "
			 "noreserve errno=EEXIST");
	CU_ASSERT_EQUAL(step.map, NR_SCENARIO_LAYOUT + 1);
	CU_ASSERT_EQUAL(step.file, 1);
	CU_ASSERT_EQUAL(step.expected_errno, EEXIST);
	CU_ASSERT_EQUAL(step.mmap.bytes, 5000);
	CU_ASSERT_EQUAL(step.mmap.prot, PROT_READ | PROT_EXEC);
	CU_ASSERT_EQUAL(step.mmap.sharing, SCENARIO_SHARED);
	CU_ASSERT_EQUAL(step.mmap.placing, SCENARIO_NOREPLACE);
	CU_ASSERT_EQUAL(step.mmap.at, 0x7f0000000000);
	CU_ASSERT_EQUAL(step.mmap.offset, 8192);
	CU_ASSERT_EQUAL(step.mmap.populate, true);
	CU_ASSERT_EQUAL(step.mmap.lock, true);
	CU_ASSERT_EQUAL(step.mmap.noreserve, true);
	CU_ASSERT_EQUAL(step.mmap.growsdown, false);
	CU_ASSERT_EQUAL(read_step("A mmap s 4k growsdown").mmap.growsdown, true);
	CU_ASSERT_EQUAL(read_step("A mmap s 4k at=0x0 fixed").mmap.at, 0);
}

/* Calls on a range: all of it, a part, or addresses. */
static void test_ranges(void)
{
	static const struct { const char *word; unsigned int kind; } calls[] = {
		{ "munmap", STEP_MUNMAP }, { "mlock", STEP_MLOCK }, { "munlock", STEP_MUNLOCK },
		{ "mincore", STEP_MINCORE },
	};
	struct step step;
	char line[80];
	unsigned int i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(line, sizeof(line), "A %s buf", calls[i].word);
		step = read_step(line);
		CU_ASSERT_EQUAL(step.kind, calls[i].kind);
		CU_ASSERT_EQUAL(step.map, NR_SCENARIO_LAYOUT + 1);
		CU_ASSERT_EQUAL(step.call.range.at, SCENARIO_ABSENT);
		CU_ASSERT_EQUAL(step.call.range.from, 0);
		CU_ASSERT_EQUAL(step.call.range.length, SCENARIO_ABSENT);
		snprintf(line, sizeof(line), "A %s heap from=8k length=100 errno=ENOMEM", calls[i].word);
		step = read_step(line);
		CU_ASSERT_EQUAL(step.map, SCENARIO_HEAP);
		CU_ASSERT_EQUAL(step.call.range.from, 8192);
		CU_ASSERT_EQUAL(step.call.range.length, 100);
		CU_ASSERT_EQUAL(step.expected_errno, ENOMEM);
		snprintf(line, sizeof(line), "A %s 0x10000000 length=4k", calls[i].word);
		step = read_step(line);
		CU_ASSERT_EQUAL(step.map, 0);
		CU_ASSERT_EQUAL(step.call.range.at, 0x10000000);
		CU_ASSERT_EQUAL(step.call.range.length, 4096);
	}
	step = read_step("A mprotect buf from=4k prot=none");
	CU_ASSERT_EQUAL(step.kind, STEP_MPROTECT);
	CU_ASSERT_EQUAL(step.call.value, PROT_NONE);
	CU_ASSERT_EQUAL(step.call.range.from, 4096);
	step = read_step("A madvise stack populate-write");
	CU_ASSERT_EQUAL(step.kind, STEP_MADVISE);
	CU_ASSERT_EQUAL(step.map, SCENARIO_STACK);
	CU_ASSERT_EQUAL(step.call.value, MADV_POPULATE_WRITE);
	step = read_step("A read data from=1 length=3");
	CU_ASSERT_EQUAL(step.kind, STEP_READ);
	CU_ASSERT_EQUAL(step.file, 1);
	CU_ASSERT_EQUAL(step.call.range.from, 1);
	CU_ASSERT_EQUAL(step.call.range.at, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(read_step("A write data").kind, STEP_WRITE);
}

static void test_other_calls(void)
{
	struct step step = read_step("A mremap buf 128M maymove to=0x10000000 dontunmap errno=EINVAL");

	CU_ASSERT_EQUAL(step.kind, STEP_MREMAP);
	CU_ASSERT_EQUAL(step.map, NR_SCENARIO_LAYOUT + 1);
	CU_ASSERT_EQUAL(step.mremap.bytes, 128 * MIB);
	CU_ASSERT_EQUAL(step.mremap.to, 0x10000000);
	CU_ASSERT_EQUAL(step.mremap.maymove, true);
	CU_ASSERT_EQUAL(step.mremap.dontunmap, true);
	CU_ASSERT_EQUAL(read_step("A mremap buf 4k").mremap.to, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(read_step("A brk +1M").brk_by, 1048576);
	CU_ASSERT_EQUAL(read_step("A brk -64k").brk_by, -65536);
	step = read_step("A limit as=1G stack=unlimited");
	CU_ASSERT_EQUAL(step.kind, STEP_LIMIT);
	CU_ASSERT_EQUAL(step.limit.as, 1024 * MIB);
	CU_ASSERT_EQUAL(step.limit.data, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.limit.stack, SCENARIO_UNLIMITED);
	CU_ASSERT_EQUAL(step.limit.memlock, SCENARIO_ABSENT);
	step = read_step("A fork B");
	CU_ASSERT_EQUAL(step.kind, STEP_FORK);
	CU_ASSERT_EQUAL(step.process, 1);
	CU_ASSERT_EQUAL(step.other, 2);
	CU_ASSERT_EQUAL(read_step("A vfork B").kind, STEP_VFORK);
	CU_ASSERT_EQUAL(read_step("A exec").kind, STEP_EXEC);
	CU_ASSERT_EQUAL(read_step("A exit").kind, STEP_EXIT);
	step = read_step("A kill A");
	CU_ASSERT_EQUAL(step.kind, STEP_KILL);
	CU_ASSERT_EQUAL(step.other, 1);
}

static void test_touch(void)
{
	struct step step = read_step("A touch buf");
	struct scenario *s;
	const uint64_t *number;

	CU_ASSERT_EQUAL(step.kind, STEP_TOUCH);
	CU_ASSERT_EQUAL(step.touch.range.at, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.touch.range.length, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.touch.below, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.touch.access, SCENARIO_READ);
	CU_ASSERT_EQUAL(step.touch.pattern, SCENARIO_SEQUENTIAL);
	CU_ASSERT_EQUAL(step.touch.stride, 4096);
	CU_ASSERT_EQUAL(step.touch.count, SCENARIO_ABSENT);
	CU_ASSERT_EQUAL(step.touch.repeat, 1);
	step = read_step("A touch buf exec from=1M length=2M stride=64 pattern=zipf count=500 seed=7 repeat=3");
	CU_ASSERT_EQUAL(step.touch.access, SCENARIO_EXEC);
	CU_ASSERT_EQUAL(step.touch.range.from, MIB);
	CU_ASSERT_EQUAL(step.touch.range.length, 2 * MIB);
	CU_ASSERT_EQUAL(step.touch.stride, 64);
	CU_ASSERT_EQUAL(step.touch.pattern, SCENARIO_ZIPF);
	CU_ASSERT_EQUAL(step.touch.count, 500);
	CU_ASSERT_EQUAL(step.touch.seed, 7);
	CU_ASSERT_EQUAL(step.touch.repeat, 3);
	CU_ASSERT_EQUAL(read_step("A touch stack write below=1M pattern=reverse").touch.below, MIB);
	/* An address is one access, unless there is more of it. */
	step = read_step("A touch 0xffffffffff600000");
	CU_ASSERT_EQUAL(step.map, 0);
	CU_ASSERT_EQUAL(step.touch.range.at, 0xffffffffff600000);
	CU_ASSERT_EQUAL(step.touch.range.length, 1);
	CU_ASSERT_EQUAL(read_step("A touch 0x10 length=8k").touch.range.length, 8192);
	s = last_step("A touch buf loops=2048x8,1024x16k", &step);
	CU_ASSERT_EQUAL_FATAL(step.touch.loops.nr, 4);
	number = scenario_numbers(s, step.touch.loops);
	CU_ASSERT_EQUAL(number[0], 2048);
	CU_ASSERT_EQUAL(number[1], 8);
	CU_ASSERT_EQUAL(number[2], 1024);
	CU_ASSERT_EQUAL(number[3], 16384);
	scenario_destroy(s);
	s = last_step("A touch buf pages=3,1,2", &step);
	CU_ASSERT_EQUAL_FATAL(step.touch.pages.nr, 3);
	CU_ASSERT_EQUAL(scenario_numbers(s, step.touch.pages)[2], 2);
	scenario_destroy(s);
}

/* ---- expectations -------------------------------------------------------------------- */

static void test_expect(void)
{
	static const struct { const char *text; unsigned int op; } ops[] = {
		{ "==", EXPECT_EQ }, { "!=", EXPECT_NE }, { "<", EXPECT_LT }, { "<=", EXPECT_LE }, { ">", EXPECT_GT },
		{ ">=", EXPECT_GE }, { "within 5% of", EXPECT_WITHIN },
	};
	struct step step;
	char line[80];
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		snprintf(line, sizeof(line), "expect A.minflt %s 4096", ops[i].text);
		step = read_step(line);
		CU_ASSERT_EQUAL(step.kind, STEP_EXPECT);
		CU_ASSERT_EQUAL(step.process, 0);
		CU_ASSERT_EQUAL(step.expect.op, ops[i].op);
		CU_ASSERT_EQUAL(step.expect.percent, ops[i].op == EXPECT_WITHIN ? 5 : 0);
		CU_ASSERT_EQUAL(step.expect.unit, SCENARIO_COUNT);
		CU_ASSERT_EQUAL(step.expect.left.source, EXPECT_PROCESS);
		CU_ASSERT_EQUAL(step.expect.left.process, 1);
		CU_ASSERT_EQUAL(step.expect.left.figure, SCENARIO_FIGURE_MINFLT);
		CU_ASSERT_EQUAL(step.expect.left.of_phase, false);
		CU_ASSERT_EQUAL(step.expect.right.source, EXPECT_VALUE);
		CU_ASSERT_EQUAL(step.expect.right.value, 4096);
	}
}

static void test_expect_sources(void)
{
	static const struct { const char *text; unsigned int source, map; int figure; bool phase; uint64_t value; } rows[] = {
		{ "A.rss <= 64M", EXPECT_PROCESS, 0, SCENARIO_FIGURE_RSS, false, 64 * MIB },
		{ "A.buf.rss == 4k", EXPECT_MAPPING, NR_SCENARIO_LAYOUT + 1, SCENARIO_FIGURE_RSS, false, 4096 },
		{ "A.stack.start == 0x7ffc0000", EXPECT_MAPPING, SCENARIO_STACK, SCENARIO_FIGURE_START, false, 0x7ffc0000 },
		{ "A.signal == SEGV", EXPECT_PROCESS, 0, SCENARIO_FIGURE_SIGNAL, false, SIGSEGV },
		{ "A.errno == none", EXPECT_PROCESS, 0, SCENARIO_FIGURE_ERRNO, false, 0 },
		{ "A.errno != ENOMEM", EXPECT_PROCESS, 0, SCENARIO_FIGURE_ERRNO, false, ENOMEM },
		{ "phase.minflt == 1", EXPECT_ALL, 0, SCENARIO_FIGURE_MINFLT, true, 1 },
		{ "phase.A.majflt == 2", EXPECT_PROCESS, 0, SCENARIO_FIGURE_MAJFLT, true, 2 },
		{ "phase.A.buf.cow-faults == 3", EXPECT_MAPPING, NR_SCENARIO_LAYOUT + 1, SCENARIO_FIGURE_COW, true, 3 },
		{ "vm.pgsteal == 4", EXPECT_VM, 0, SCENARIO_VM_PGSTEAL, false, 4 },
		{ "vm.free >= 1M", EXPECT_VM, 0, SCENARIO_VM_FREE, false, MIB },
		{ "phase.vm.pswpin == 5", EXPECT_VM, 0, SCENARIO_VM_PSWPIN, true, 5 },
		{ "tlb.walks == 6", EXPECT_TLB, 0, SCENARIO_TLB_WALKS, false, 6 },
	};
	struct step step;
	char line[80];
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "expect %s", rows[i].text);
		step = read_step(line);
		CU_ASSERT_EQUAL(step.expect.left.source, rows[i].source);
		CU_ASSERT_EQUAL(step.expect.left.map, rows[i].map);
		CU_ASSERT_EQUAL(step.expect.left.figure, rows[i].figure);
		CU_ASSERT_EQUAL(step.expect.left.of_phase, rows[i].phase);
		CU_ASSERT_EQUAL(step.expect.right.value, rows[i].value);
	}
}

/* Two figures of one kind; counts and numbers are both numbers. */
static void test_expect_figures(void)
{
	struct step step = read_step("expect A.rss < A.buf.size");

	CU_ASSERT_EQUAL(step.expect.unit, SCENARIO_BYTES);
	CU_ASSERT_EQUAL(step.expect.right.source, EXPECT_MAPPING);
	CU_ASSERT_EQUAL(step.expect.right.map, NR_SCENARIO_LAYOUT + 1);
	CU_ASSERT_EQUAL(step.expect.right.figure, SCENARIO_FIGURE_SIZE);
	step = read_step("expect A.resident within 0% of A.minflt");
	CU_ASSERT_EQUAL(step.expect.right.figure, SCENARIO_FIGURE_MINFLT);
	CU_ASSERT_EQUAL(step.expect.percent, 0);
}

/* ---- blocks and names -------------------------------------------------------------------- */

/*
 *	0 process  1 repeat 3  2 touch  3 repeat 5  4 sync  5 end  6 end  7 sync
 */
static void test_blocks(void)
{
	struct scenario *s = read_good("process A\nrepeat 3\nA touch text\n\trepeat 5\n\tsync\n\tend\nend\nsync");
	uint32_t nr;
	const struct step *steps = scenario_steps(s, &nr);

	CU_ASSERT_EQUAL_FATAL(nr, 8);
	CU_ASSERT_EQUAL(steps[1].repeat.times, 3);
	CU_ASSERT_EQUAL(steps[1].repeat.end, 6);
	CU_ASSERT_EQUAL(steps[3].repeat.times, 5);
	CU_ASSERT_EQUAL(steps[3].repeat.end, 5);
	CU_ASSERT_EQUAL(steps[5].kind, STEP_END);
	CU_ASSERT_EQUAL(steps[5].begin, 3);
	CU_ASSERT_EQUAL(steps[6].begin, 1);
	CU_ASSERT_EQUAL(steps[4].column, 2);
	CU_ASSERT_EQUAL(scenario_length(s), 1 + 3 * (1 + 5) + 1);
	scenario_destroy(s);
	s = read_good("repeat 1000000000\nrepeat 1000000000\nrepeat 1000000000\nsync\nend\nend\nend\n");
	CU_ASSERT_EQUAL(scenario_length(s), UINT64_MAX);
	scenario_destroy(s);
}

/* Names are numbered from 1, each kind apart; the layout's mappings come first. */
static void test_names(void)
{
	struct scenario *s = read_good("file x 1M\nprocess x\nprocess y\nx mmap x 4k\ny mmap y 4k\nx mmap y 4k\n"
				       "phase \"x # y\"\nphase x\nphase \"x # y\"\n");
	uint32_t nr;
	const struct step *steps = scenario_steps(s, &nr);

	CU_ASSERT_EQUAL(scenario_nr_files(s), 1);
	CU_ASSERT_EQUAL(scenario_nr_processes(s), 2);
	CU_ASSERT_EQUAL(scenario_nr_maps(s), NR_SCENARIO_LAYOUT + 2);
	CU_ASSERT_EQUAL(scenario_nr_phases(s), 2);
	CU_ASSERT_STRING_EQUAL(scenario_process_name(s, 2), "y");
	CU_ASSERT_STRING_EQUAL(scenario_map_name(s, SCENARIO_TEXT), "text");
	CU_ASSERT_STRING_EQUAL(scenario_map_name(s, SCENARIO_DATA), "data");
	CU_ASSERT_STRING_EQUAL(scenario_map_name(s, SCENARIO_HEAP), "heap");
	CU_ASSERT_STRING_EQUAL(scenario_map_name(s, SCENARIO_STACK), "stack");
	CU_ASSERT_STRING_EQUAL(scenario_map_name(s, NR_SCENARIO_LAYOUT + 1), "x");
	CU_ASSERT_STRING_EQUAL(scenario_file_name(s, 1), "x");
	CU_ASSERT_STRING_EQUAL(scenario_phase_name(s, 1), "x # y");
	CU_ASSERT_STRING_EQUAL(scenario_phase_name(s, 0), "");
	CU_ASSERT_EQUAL_FATAL(nr, 9);
	CU_ASSERT_EQUAL(steps[5].map, steps[4].map);
	CU_ASSERT_EQUAL(steps[8].phase, 1);
	scenario_destroy(s);
}

/* What a run could do is no mistake: names after fork, an end and a new beginning, a leak, use after munmap. */
static void test_allowed(void)
{
	static const char *const texts[] = {
		"process A\nA mmap b 4k\nA fork B\nB touch b\nB exit\nA fork B\nB touch b\n",
		"process A\nA exit\nexpect A.minflt == 0\nprocess A\nA touch heap\n",
		"process A\nrepeat 9\nA mmap leak 1M\nA touch leak\nend\n",
		"process A\nA mmap b 4k\nA munmap b\nA touch b write\nexpect A.b.bad-faults == 1\n",
		"process A\nrepeat 3\nA fork B\nB touch 0x0 write\nexpect B.signal == SEGV\nend\n",
		"process A\nrepeat 3\nA fork B\nA kill B\nend\n",
		"process A\nA fork B errno=ENOMEM\nprocess B\n",
		"process A\nA mmap b 0 errno=EINVAL\nA munmap 0x1 length=0 errno=EINVAL\n",
		"process A\r\nA touch text\r\n",
		"\xef\xbb\xbfprocess A # \xc3\xa4\n\n   # nothing\n\t\nA touch text # a comment",
	};
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		scenario_destroy(read_good(texts[i]));
}

/* By its content, whatever it is called. */
static void test_recognised(void)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "machine\n", true }, { "machine memory=4M\n", true }, { "machine # small\n", true },
		{ "process A\n", true }, { "process A", true }, { "\n# text\n  file data 4M cached\n", true },
		{ "# kmemsim scenario\nproces A\n", true }, { "\xef\xbb\xbf\r\nprocess A\r\n", true },
		{ "", false }, { "#\n", false }, { "machine learning is\n", false }, { "file of data\n", false },
		{ "file \"a\" 4M\n", false }, { "process 17\n", false }, { "process", false }, { "processes A\n", false },
		{ "alloc head 100\n", false }, { "A touch buf\nprocess A\n", false }, { "file", false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is = scenario_recognised(rows[i].text, strlen(rows[i].text));

		CU_ASSERT_EQUAL(is, rows[i].is);
		if (is != rows[i].is)
			fprintf(stderr, "recognised wrongly: %s\n", rows[i].text);
	}
}

/* As if mistyped: one statement, or two. */
static void test_resembled(void)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "procces A\n", true }, { "machne memory=64M\nprocess A\n", true }, { "sleep 1s\n", true },
		{ "phase \"x\"\nA touch buf\n", true }, { "A touch buf", true }, { "\n\n# a\nPROCESS A", true },
		{ "process", true }, { "drop-cache", true }, { "process A\n\nhello\n", false },
		{ "", false }, { "\n", false }, { "# process A\n", false }, { "no trace\n", false }, { "x\n", false },
		{ "hello\nprocess A\n", false }, { "touch A\n", false }, { "1 touch\n", false }, { "procedure A\n", false },
		{ "processprocessprocessprocessprocess A\n", false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is = scenario_resembled(rows[i].text, strlen(rows[i].text));

		CU_ASSERT_EQUAL(is, rows[i].is);
		if (is != rows[i].is)
			fprintf(stderr, "resembles a scenario, or does not: %s\n", rows[i].text);
	}
}

static const struct test_case cases[] = {
	{ "machine", test_machine },
	{ "machine's defaults", test_machine_defaults },
	{ "world", test_world },
	{ "mmap", test_mmap },
	{ "ranges", test_ranges },
	{ "other calls", test_other_calls },
	{ "touch", test_touch },
	{ "expect", test_expect },
	{ "sources", test_expect_sources },
	{ "two figures", test_expect_figures },
	{ "blocks", test_blocks },
	{ "names", test_names },
	{ "allowed", test_allowed },
	{ "recognised", test_recognised },
	{ "resembled", test_resembled },
	{ NULL, NULL }
};

const struct test_suite scenario_steps_suite = { "scenario_steps", cases };

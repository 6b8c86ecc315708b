/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the statements of the scenario language, and which values each takes.
 * The reader, its hints, its defaults and the test of docs/scenario.md all go by
 * these tables.
 */
#include <string.h>

#include "sim/scenario/internal.h"

#define PAGE		UINT64_C(4096)
#define MAX_BYTES	((UINT64_C(16) << 40) - 1)	/* of memory, swap, a file: frames have numbers of 32 bits */
#define MAX_ASKED	(UINT64_C(1) << 62)		/* of mmap: more than there are addresses, for ENOMEM */
#define MAX_TIME	(UINT64_C(30) * 24 * 3600 * 1000000000)

#define AT(field)	offsetof(struct step, field)
/* A value that has no range, a number with its range and default, one of some words. */
#define PLAIN(key, kind, place)	{ .name = key, .type = kind, .offset = place }
#define NUMBER(key, kind, place, low, high, other) \
	{ .name = key, .type = kind, .offset = place, .min = low, .max = high, .def = other }
#define WORD(key, kind, place, other, list) \
	{ .name = key, .type = kind, .offset = place, .def = other, .words = list }
#define END		{ .name = NULL }

const struct scenario_statement_desc scenario_statements[] = {
#define STATEMENT(id, word, of_process, text) { word, of_process, text },
	SCENARIO_STATEMENTS(STATEMENT)
#undef STATEMENT
};

static const struct argument nothing[] = { END };

#define ERRNO	WORD("errno", VALUE_WORD, AT(expected_errno), 0, scenario_errno)

/* ---- the machine ------------------------------------------------------------ */

#define MACHINE(field)	offsetof(struct scenario_machine, field)

/* In the order of enum scenario_machine_option. */
static const struct argument machine_options[] = {
	NUMBER("memory", VALUE_SIZE, MACHINE(memory_bytes), 1 << 20, MAX_BYTES, UINT64_C(256) << 20),
	NUMBER("cpus", VALUE_NUMBER, MACHINE(cpus), 1, SCENARIO_MAX_CPUS, 1),
	NUMBER("nodes", VALUE_NUMBER, MACHINE(nodes), 1, SCENARIO_MAX_NODES, 1),
	WORD("kernel", VALUE_KERNEL, MACHINE(kernel), BUDDY_KERNEL_NEWEST, NULL),
	WORD("thp", VALUE_WORD, MACHINE(thp), SCENARIO_THP_NEVER, scenario_thp),
	NUMBER("swap", VALUE_SIZE, MACHINE(swap_bytes), 0, MAX_BYTES, 0),
	WORD("swap-type", VALUE_WORD, MACHINE(swap_type), SCENARIO_SSD, scenario_swap),
	NUMBER("overcommit", VALUE_NUMBER, MACHINE(overcommit), 0, 2, 0),
	NUMBER("overcommit-ratio", VALUE_NUMBER, MACHINE(overcommit_ratio), 0, 1000, 50),
	PLAIN("tlb", VALUE_TLB, MACHINE(tlb)),
	WORD("pcid", VALUE_WORD, MACHINE(pcid), true, scenario_switch),
	WORD("lru", VALUE_WORD, MACHINE(lru), SCENARIO_MGLRU, scenario_lru),
	WORD("policy", VALUE_WORD, MACHINE(policy), SCENARIO_KERNEL, scenario_policy),
	NUMBER("frames", VALUE_NUMBER, MACHINE(frames), 1, 1 << 24, 0),
	NUMBER("fault-around", VALUE_SIZE, MACHINE(fault_around_bytes), PAGE, 2 << 20, 64 << 10),
	NUMBER("page-cluster", VALUE_NUMBER, MACHINE(page_cluster), 0, 10, 3),
	NUMBER("swappiness", VALUE_NUMBER, MACHINE(swappiness), 0, 200, 60),
	WORD("numa-balancing", VALUE_WORD, MACHINE(numa_balancing), false, scenario_switch),
	WORD("thp-defrag", VALUE_WORD, MACHINE(thp_defrag), SCENARIO_DEFRAG_MADVISE, scenario_defrag),
	PLAIN("mthp", VALUE_MTHP, MACHINE(mthp)),
	END
};
_Static_assert(sizeof(machine_options) / sizeof(machine_options[0]) == NR_SCENARIO_MACHINE + 1, "one row an option");
_Static_assert(NR_SCENARIO_MACHINE <= MAX_ARGUMENTS, "room for each");

/* ---- without a process ------------------------------------------------------- */

static const struct argument file_positions[] = {
	PLAIN("file", VALUE_NEW_FILE, 0),
	NUMBER("size", VALUE_SIZE, AT(file_of.bytes), 1, MAX_BYTES, 0),
	END
};
static const struct argument file_options[] = { PLAIN("cached", VALUE_FLAG, AT(file_of.cached)), END };

static const struct argument cache_positions[] = { PLAIN("cache", VALUE_CACHE, AT(cache.name)), END };
static const struct argument cache_options[] = {
	NUMBER("objects", VALUE_NUMBER, AT(cache.objects), 1, UINT64_C(1) << 32, 1000),
	NUMBER("size", VALUE_SIZE, AT(cache.size), 8, 8192, 192),
	END
};
static const struct argument drop_options[] = {
	WORD("what", VALUE_CHOICE, AT(drop), SCENARIO_DROP_PAGES, scenario_drop), END
};

static const struct argument process_positions[] = { PLAIN("process", VALUE_NEW_PROCESS, 0), END };
static const struct argument process_options[] = {
	NUMBER("uid", VALUE_NUMBER, AT(new.uid), 0, UINT32_MAX - 1, 0),
	NUMBER("cpu", VALUE_NUMBER, AT(new.cpu), 0, SCENARIO_MAX_CPUS - 1, 0),
	NUMBER("oom-adj", VALUE_SIGNED, AT(new.oom_adj), 0, 1000, 0),
	END
};

static const struct argument sleep_positions[] = {
	NUMBER("time", VALUE_TIME, AT(sleep_ns), 1, MAX_TIME, 0), END
};
static const struct argument age_options[] = {
	NUMBER("swappiness", VALUE_NUMBER, AT(gens.swappiness), 0, 200, SCENARIO_ABSENT),
	PLAIN("force", VALUE_FLAG, AT(gens.force)), END
};
static const struct argument evict_positions[] = {
	NUMBER("size", VALUE_SIZE, AT(gens.bytes), PAGE, MAX_BYTES, 0), END
};
static const struct argument evict_options[] = {
	NUMBER("swappiness", VALUE_NUMBER, AT(gens.swappiness), 0, 200, SCENARIO_ABSENT), END
};
static const struct argument phase_positions[] = { PLAIN("name", VALUE_STRING, AT(phase)), END };
static const struct argument repeat_positions[] = {
	NUMBER("times", VALUE_NUMBER, AT(repeat.times), 1, SCENARIO_MAX_REPEAT, 0), END
};

/* ---- calls of a process -------------------------------------------------------- */

static const struct argument mmap_positions[] = {
	PLAIN("mapping", VALUE_NEW_MAP, 0), NUMBER("size", VALUE_SIZE, AT(mmap.bytes), 0, MAX_ASKED, 0), END
};
static const struct argument mmap_options[] = {
	WORD("prot", VALUE_WORD, AT(mmap.prot), PROT_READ | PROT_WRITE, scenario_prot),
	WORD("sharing", VALUE_CHOICE, AT(mmap.sharing), SCENARIO_PRIVATE, scenario_sharing),
	PLAIN("file", VALUE_FILE, 0),
	NUMBER("offset", VALUE_SIZE, AT(mmap.offset), 0, MAX_BYTES, 0),
	NUMBER("at", VALUE_ADDRESS, AT(mmap.at), 0, 0, SCENARIO_ABSENT),
	WORD("placing", VALUE_CHOICE, AT(mmap.placing), SCENARIO_HINT, scenario_placing),
	PLAIN("growsdown", VALUE_FLAG, AT(mmap.growsdown)),
	PLAIN("populate", VALUE_FLAG, AT(mmap.populate)),
	PLAIN("lock", VALUE_FLAG, AT(mmap.lock)),
	PLAIN("noreserve", VALUE_FLAG, AT(mmap.noreserve)),
	ERRNO, END
};

static const struct argument place_positions[] = { PLAIN("mapping", VALUE_PLACE, AT(call.range.at)), END };

#define RANGE_OPTIONS(range) \
	NUMBER("from", VALUE_SIZE, AT(range.from), 0, SCENARIO_ADDRESSES, 0), \
	NUMBER("length", VALUE_SIZE, AT(range.length), 0, SCENARIO_ADDRESSES, SCENARIO_ABSENT)

static const struct argument range_options[] = { RANGE_OPTIONS(call.range), ERRNO, END };
static const struct argument mprotect_options[] = {
	WORD("prot", VALUE_WORD, AT(call.value), -1, scenario_prot),
	RANGE_OPTIONS(call.range), ERRNO, END
};
static const struct argument madvise_positions[] = {
	PLAIN("mapping", VALUE_PLACE, AT(call.range.at)),
	WORD("advice", VALUE_WORD, AT(call.value), 0, scenario_advice), END
};

static const struct argument mempolicy_positions[] = {
	WORD("mode", VALUE_WORD, AT(call.value), 0, scenario_mempolicy), END
};
static const struct argument mempolicy_options[] = { PLAIN("nodes", VALUE_NODES, AT(call.nodes)), ERRNO, END };
static const struct argument mbind_positions[] = {
	PLAIN("mapping", VALUE_PLACE, AT(call.range.at)),
	WORD("mode", VALUE_WORD, AT(call.value), 0, scenario_mempolicy), END
};
static const struct argument mbind_options[] = {
	PLAIN("nodes", VALUE_NODES, AT(call.nodes)), PLAIN("move", VALUE_FLAG, AT(call.move)),
	RANGE_OPTIONS(call.range), ERRNO, END
};

static const struct argument mremap_positions[] = {
	PLAIN("mapping", VALUE_PLACE, 0), NUMBER("size", VALUE_SIZE, AT(mremap.bytes), 0, MAX_ASKED, 0), END
};
static const struct argument mremap_options[] = {
	PLAIN("maymove", VALUE_FLAG, AT(mremap.maymove)),
	NUMBER("to", VALUE_ADDRESS, AT(mremap.to), 0, 0, SCENARIO_ABSENT),
	PLAIN("dontunmap", VALUE_FLAG, AT(mremap.dontunmap)),
	ERRNO, END
};

static const struct argument brk_positions[] = {
	NUMBER("change", VALUE_SIGNED_SIZE, AT(brk_by), 0, SCENARIO_ADDRESSES, 0), END
};
static const struct argument errno_options[] = { ERRNO, END };

static const struct argument touch_positions[] = { PLAIN("mapping", VALUE_PLACE, AT(touch.range.at)), END };
static const struct argument touch_options[] = {
	WORD("access", VALUE_CHOICE, AT(touch.access), SCENARIO_READ, scenario_access),
	RANGE_OPTIONS(touch.range),
	NUMBER("below", VALUE_SIZE, AT(touch.below), 1, SCENARIO_ADDRESSES, SCENARIO_ABSENT),
	NUMBER("stride", VALUE_SIZE, AT(touch.stride), 1, SCENARIO_ADDRESSES, PAGE),
	WORD("pattern", VALUE_WORD, AT(touch.pattern), SCENARIO_SEQUENTIAL, scenario_pattern),
	NUMBER("count", VALUE_NUMBER, AT(touch.count), 1, UINT64_C(1) << 40, SCENARIO_ABSENT),
	NUMBER("seed", VALUE_NUMBER, AT(touch.seed), 0, UINT64_MAX, 1),
	NUMBER("repeat", VALUE_NUMBER, AT(touch.repeat), 1, SCENARIO_MAX_REPEAT, 1),
	PLAIN("loops", VALUE_LOOPS, AT(touch.loops)),
	PLAIN("pages", VALUE_PAGES, AT(touch.pages)),
	END
};

static const struct argument used_file_positions[] = { PLAIN("file", VALUE_FILE, 0), END };
static const struct argument child_positions[] = { PLAIN("child", VALUE_CHILD, 0), END };
static const struct argument victim_positions[] = { PLAIN("process", VALUE_VICTIM, 0), END };

static const struct argument limit_options[] = {
	NUMBER("as", VALUE_LIMIT, AT(limit.as), 0, SCENARIO_ADDRESSES, SCENARIO_ABSENT),
	NUMBER("data", VALUE_LIMIT, AT(limit.data), 0, SCENARIO_ADDRESSES, SCENARIO_ABSENT),
	NUMBER("stack", VALUE_LIMIT, AT(limit.stack), 0, SCENARIO_ADDRESSES, SCENARIO_ABSENT),
	NUMBER("memlock", VALUE_LIMIT, AT(limit.memlock), 0, SCENARIO_ADDRESSES, SCENARIO_ABSENT),
	END
};

static const struct argument cpu_positions[] = {
	NUMBER("cpu", VALUE_NUMBER, AT(cpu), 0, SCENARIO_MAX_CPUS - 1, 0), END
};

const struct statement scn_statements[NR_STEP_KINDS] = {
	[STEP_MACHINE] = { nothing, machine_options },
	[STEP_FILE] = { file_positions, file_options },
	[STEP_PROCESS] = { process_positions, process_options },
	[STEP_SLEEP] = { sleep_positions, nothing },
	[STEP_SYNC] = { nothing, nothing },
	[STEP_DROP_CACHES] = { nothing, drop_options },
	[STEP_CACHE] = { cache_positions, cache_options },
	[STEP_KHUGEPAGED] = { nothing, nothing },
	[STEP_AGE] = { nothing, age_options },
	[STEP_EVICT] = { evict_positions, evict_options },
	[STEP_PHASE] = { phase_positions, nothing },
	[STEP_REPEAT] = { repeat_positions, nothing },
	[STEP_END] = { nothing, nothing },
	[STEP_EXPECT] = { nothing, nothing },		/* expect.c reads it */
	[STEP_MMAP] = { mmap_positions, mmap_options },
	[STEP_MUNMAP] = { place_positions, range_options },
	[STEP_MPROTECT] = { place_positions, mprotect_options },
	[STEP_MREMAP] = { mremap_positions, mremap_options },
	[STEP_BRK] = { brk_positions, errno_options },
	[STEP_MADVISE] = { madvise_positions, range_options },
	[STEP_MLOCK] = { place_positions, range_options },
	[STEP_MUNLOCK] = { place_positions, range_options },
	[STEP_MEMPOLICY] = { mempolicy_positions, mempolicy_options },
	[STEP_MBIND] = { mbind_positions, mbind_options },
	[STEP_MINCORE] = { place_positions, range_options },
	[STEP_TOUCH] = { touch_positions, touch_options },
	[STEP_READ] = { used_file_positions, range_options },
	[STEP_WRITE] = { used_file_positions, range_options },
	[STEP_FORK] = { child_positions, errno_options },
	[STEP_VFORK] = { child_positions, errno_options },
	[STEP_EXEC] = { nothing, nothing },
	[STEP_EXIT] = { nothing, nothing },
	[STEP_KILL] = { victim_positions, nothing },
	[STEP_LIMIT] = { nothing, limit_options },
	[STEP_CPU] = { cpu_positions, nothing },
};

unsigned int scn_given_column(const struct given *given, const char *name)
{
	const struct argument *options = given->statement->options;
	unsigned int i;

	for (i = 0; options[i].name; i++)
		if (!strcmp(options[i].name, name))
			return given->option[i];
	return 0;
}

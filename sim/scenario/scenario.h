/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: scenarios. A scenario is a short text that says what some processes do
 * with their memory, and what must be true then; docs/scenario.md is the page for
 * people. Here it is read: text becomes a list of typed steps. Nothing is executed,
 * and no machine is known.
 *
 *	A mmap buf 64M prot=rw	->	{ STEP_MMAP, process 1, map 5, mmap { 64 MiB, ... } }
 *
 *	bytes -> lines.c: words with their columns -> statements.c: which values a
 *	statement takes -> values.c: texts become numbers -> checks.c: what cannot be
 *	together -> resolve.c: is there such a process, such a mapping? -> steps
 *
 * Every number is checked here, once: whoever runs the steps need not look again.
 * What only a run shows is left to it: whether a call fails, whether a signal has ended a process.
 *
 * Names are numbers from 1, dense, each kind its own: processes, mappings, files, phases.
 * A mapping's name stands for a range of addresses of its process, also after munmap.
 *
 * Locking: none, single-threaded. A scenario that was read is constant.
 */
#ifndef KMEMSIM_SIM_SCENARIO_SCENARIO_H
#define KMEMSIM_SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buddy/rules.h"
#include "sim/scenario/words.h"

/* Bounds. A text that goes beyond one gets an error that names it. */
#define SCENARIO_MAX_BYTES	(16u << 20)
#define SCENARIO_MAX_LINE	4096u
#define SCENARIO_MAX_STEPS	(1u << 18)
#define SCENARIO_MAX_PROCESSES	1024u
#define SCENARIO_MAX_NAMES	4096u	/* of mappings, of files, of phases */
#define SCENARIO_MAX_NAME	31u	/* letters of a name */
#define SCENARIO_MAX_DEPTH	4u	/* of repeat blocks */
#define SCENARIO_MAX_REPEAT	1000000000u
#define SCENARIO_MAX_LOOPS	4u	/* of a touch */
#define SCENARIO_MAX_PAGES	256u	/* in a touch's list */
#define SCENARIO_MAX_TLB	127u	/* letters of a geometry */
#define SCENARIO_MAX_CPUS	256u
#define SCENARIO_MAX_NODES	16u
#define SCENARIO_MAX_ERRORS	20u

#define SCENARIO_ADDRESSES	(UINT64_C(1) << 47)	/* of a process, in bytes */
#define SCENARIO_ABSENT		UINT64_MAX	/* a size, address or limit that was not given */
#define SCENARIO_UNLIMITED	(UINT64_MAX - 1)

typedef uint16_t scenario_id;	/* 0: none */

/* The mappings that every process begins with; those of mmap follow. */
enum { SCENARIO_TEXT = 1, SCENARIO_DATA, SCENARIO_HEAP, SCENARIO_STACK, NR_SCENARIO_LAYOUT = SCENARIO_STACK };

/* ---- the machine ------------------------------------------------------------- */

/* What the text did not give is as these defaults say; given has bit SCENARIO_MACHINE_* where it did. */
struct scenario_machine {
	uint32_t line, column;		/* of its statement; 0: there is none */
	uint32_t given;
	uint64_t memory_bytes;
	uint64_t cpus, nodes;
	int kernel;			/* enum buddy_kernel */
	int thp;
	int thp_defrag;
	uint32_t mthp[3];		/* orders 2 to 8, a bit each: always, madvise, inherit */
	uint64_t swap_bytes;		/* 0: none */
	int swap_type;
	uint64_t overcommit;		/* 0 to 2, as vm.overcommit_memory */
	uint64_t overcommit_ratio;	/* percent */
	char tlb[SCENARIO_MAX_TLB + 1];		/* what tlb_parse() takes; "": no option */
	int pcid;			/* bool */
	int lru;			/* default: the kernel's */
	int policy;
	uint64_t frames;		/* that a policy other than the kernel's may use; 0: all */
	uint64_t fault_around_bytes;
	uint64_t page_cluster;		/* 2^this pages are read from swap at once */
	uint64_t swappiness;
	int numa_balancing;		/* bool */
};

enum scenario_machine_option {
	SCENARIO_MACHINE_MEMORY, SCENARIO_MACHINE_CPUS, SCENARIO_MACHINE_NODES, SCENARIO_MACHINE_KERNEL,
	SCENARIO_MACHINE_THP, SCENARIO_MACHINE_SWAP, SCENARIO_MACHINE_SWAP_TYPE, SCENARIO_MACHINE_OVERCOMMIT,
	SCENARIO_MACHINE_OVERCOMMIT_RATIO, SCENARIO_MACHINE_TLB, SCENARIO_MACHINE_PCID, SCENARIO_MACHINE_LRU,
	SCENARIO_MACHINE_POLICY, SCENARIO_MACHINE_FRAMES, SCENARIO_MACHINE_FAULT_AROUND,
	SCENARIO_MACHINE_PAGE_CLUSTER, SCENARIO_MACHINE_SWAPPINESS, SCENARIO_MACHINE_NUMA_BALANCING,
	SCENARIO_MACHINE_THP_DEFRAG, SCENARIO_MACHINE_MTHP, NR_SCENARIO_MACHINE
};

/* ---- steps --------------------------------------------------------------------- */

/* X(ID, word, has a process in front, what it does) */
#define SCENARIO_STATEMENTS(X) \
	X(MACHINE, "machine", false, "the simulated machine; only as the first statement") \
	X(FILE, "file", false, "a file on the simulated disk") \
	X(PROCESS, "process", false, "a new process with text, data, heap and stack") \
	X(SLEEP, "sleep", false, "time goes by: kswapd, khugepaged and write-back may work") \
	X(SYNC, "sync", false, "dirty pages are written to disk") \
	X(DROP_CACHES, "drop-caches", false, "clean pages leave the page cache, or objects their caches") \
	X(CACHE, "cache", false, "objects come into a cache of the kernel's that reclaim may free") \
	X(KHUGEPAGED, "khugepaged", false, "khugepaged looks at all processes once") \
	X(AGE, "age", false, "a new generation of pages begins") \
	X(EVICT, "evict", false, "old pages are given up") \
	X(PHASE, "phase", false, "from here on counts are reported under this name") \
	X(REPEAT, "repeat", false, "the lines up to end are carried out so often") \
	X(END, "end", false, "ends a repeat") \
	X(EXPECT, "expect", false, "what must be true here") \
	X(MMAP, "mmap", true, "a new mapping") \
	X(MUNMAP, "munmap", true, "a range is unmapped") \
	X(MPROTECT, "mprotect", true, "a range gets other rights") \
	X(MREMAP, "mremap", true, "a mapping gets another size or place") \
	X(BRK, "brk", true, "the end of the heap moves") \
	X(MADVISE, "madvise", true, "the kernel is told how a range is used") \
	X(MLOCK, "mlock", true, "a range is brought into memory and stays there") \
	X(MUNLOCK, "munlock", true, "the range may leave memory again") \
	X(MEMPOLICY, "mempolicy", true, "from which nodes the process has its frames (set_mempolicy)") \
	X(MBIND, "mbind", true, "from which nodes a range has them") \
	X(MINCORE, "mincore", true, "asks which pages of a range are in memory") \
	X(TOUCH, "touch", true, "memory is read, written or executed") \
	X(READ, "read", true, "a file is read with read()") \
	X(WRITE, "write", true, "a file is written with write()") \
	X(FORK, "fork", true, "a copy of the process") \
	X(VFORK, "vfork", true, "a child that uses its parent's memory until it calls exec or exit") \
	X(EXEC, "exec", true, "another program: all mappings go, a new layout comes") \
	X(EXIT, "exit", true, "the process ends") \
	X(KILL, "kill", true, "another process is ended with SIGKILL") \
	X(LIMIT, "limit", true, "limits of the process (setrlimit)") \
	X(CPU, "cpu", true, "the process moves to another CPU")

enum step_kind {
#define SCENARIO_STEP_ENUM(id, word, of_process, text) STEP_##id,
	SCENARIO_STATEMENTS(SCENARIO_STEP_ENUM)
#undef SCENARIO_STEP_ENUM
	NR_STEP_KINDS
};

struct scenario_statement_desc {
	const char *word;
	bool of_process;
	const char *text;
};

/* Indexed by enum step_kind. */
extern const struct scenario_statement_desc scenario_statements[];

/* Part of the scenario's list of numbers. */
struct scenario_list {
	uint32_t first, nr;
};

/* [start of the mapping + from, + length) where step.map is set, else [at, at + length). */
struct step_range {
	uint64_t at;		/* SCENARIO_ABSENT with a mapping */
	uint64_t from;
	uint64_t length;	/* SCENARIO_ABSENT: to the mapping's end */
};

struct step_mmap {
	uint64_t bytes;
	uint64_t offset;	/* in the file */
	uint64_t at;		/* or SCENARIO_ABSENT */
	int prot;		/* PROT_* */
	int sharing, placing;
	bool growsdown, populate, lock, noreserve;
};

struct step_mremap {
	uint64_t bytes;		/* new length */
	uint64_t to;		/* MREMAP_FIXED, or SCENARIO_ABSENT */
	bool maymove, dontunmap;
};

/*
 * Accesses of one byte each. With loops or pages they are nothing but these:
 *	loops	pairs of numbers, count and bytes, the outermost first: offset = sum of index * bytes
 *	pages	page numbers, in their order
 * Else places lie stride apart in the range, and count of them are visited in the pattern's order:
 * SCENARIO_ABSENT stands for as many as there are. All of it repeat times.
 * An address alone is one access, unless there is a length.
 */
struct step_touch {
	struct step_range range;
	uint64_t below;		/* else: the so many bytes below the mapping's start; SCENARIO_ABSENT */
	int access, pattern;
	uint64_t stride, count, seed, repeat;
	struct scenario_list loops, pages;
};

struct step_limit {
	uint64_t as, data, stack, memlock;	/* bytes, SCENARIO_UNLIMITED, or SCENARIO_ABSENT: stays */
};

enum expect_operator { EXPECT_EQ, EXPECT_NE, EXPECT_LT, EXPECT_LE, EXPECT_GT, EXPECT_GE, EXPECT_WITHIN };

enum expect_source { EXPECT_VALUE, EXPECT_PROCESS, EXPECT_MAPPING, EXPECT_ALL, EXPECT_VM, EXPECT_TLB };

/* One side of an expectation. */
struct expect_term {
	uint8_t source;
	bool of_phase;		/* counted since the phase began */
	scenario_id process, map;
	uint16_t column;	/* of its names; for messages */
	int figure;		/* scenario_figure (PROCESS, MAPPING; ALL: summed over all processes), _vm_, _tlb_figure */
	uint64_t value;		/* EXPECT_VALUE */
};

struct step_expect {
	uint8_t op, unit;
	uint8_t percent;	/* EXPECT_WITHIN: 0 to 100, of the right side */
	struct expect_term left, right;
};

struct step {
	uint8_t kind;		/* enum step_kind */
	uint16_t column;	/* where it begins, from 1 */
	uint16_t name_column;	/* of the mapping, file or other process */
	uint32_t line;
	scenario_id process;
	scenario_id other;	/* fork, vfork: the child; kill: the victim */
	scenario_id map;
	scenario_id file;
	int expected_errno;	/* 0: the call must succeed */
	union {
		struct { uint64_t bytes; bool cached; } file_of;	/* step.file */
		struct { scenario_id name; uint64_t objects, size; } cache;
		int drop;		/* enum scenario_drop */
		struct { uint64_t uid, cpu; int64_t oom_adj; } new;	/* step.process */
		struct step_mmap mmap;
		/* value: PROT_*, MADV_*, MPOL_*; read, write: of a file */
		struct { struct step_range range; int value; uint64_t nodes; bool move; } call;
		struct step_mremap mremap;
		int64_t brk_by;
		struct step_touch touch;
		struct step_limit limit;
		uint64_t cpu;
		uint64_t sleep_ns;
		/* age, evict; SCENARIO_ABSENT: the machine's swappiness */
		struct { uint64_t bytes, swappiness; bool force; } gens;
		scenario_id phase;
		struct { uint64_t times; uint32_t end; } repeat;	/* index of the end step */
		uint32_t begin;						/* end: index of the repeat step */
		struct step_expect expect;
	};
};

/* ---- a scenario ------------------------------------------------------------------ */

struct scenario;

struct scenario_error {
	uint32_t line, column;	/* from 1; a tab is one column */
	char text[352];		/* one sentence: what was expected, what was found */
};

/* In the order of the text. After so many the rest is not read. */
struct scenario_errors {
	unsigned int nr;
	struct scenario_error at[SCENARIO_MAX_ERRORS];
};

/*
 * Read @len bytes. 0 and *@out, the caller's until scenario_destroy(); -EINVAL with
 * all that is wrong in @errors; -ENOMEM without.
 */
int scenario_read(struct scenario **out, const char *text, size_t len, struct scenario_errors *errors);
void scenario_destroy(struct scenario *scenario);

/* "swap.vm:3:14: expected a size such as 4k or 64M, found 'big'". Returns @buf. */
const char *scenario_error_text(const struct scenario_error *error, const char *name, char *buf, size_t size);

/*
 * Whether a file that begins with these bytes is a scenario: its first line is
 * "# kmemsim scenario", or its first statement is a machine, a file or a process.
 */
bool scenario_recognised(const char *head, size_t len);
/* Whether its first two statements may be meant as a scenario's: their words are, or are near to, words of statements. */
bool scenario_resembled(const char *head, size_t len);

const struct scenario_machine *scenario_machine(const struct scenario *scenario);
const struct step *scenario_steps(const struct scenario *scenario, uint32_t *nr);
/* The numbers of @list. */
const uint64_t *scenario_numbers(const struct scenario *scenario, struct scenario_list list);
/* Steps carried out when each repeat is; UINT64_MAX where it is more. */
uint64_t scenario_length(const struct scenario *scenario);

scenario_id scenario_nr_processes(const struct scenario *scenario);
scenario_id scenario_nr_maps(const struct scenario *scenario);
scenario_id scenario_nr_files(const struct scenario *scenario);
scenario_id scenario_nr_phases(const struct scenario *scenario);
scenario_id scenario_nr_caches(const struct scenario *scenario);
/* Names of 1 to these numbers; "" for 0. */
const char *scenario_process_name(const struct scenario *scenario, scenario_id id);
const char *scenario_map_name(const struct scenario *scenario, scenario_id id);
const char *scenario_file_name(const struct scenario *scenario, scenario_id id);
const char *scenario_phase_name(const struct scenario *scenario, scenario_id id);
const char *scenario_cache_name(const struct scenario *scenario, scenario_id id);

#endif

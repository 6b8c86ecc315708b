/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what values of one line cannot be together. What the kernel would refuse in any
 * case is taken where errno= says that this is meant.
 */
#include <inttypes.h>
#include <sys/mman.h>

#include "sim/scenario/internal.h"

#define PAGE_BYTES	UINT64_C(4096)
#define PAGE_MASK	(PAGE_BYTES - 1)

/* @what is refused with @code by every kernel. */
static void refused(struct reading *r, const struct step *step, unsigned int column, const char *what, int code)
{
	const char *name = scenario_word_of(scenario_errno, code);

	if (!step->expected_errno)
		scn_fail(r, column, "%s is refused by the kernel; if that is meant, write errno=%s", what, name);
}

static void check_mmap(struct reading *r, const struct step *step, const struct given *given)
{
	const struct step_mmap *m = &step->mmap;
	unsigned int at = scn_given_column(given, "at"), placing = scn_given_column(given, "placing");

	if (!m->bytes)
		refused(r, step, given->position[1], "a mapping of 0 bytes", EINVAL);
	if (m->bytes > SCENARIO_ADDRESSES)
		refused(r, step, given->position[1], "a mapping of more than 128T", ENOMEM);
	if (m->offset & PAGE_MASK)
		refused(r, step, scn_given_column(given, "offset"), "an offset that is no multiple of 4k", EINVAL);
	if (scn_given_column(given, "offset") && !scn_given_column(given, "file"))
		scn_fail(r, scn_given_column(given, "offset"), "expected file= together with offset=");
	if (placing && !at)
		scn_fail(r, placing, "expected at= together with '%s'", scenario_word_of(scenario_placing, m->placing));
	if (placing && at && m->at & PAGE_MASK)
		refused(r, step, at, "a place that is no multiple of 4k", EINVAL);
	if (placing && at && !(m->at & PAGE_MASK) && m->at > SCENARIO_ADDRESSES - 1)
		refused(r, step, at, "a place beyond 128T", ENOMEM);
	if (m->growsdown && (m->sharing == SCENARIO_SHARED || step->file))
		refused(r, step, scn_given_column(given, "growsdown"), "growsdown of a shared mapping or a file", EINVAL);
}

/* Whether the kernel takes only whole pages for the beginning of the range. */
static bool needs_pages(unsigned int kind)
{
	return kind == STEP_MUNMAP || kind == STEP_MBIND || kind == STEP_MPROTECT || kind == STEP_MADVISE || kind == STEP_MINCORE;
}

static void check_range(struct reading *r, const struct step *step, const struct step_range *range,
			const struct given *given)
{
	unsigned int from = scn_given_column(given, "from"), length = scn_given_column(given, "length");

	if (range->at != SCENARIO_ABSENT) {
		if (from)
			scn_fail(r, from, "expected from= only with a mapping, not with an address");
		if (length && range->at > UINT64_MAX - range->length)
			scn_fail(r, length, "expected a range that ends below the last address");
		if (!length && step->kind != STEP_TOUCH)
			scn_fail(r, r->line.end_column, "expected length= together with an address");
	}
	if (!needs_pages(step->kind))
		return;
	if (range->at != SCENARIO_ABSENT && range->at & PAGE_MASK)
		refused(r, step, given->position[0], "an address that is no multiple of 4k", EINVAL);
	if (range->from & PAGE_MASK)
		refused(r, step, from, "a beginning that is no multiple of 4k", EINVAL);
	if (step->kind == STEP_MUNMAP && length && !range->length)
		refused(r, step, length, "munmap of 0 bytes", EINVAL);
}

static void check_mremap(struct reading *r, const struct step *step, const struct given *given)
{
	const struct step_mremap *m = &step->mremap;
	unsigned int to = scn_given_column(given, "to"), dontunmap = scn_given_column(given, "dontunmap");

	if (!m->bytes)
		refused(r, step, given->position[1], "a new size of 0 bytes", EINVAL);
	if (m->bytes > SCENARIO_ADDRESSES)
		refused(r, step, given->position[1], "a new size of more than 128T", EINVAL);
	if (to && !m->maymove)
		refused(r, step, to, "to= without maymove", EINVAL);
	if (dontunmap && !m->maymove)
		refused(r, step, dontunmap, "dontunmap without maymove", EINVAL);
	if (to && m->maymove && m->to & PAGE_MASK)
		refused(r, step, to, "a place that is no multiple of 4k", EINVAL);
}

/* Options of a touch that say which places there are, each in another manner. */
static void check_places(struct reading *r, const struct given *given)
{
	static const char *const lists[] = { "loops", "pages" };
	static const char *const others[] = { "length", "below", "stride", "pattern", "count", "seed" };
	unsigned int i, k;

	for (i = 0; i < 2; i++) {
		if (!scn_given_column(given, lists[i]))
			continue;
		for (k = 0; k < sizeof(others) / sizeof(others[0]); k++)
			if (scn_given_column(given, others[k]))
				scn_fail(r, scn_given_column(given, others[k]), "expected %s= without %s=: it says all places itself",
					 lists[i], others[k]);
	}
	if (scn_given_column(given, "loops") && scn_given_column(given, "pages"))
		scn_fail(r, scn_given_column(given, "pages"), "expected loops= or pages=, not both");
}

static void check_touch(struct reading *r, struct step *step, const struct given *given)
{
	struct step_touch *t = &step->touch;
	unsigned int length = scn_given_column(given, "length"), seed = scn_given_column(given, "seed");
	unsigned int below = scn_given_column(given, "below");

	check_range(r, step, &t->range, given);
	check_places(r, given);
	if (length && !t->range.length)
		scn_fail(r, length, "expected a length of at least 1");
	if (seed && t->pattern != SCENARIO_RANDOM && t->pattern != SCENARIO_ZIPF)
		scn_fail(r, seed, "expected seed= only with pattern=random or pattern=zipf");
	if (below && (length || scn_given_column(given, "from")))
		scn_fail(r, below, "expected below= without from= and length=");
	if (t->range.at == SCENARIO_ABSENT)
		return;
	if (below)
		scn_fail(r, below, "expected below= only with a mapping, not with an address");
	if ((t->loops.nr || t->pages.nr) && t->range.at > UINT64_MAX - 2 * SCENARIO_ADDRESSES)
		scn_fail(r, given->position[0], "expected places that lie below the last address");
	if (!length)
		t->range.length = 1;
}

static void check_cpu(struct reading *r, uint64_t cpu, unsigned int column)
{
	if (cpu >= r->scenario->machine.cpus)
		scn_fail(r, column, "expected a CPU below %u; 'machine cpus=%u' would make room for it",
			 (unsigned int)r->scenario->machine.cpus, (unsigned int)cpu + 1);
}

static void check_limit(struct reading *r, const struct step *step)
{
	const struct step_limit *l = &step->limit;

	if (l->as == SCENARIO_ABSENT && l->data == SCENARIO_ABSENT && l->stack == SCENARIO_ABSENT &&
	    l->memlock == SCENARIO_ABSENT)
		scn_fail(r, r->line.end_column, "expected a limit such as as=1G, found the end of the line");
}

/* Nodes the machine does not have are a mistake of the text; which a mode takes is the kernel's to say. */
static void check_nodes(struct reading *r, const struct step *step, const struct given *given)
{
	unsigned int column = scn_given_column(given, "nodes");
	bool takes = step->call.value != 0 && step->call.value != 4;

	if (step->call.nodes >> r->scenario->machine.nodes)
		scn_fail(r, column, "expected nodes below %u; 'machine nodes=' would make room for more",
			 (unsigned int)r->scenario->machine.nodes);
	else if (column && !takes)
		refused(r, step, column, "a list of nodes for this mode", EINVAL);
	/* Preferred without a node is local. */
	else if (!column && takes && step->call.value != 1)
		refused(r, step, r->line.end_column, "this mode without nodes=", EINVAL);
}

static void check_advice(struct reading *r, const struct step *step, const struct given *given)
{
	if (step->call.value == MADV_COLLAPSE && r->scenario->machine.policy != SCENARIO_KERNEL)
		scn_fail(r, given->position[1], "expected no collapse on a machine with policy=: it chooses pages of 4k");
	check_range(r, step, &step->call.range, given);
}

void scn_check_step(struct reading *r, struct step *step, const struct given *given)
{
	switch (step->kind) {
	case STEP_FILE:
		if (r->depth)
			scn_fail(r, step->column, "expected 'file' outside of repeat: a file is made once");
		break;
	case STEP_AGE:
	case STEP_EVICT:
		if (r->scenario->machine.lru != SCENARIO_MGLRU)
			scn_fail(r, step->column, "expected '%s' on a machine that has generations: 'machine lru=mglru'",
				 scenario_statements[step->kind].word);
		break;
	case STEP_PROCESS:
		check_cpu(r, step->new.cpu, scn_given_column(given, "cpu"));
		break;
	case STEP_CPU:
		check_cpu(r, step->cpu, given->position[0]);
		break;
	case STEP_MMAP:
		check_mmap(r, step, given);
		break;
	case STEP_MPROTECT:
		if (step->call.value < 0)
			scn_fail(r, r->line.end_column, "expected prot=, found the end of the line");
		check_range(r, step, &step->call.range, given);
		break;
	case STEP_READ:
	case STEP_WRITE:
		step->call.range.at = SCENARIO_ABSENT;
		break;
	case STEP_MADVISE:
		check_advice(r, step, given);
		break;
	case STEP_MUNMAP:
	case STEP_MLOCK:
	case STEP_MUNLOCK:
	case STEP_MINCORE:
		check_range(r, step, &step->call.range, given);
		break;
	case STEP_MBIND:
		check_range(r, step, &step->call.range, given);
		check_nodes(r, step, given);
		break;
	case STEP_MEMPOLICY:
		check_nodes(r, step, given);
		break;
	case STEP_MREMAP:
		check_mremap(r, step, given);
		break;
	case STEP_TOUCH:
		check_touch(r, step, given);
		break;
	case STEP_LIMIT:
		check_limit(r, step);
		break;
	default:
		break;
	}
}

/* A policy chooses among pages of 4k, and must leave memory for tables and files. */
static void check_policy(struct reading *r, const struct given *given)
{
	const struct scenario_machine *m = &r->scenario->machine;
	uint64_t most = m->memory_bytes / PAGE_BYTES / 4 * 3;

	if (m->frames && m->policy == SCENARIO_KERNEL)
		scn_fail(r, given->option[SCENARIO_MACHINE_FRAMES], "expected policy= together with frames=");
	else if (m->frames > most)
		scn_fail(r, given->option[SCENARIO_MACHINE_FRAMES],
			 "expected at most %" PRIu64 " frames, three quarters of memory=: tables and files need the rest", most);
	if (m->policy == SCENARIO_KERNEL)
		return;
	if (!m->swap_bytes)
		scn_fail(r, given->option[SCENARIO_MACHINE_POLICY], "expected swap= together with policy=: pages that leave go there");
	if (m->thp != SCENARIO_THP_NEVER)
		scn_fail(r, given->option[SCENARIO_MACHINE_THP], "expected thp=never together with policy=: it chooses pages of 4k");
	if (m->mthp[0] | m->mthp[1] | m->mthp[2])
		scn_fail(r, given->option[SCENARIO_MACHINE_MTHP],
			 "expected no sizes of mthp= but never together with policy=: it chooses pages of 4k");
}

void scn_check_machine(struct reading *r, const struct given *given)
{
	struct scenario_machine *m = &r->scenario->machine;
	unsigned int i;

	for (i = 0; i < NR_SCENARIO_MACHINE; i++)
		m->given |= (uint32_t)!!given->option[i] << i;
	/* The first page of swap is its header, and slots have numbers of 31 bits. */
	if (m->swap_bytes && (m->swap_bytes < 8 << 10 || m->swap_bytes >= 8ULL << 40))
		scn_fail(r, given->option[SCENARIO_MACHINE_SWAP], "expected swap=0, or a size from 8k and below 8T");
	check_policy(r, given);
	if (m->nodes > 1 && m->memory_bytes / m->nodes < 4 << 20)
		scn_fail(r, given->option[SCENARIO_MACHINE_NODES], "expected at least 4M of memory for each node");
	if (given->option[SCENARIO_MACHINE_SWAP_TYPE] && !m->swap_bytes)
		scn_fail(r, given->option[SCENARIO_MACHINE_SWAP_TYPE], "expected swap= together with swap-type=");
	if (m->fault_around_bytes & (m->fault_around_bytes - 1))
		scn_fail(r, given->option[SCENARIO_MACHINE_FAULT_AROUND], "expected a power of two, such as 4k or 64k");
	if (!given->option[SCENARIO_MACHINE_LRU] && m->kernel == BUDDY_KERNEL_6_1)
		m->lru = SCENARIO_CLASSIC;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a scenario's steps become operations of vm-player. A mapping's name becomes a slot, which the
 * player fills with the address that the kernel chose; how long each mapping is follows from the steps, for
 * a touch of all of it needs to know.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "sim/util/shuffle.h"
#include "sim/util/zipf.h"
#include "sim/verify/vm/program.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define PAGE 4096ULL
#define MOVE 2ULL	/* MPOL_MF_MOVE */

struct compiler {
	struct program *program;
	const struct scenario *scenario;
	uint64_t (*bytes)[PLAYER_MAX_SLOTS];	/* owned; of each process's mappings */
	int64_t heap[PLAYER_MAX_PROCESSES];	/* bytes that brk moved by */
	uint64_t file[PLAYER_MAX_FILES];	/* bytes of each file */
	uint64_t touches;			/* of all of the program */
	bool any_process;			/* one has begun */
	const struct step *step;
	struct kerror *err;
};

static int refuse(struct compiler *c, int ret, const char *what)
{
	return kerror_set(c->err, ret, "%u:%u: '%s': %s", c->step->line, c->step->column, scenario_statements[c->step->kind].word, what);
}

static int add(struct compiler *c, const struct player_op *op)
{
	int ret = program_add(c->program, op);

	return ret == -E2BIG ? refuse(c, ret, "there are too many operations for vm-player") :
	       ret ? kerror_set(c->err, ret, "out of memory") : 0;
}

static int add_run(struct compiler *c, uint64_t offset, uint64_t stride, uint64_t count)
{
	int ret = program_add_run(c->program, &(struct player_run){ offset, stride, count });

	return ret == -E2BIG ? refuse(c, ret, "there are too many places for vm-player") :
	       ret ? kerror_set(c->err, ret, "out of memory") : 0;
}

static int look(struct compiler *c, scenario_id phase)
{
	return add(c, &(struct player_op){ .kind = PLAYER_LOOK, .arg = { phase } });
}

/* 0 where the step names no mapping, or one that only the player itself has. */
static uint16_t slot_of(const struct step *step)
{
	if (step->map == SCENARIO_HEAP)
		return PLAYER_SLOT_HEAP;
	return step->map > NR_SCENARIO_LAYOUT ? (uint16_t)(step->map - NR_SCENARIO_LAYOUT + PLAYER_FIRST_SLOT - 1) : 0;
}

/* ---- touches ----------------------------------------------------------------------------- */

static int touch_places(struct compiler *c, const struct step_touch *touch, uint64_t offset, uint64_t n)
{
	uint64_t count = touch->count == SCENARIO_ABSENT ? n : touch->count, random = touch->seed, i;
	struct shuffle shuffle;
	struct zipf zipf;
	int ret = 0;

	if (touch->pattern == SCENARIO_SEQUENTIAL) {
		for (i = 0; i < count && !ret; i += n)
			ret = add_run(c, offset, touch->stride, count - i < n ? count - i : n);
		return ret;
	}
	shuffle_init(&shuffle, n, touch->seed);
	zipf_init(&zipf, n, 1.0);
	for (i = 0; i < count && !ret; i++) {
		uint64_t place = i % n;

		if (touch->pattern == SCENARIO_REVERSE)
			place = n - 1 - place;
		else if (touch->pattern == SCENARIO_RANDOM)
			place = shuffle_at(&shuffle, place);
		else
			place = shuffle_at(&shuffle, zipf_draw(&zipf, &random) - 1);
		ret = add_run(c, offset + place * touch->stride, 0, 1);
	}
	return ret;
}

static int touch_loops(struct compiler *c, const uint64_t *loop, unsigned int nr, uint64_t offset)
{
	uint64_t i;
	int ret = 0;

	if (nr == 1)
		return add_run(c, offset, loop[1], loop[0]);
	for (i = 0; i < loop[0] && !ret; i++)
		ret = touch_loops(c, loop + 2, nr - 1, offset + i * loop[1]);
	return ret;
}

static int touch_pages(struct compiler *c, const struct step_touch *touch, uint64_t offset)
{
	const uint64_t *pages = scenario_numbers(c->scenario, touch->pages);
	uint32_t i;
	int ret = 0;

	for (i = 0; i < touch->pages.nr && !ret; i++)
		ret = add_run(c, offset + pages[i] * PAGE, 0, 1);
	return ret;
}

static int do_touch(struct compiler *c)
{
	const struct step *step = c->step;
	const struct step_touch *touch = &step->touch;
	struct player_op op = { .kind = PLAYER_TOUCH, .process = step->process, .slot = slot_of(step) };
	uint64_t offset = step->map ? touch->range.from : touch->range.at + touch->range.from, bytes = touch->range.length;
	int ret;

	if (touch->access == SCENARIO_EXEC)
		return refuse(c, -EOPNOTSUPP, "vm-player has nothing to run in the memory it touches");
	if (step->map == SCENARIO_STACK && touch->below != SCENARIO_ABSENT)
		op.slot = PLAYER_SLOT_STACK;
	else if (step->map && !op.slot)
		return refuse(c, -EOPNOTSUPP, "text, data and stack are vm-player's own: it cannot play with them");
	if (touch->below != SCENARIO_ABSENT) {
		offset = -touch->below;
		bytes = touch->below;
	} else if (bytes == SCENARIO_ABSENT) {
		uint64_t all = c->bytes[step->process][op.slot];

		bytes = !step->map ? 1 : all > touch->range.from ? all - touch->range.from : 0;
	}
	op.arg[1] = c->program->nr_runs;
	op.arg[3] = touch->access == SCENARIO_WRITE;
	op.arg[4] = touch->repeat;
	if (touch->pages.nr)
		ret = touch_pages(c, touch, offset);
	else if (touch->loops.nr)
		ret = touch_loops(c, scenario_numbers(c->scenario, touch->loops), touch->loops.nr / 2, offset);
	else
		ret = bytes ? touch_places(c, touch, offset, (bytes + touch->stride - 1) / touch->stride) : 0;
	op.arg[2] = c->program->nr_runs - op.arg[1];
	if (!ret && !program_count_touches(c->program, &op, &c->touches))
		return refuse(c, -E2BIG, "with this line more than 4294967296 places are touched: too many for vm-player");
	return ret ? ret : add(c, &op);
}

/* ---- calls --------------------------------------------------------------------------------- */

static int do_mmap(struct compiler *c)
{
	const struct step *step = c->step;
	const struct step_mmap *m = &step->mmap;
	int flags = (m->sharing == SCENARIO_SHARED ? MAP_SHARED : MAP_PRIVATE) | (step->file ? 0 : MAP_ANONYMOUS);

	flags |= m->placing == SCENARIO_FIXED ? MAP_FIXED : m->placing == SCENARIO_NOREPLACE ? MAP_FIXED_NOREPLACE : 0;
	flags |= (m->growsdown ? MAP_GROWSDOWN : 0) | (m->populate ? MAP_POPULATE : 0) | (m->lock ? MAP_LOCKED : 0) |
		 (m->noreserve ? MAP_NORESERVE : 0);
	if (!step->expected_errno)
		c->bytes[step->process][slot_of(step)] = (m->bytes + PAGE - 1) & ~(PAGE - 1);
	return add(c, &(struct player_op){ .kind = PLAYER_MMAP, .process = step->process, .slot = slot_of(step),
					   .arg = { m->at == SCENARIO_ABSENT ? 0 : m->at, m->bytes, (uint64_t)m->prot,
						    (uint64_t)flags, step->file, m->offset } });
}

static int do_mremap(struct compiler *c)
{
	const struct step *step = c->step;
	const struct step_mremap *m = &step->mremap;
	bool fixed = m->to != SCENARIO_ABSENT;
	int flags = (m->maymove || fixed ? MREMAP_MAYMOVE : 0) | (fixed ? MREMAP_FIXED : 0) |
		    (m->dontunmap ? MREMAP_DONTUNMAP : 0);

	if (!step->expected_errno)
		c->bytes[step->process][slot_of(step)] = (m->bytes + PAGE - 1) & ~(PAGE - 1);
	return add(c, &(struct player_op){ .kind = PLAYER_MREMAP, .process = step->process, .slot = slot_of(step),
					   .arg = { 0, PLAYER_TO_END, m->bytes, (uint64_t)flags, fixed ? m->to : 0 } });
}

static int do_brk(struct compiler *c)
{
	const struct step *step = c->step;

	if (!step->expected_errno) {
		c->heap[step->process] += step->brk_by;
		c->bytes[step->process][PLAYER_SLOT_HEAP] = ((uint64_t)c->heap[step->process] + PAGE - 1) & ~(PAGE - 1);
	}
	return add(c, &(struct player_op){ .kind = PLAYER_BRK_BY, .process = step->process, .slot = PLAYER_SLOT_HEAP,
					   .arg = { (uint64_t)step->brk_by } });
}

static int do_limit(struct compiler *c)
{
	const struct step_limit *l = &c->step->limit;
	const struct { int resource; uint64_t bytes; } limits[] = {
		{ RLIMIT_AS, l->as }, { RLIMIT_DATA, l->data }, { RLIMIT_STACK, l->stack }, { RLIMIT_MEMLOCK, l->memlock },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 4 && !ret; i++) {
		struct player_op op = { .kind = PLAYER_LIMIT, .process = c->step->process,
					.arg = { (uint64_t)limits[i].resource, limits[i].bytes } };

		if (limits[i].bytes == SCENARIO_UNLIMITED)
			op.arg[1] = UINT64_MAX;
		if (limits[i].bytes != SCENARIO_ABSENT)
			ret = add(c, &op);
	}
	return ret;
}

/* A call on a range of memory. */
static int do_range(struct compiler *c, enum player_kind kind)
{
	const struct step *step = c->step;
	const struct step_range *range = &step->call.range;
	uint64_t length = range->length == SCENARIO_ABSENT ? PLAYER_TO_END : range->length;

	if (step->map && !slot_of(step))
		return refuse(c, -EOPNOTSUPP, "text, data and stack are vm-player's own: it cannot play with them");
	return add(c, &(struct player_op){ .kind = (uint16_t)kind, .process = step->process, .slot = slot_of(step),
					   .arg = { step->map ? range->from : range->at + range->from, length,
						    (uint64_t)step->call.value, step->call.nodes,
						    step->call.move ? MOVE : 0 } });
}

/* ---- files ----------------------------------------------------------------------------------- */

static int do_file(struct compiler *c)
{
	const struct step *step = c->step;

	if (c->any_process)
		return refuse(c, -EOPNOTSUPP, "vm-player makes its files before its processes: put this line above them");
	c->file[step->file] = step->file_of.bytes;
	return add(c, &(struct player_op){ .kind = PLAYER_FILE, .arg = { step->file, step->file_of.bytes,
									step->file_of.cached } });
}

/* A file does not grow: what lies beyond its end is not written. */
static int do_read_or_write(struct compiler *c, enum player_kind kind)
{
	const struct step *step = c->step;
	const struct step_range *range = &step->call.range;
	uint64_t size = c->file[step->file], rest = size > range->from ? size - range->from : 0, bytes = range->length;

	if (bytes == SCENARIO_ABSENT || (kind == PLAYER_WRITE && bytes > rest))
		bytes = rest;
	if (bytes > PLAYER_MAX_IO)
		return refuse(c, -EOPNOTSUPP, "vm-player reads and writes at most 32 MiB at once");
	return add(c, &(struct player_op){ .kind = (uint16_t)kind, .process = step->process,
					   .arg = { step->file, range->from, bytes } });
}

/* ---- processes -------------------------------------------------------------------------------- */

/* @process has no mapping of the scenario's. */
static void forget(struct compiler *c, uint32_t process)
{
	unsigned int slot;

	for (slot = 0; slot < PLAYER_MAX_SLOTS; slot++)
		c->bytes[process][slot] = 0;
	c->heap[process] = 0;
}

static int do_process(struct compiler *c)
{
	const struct step *step = c->step;
	int ret;

	forget(c, step->process);
	c->any_process = true;
	ret = add(c, &(struct player_op){ .kind = PLAYER_PROCESS, .arg = { step->process, step->new.uid,
									   (uint64_t)step->new.oom_adj } });
	return ret ? ret : look(c, 0);
}

static int do_fork(struct compiler *c, enum player_kind kind)
{
	const struct step *step = c->step;
	unsigned int slot;
	int ret = add(c, &(struct player_op){ .kind = (uint16_t)kind, .process = step->process, .arg = { step->other } });

	for (slot = 0; slot < PLAYER_MAX_SLOTS; slot++)
		c->bytes[step->other][slot] = c->bytes[step->process][slot];
	c->heap[step->other] = c->heap[step->process];
	return ret ? ret : look(c, 0);
}

static int do_exec(struct compiler *c)
{
	uint32_t process = c->step->process;
	int ret = add(c, &(struct player_op){ .kind = PLAYER_EXEC, .process = (uint16_t)process });

	forget(c, process);
	return ret ? ret : look(c, 0);
}

static int do_generations(struct compiler *c)
{
	const struct step *step = c->step;
	struct player_op age = { .kind = PLAYER_AGE, .arg = { step->gens.swappiness, step->gens.force } };
	struct player_op evict = { .kind = PLAYER_EVICT,
				   .arg = { (step->gens.bytes + PAGE - 1) / PAGE, step->gens.swappiness } };

	return add(c, step->kind == STEP_AGE ? &age : &evict);
}

/* What no process does itself. */
static int do_director_step(struct compiler *c)
{
	const struct step *step = c->step;

	switch (step->kind) {
	case STEP_MACHINE:
	case STEP_EXPECT:
	case STEP_CPU:
		return 0;
	case STEP_PROCESS:
		return do_process(c);
	case STEP_FILE:
		return do_file(c);
	case STEP_SYNC:
		return add(c, &(struct player_op){ .kind = PLAYER_SYNC });
	case STEP_KILL:
		return add(c, &(struct player_op){ .kind = PLAYER_KILL, .arg = { step->other } });
	case STEP_SLEEP:
		return add(c, &(struct player_op){ .kind = PLAYER_SLEEP, .arg = { step->sleep_ns } });
	case STEP_DROP_CACHES:
		if (step->drop != SCENARIO_DROP_PAGES)
			return refuse(c, -EOPNOTSUPP, "vm-player drops nothing but pages");
		return add(c, &(struct player_op){ .kind = PLAYER_DROP_CACHES });
	case STEP_KHUGEPAGED:
		return add(c, &(struct player_op){ .kind = PLAYER_KHUGEPAGED });
	case STEP_AGE:
	case STEP_EVICT:
		return do_generations(c);
	case STEP_PHASE:
		return look(c, step->phase);
	default:
		return refuse(c, -EOPNOTSUPP, "vm-player cannot do this");
	}
}

static int do_step(struct compiler *c)
{
	const struct step *step = c->step;

	switch (step->kind) {
	case STEP_READ:
		return do_read_or_write(c, PLAYER_READ);
	case STEP_WRITE:
		return do_read_or_write(c, PLAYER_WRITE);
	case STEP_FORK:
		return do_fork(c, PLAYER_FORK);
	case STEP_VFORK:
		return do_fork(c, PLAYER_VFORK);
	case STEP_EXEC:
		return do_exec(c);
	case STEP_EXIT:
		return add(c, &(struct player_op){ .kind = PLAYER_EXIT, .process = step->process });
	case STEP_MEMPOLICY:
		return add(c, &(struct player_op){ .kind = PLAYER_MEMPOLICY, .process = step->process,
						   .arg = { (uint64_t)step->call.value, step->call.nodes } });
	case STEP_MMAP:
		return do_mmap(c);
	case STEP_MREMAP:
		return do_mremap(c);
	case STEP_BRK:
		return do_brk(c);
	case STEP_LIMIT:
		return do_limit(c);
	case STEP_TOUCH:
		return do_touch(c);
	case STEP_MBIND:
		return do_range(c, PLAYER_MBIND);
	case STEP_MUNMAP:
		return do_range(c, PLAYER_MUNMAP);
	case STEP_MPROTECT:
		return do_range(c, PLAYER_MPROTECT);
	case STEP_MADVISE:
		return do_range(c, PLAYER_MADVISE);
	case STEP_MLOCK:
		return do_range(c, PLAYER_MLOCK);
	case STEP_MUNLOCK:
		return do_range(c, PLAYER_MUNLOCK);
	case STEP_MINCORE:
		return do_range(c, PLAYER_MINCORE);
	default:
		return do_director_step(c);
	}
}

/* Lines that are nothing for vm-player to do, such as those of an empty repeat, add no operation: they have a bound of their own. */
#define MAX_LINES	(16 * (uint64_t)PROGRAM_MAX_OPS)

static int all_steps(struct compiler *c)
{
	uint64_t lines = 0, times[SCENARIO_MAX_DEPTH];
	unsigned int depth = 0;
	uint32_t nr, i;
	const struct step *steps = scenario_steps(c->scenario, &nr);
	int ret = look(c, 0);

	for (i = 0; i < nr && !ret; i++) {
		c->step = &steps[i];
		if (++lines > MAX_LINES)
			ret = refuse(c, -E2BIG, "more than 16777216 lines are carried out: too many for vm-player");
		else if (c->step->kind == STEP_REPEAT)
			times[depth++] = c->step->repeat.times;
		else if (c->step->kind == STEP_END && --times[depth - 1])
			i = c->step->begin;
		else if (c->step->kind == STEP_END)
			depth--;
		else
			ret = do_step(c);
	}
	return ret ? ret : look(c, 0);
}

int program_from_scenario(struct program *program, const struct scenario *scenario, struct kerror *err)
{
	static const struct step none = { 0 };
	struct compiler c = { .program = program, .scenario = scenario, .step = &none, .err = err };
	int ret;

	*program = (struct program){ 0 };
	if (scenario_nr_processes(scenario) >= PLAYER_MAX_PROCESSES)
		return kerror_set(err, -E2BIG, "vm-player has at most %u processes", PLAYER_MAX_PROCESSES - 1);
	if (scenario_nr_files(scenario) >= PLAYER_MAX_FILES)
		return kerror_set(err, -E2BIG, "vm-player has at most %u files", PLAYER_MAX_FILES - 1);
	if (scenario_nr_maps(scenario) >= PLAYER_MAX_SLOTS)
		return kerror_set(err, -E2BIG, "vm-player knows at most %u mappings' names",
				  PLAYER_MAX_SLOTS - NR_SCENARIO_LAYOUT - 1);
	c.bytes = calloc(PLAYER_MAX_PROCESSES, sizeof(*c.bytes));
	if (!c.bytes)
		return kerror_set(err, -ENOMEM, "out of memory");
	ret = all_steps(&c);
	free(c.bytes);
	if (ret)
		program_free(program);
	return ret;
}

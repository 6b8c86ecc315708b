/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: touches: which places, in which order; what each access does: sim/vm/translate.h. */
#include <errno.h>
#include <string.h>

#include "sim/util/shuffle.h"
#include "sim/util/zipf.h"
#include "sim/play/internal.h"
#include "sim/vm/numa_scan.h"
#include "sim/vm/study.h"

#define STOP_EVERY	(1u << 16)

struct toucher {
	struct play *play;
	struct process *process;
	struct tlb *tlb;
	enum vm_access access;
	bool watched;			/* more is done about each access than the machine does (touch_watched()) */
	bool over;			/* the process has ended */
	bool stopped;
	unsigned int until_look;	/* accesses until the stop flag is looked at again */
};

/* The access that was just done: was it of another node's memory? The zero page is everywhere. */
static void count_remote(struct toucher *t, uint64_t addr)
{
	const struct vm *vm = t->process->vm;
	const pte_t *pte = t->process->mm ? vm_walk(t->process->mm, addr) : NULL;

	if (pte && pte_present(*pte) && !(pte->v & PTE_SPECIAL) &&
	    vm_frame_node(vm, pte_pfn(*pte)) != buddy_cpu_node(vm->buddy, t->process->cpu))
		t->play->remote++;
}

/* There are several nodes: remote accesses are counted. Or a policy chooses who leaves: it is told. */
static void touch_watched(struct toucher *t, uint64_t addr)
{
	const struct vm *vm = t->process->vm;
	const pte_t *pte = vm->study ? vm_walk(t->process->mm, addr) : NULL;
	pte_t before = pte ? *pte : (pte_t){ 0 };

	t->over = vm_access(t->process, t->tlb, addr, t->access) < 0;
	if (buddy_nr_nodes(vm->buddy) > 1)
		count_remote(t, addr);
	if (vm->study && !t->over)
		study_touched(t->process, addr, before);
}

static inline void touch_one(struct toucher *t, uint64_t addr)
{
	if (t->watched)
		touch_watched(t, addr);
	else
		t->over = vm_access(t->process, t->tlb, addr, t->access) < 0;
	if (!--t->until_look) {
		t->until_look = STOP_EVERY;
		t->stopped = play_stopped(t->play);
	}
}

/* ---- orders ---------------------------------------------------------------------- */

static void touch_in_order(struct toucher *t, uint64_t stride, uint64_t start, uint64_t n, uint64_t count)
{
	uint64_t i, place = 0;

	for (i = 0; i < count && !t->over && !t->stopped; i++) {
		touch_one(t, start + place * stride);
		if (++place == n)
			place = 0;
	}
}

/* One round of all the places of @touch, of which there are @n from @start on. */
static void touch_places(struct toucher *t, const struct step_touch *touch, uint64_t start, uint64_t n)
{
	uint64_t count = touch->count == SCENARIO_ABSENT ? n : touch->count, random = touch->seed, i;
	struct shuffle shuffle;
	struct zipf zipf;

	shuffle_init(&shuffle, n, touch->seed);
	if (touch->pattern == SCENARIO_ZIPF)
		zipf_init(&zipf, n, 1.0);
	if (touch->pattern == SCENARIO_SEQUENTIAL) {
		touch_in_order(t, touch->stride, start, n, count);
		return;
	}
	for (i = 0; i < count && !t->over && !t->stopped; i++) {
		uint64_t place = i % n;

		if (touch->pattern == SCENARIO_REVERSE)
			place = n - 1 - place;
		else if (touch->pattern == SCENARIO_RANDOM)
			place = shuffle_at(&shuffle, place);
		else if (touch->pattern == SCENARIO_ZIPF)
			place = shuffle_at(&shuffle, zipf_draw(&zipf, &random) - 1);
		touch_one(t, start + place * touch->stride);
	}
}

/* As a loop nest, the outermost loop first: pairs of count and bytes. */
static void touch_loops(struct toucher *t, const uint64_t *loop, unsigned int nr, uint64_t addr)
{
	uint64_t i;

	for (i = 0; i < loop[0] && !t->over && !t->stopped; i++) {
		if (nr == 1)
			touch_one(t, addr + i * loop[1]);
		else
			touch_loops(t, loop + 2, nr - 1, addr + i * loop[1]);
	}
}

static void touch_pages(struct toucher *t, const uint64_t *pages, uint32_t nr, uint64_t start)
{
	uint32_t i;

	for (i = 0; i < nr && !t->over && !t->stopped; i++)
		touch_one(t, start + pages[i] * PAGE_SIZE);
}

/* Accesses of one round. */
static uint64_t round_length(const struct play *play, const struct step_touch *touch, uint64_t places)
{
	const uint64_t *loop = scenario_numbers(play->scenario, touch->loops);
	__uint128_t product = 1;
	uint32_t i;

	if (touch->pages.nr)
		return touch->pages.nr;
	if (!touch->loops.nr)
		return touch->count == SCENARIO_ABSENT ? places : touch->count;
	for (i = 0; i < touch->loops.nr && product <= UINT64_MAX; i += 2)
		product *= loop[i];
	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static void touch_round(struct toucher *t, const struct step_touch *touch, uint64_t start, uint64_t places)
{
	const struct scenario *s = t->play->scenario;

	if (touch->pages.nr)
		touch_pages(t, scenario_numbers(s, touch->pages), touch->pages.nr, start);
	else if (touch->loops.nr)
		touch_loops(t, scenario_numbers(s, touch->loops), touch->loops.nr / 2, start);
	else if (places)
		touch_places(t, touch, start, places);
}

int play_touch(struct play *play, const struct step *step, struct play_process *who, struct kerror *err)
{
	static const enum vm_access accesses[] = { VM_ACCESS_READ, VM_ACCESS_WRITE, VM_ACCESS_EXEC };
	const struct step_touch *touch = &step->touch;
	struct play_range range = play_range(play, step, &touch->range);
	struct toucher t = { play, who->process, play->tlbs[who->process->cpu], accesses[touch->access],
			     play->vm->study || buddy_nr_nodes(play->vm->buddy) > 1, false, false, STOP_EVERY };
	uint64_t places, length, before = who->process->accesses, i;
	int ret;

	if (touch->below != SCENARIO_ABSENT)
		range = (struct play_range){ who->maps[step->map].start - touch->below, touch->below };
	else if (!step->map && touch->range.length == SCENARIO_ABSENT)
		range.bytes = 1;
	places = (range.bytes + touch->stride - 1) / touch->stride;
	length = round_length(play, touch, places);
	ret = play_may_spend(play, (__uint128_t)length * touch->repeat, err);
	if (ret)
		return ret;
	t.process->cpus_used[t.process->cpu / 64] |= 1ULL << t.process->cpu % 64;
	tlb_switch(t.tlb, vm_asid(t.process));
	if (play->vm->cfg.numa_balancing && numa_scan(t.process))
		tlb_flush_asid(t.tlb, vm_asid(t.process));
	for (i = 0; i < touch->repeat && !t.over && !t.stopped; i++)
		touch_round(&t, touch, range.start, places);
	play->spent += t.process->accesses - before;
	return t.stopped ? -EINTR : 0;
}

/* ---- flushes ------------------------------------------------------------------------- */

void play_flush(struct play *play, const struct process *process, uint64_t start, uint64_t bytes, enum vm_flush why)
{
	unsigned int cpu;

	for (cpu = 0; cpu < play->nr_cpus; cpu++) {
		/* A CPU on which the process never ran has nothing of it (mm_cpumask). */
		if (!(process->cpus_used[cpu / 64] >> cpu % 64 & 1))
			continue;
		if (cpu != process->cpu)
			play->shootdowns[cpu].of[why]++;
		else if (why == VM_FLUSH_copy)
			continue;
		vm_flush_range(play->tlbs[cpu], process, start, bytes);
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: kswapd and a process take turns; see turns.h. */
#include "sim/vm/reclaim/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <ucontext.h>

#include "sim/vm/process.h"
#include "sim/vm/reclaim/internal.h"

#define TICK_PS		4000000000ULL	/* 250 a second */
#define STACK_BYTES	(256u << 10)

/* What the model keeps of the task that runs. */
struct task_state {
	struct process *current;
	bool in_fault, gen_walking;
};

struct turns {
	struct turns_speed speed;
	uint64_t now_ps, next_tick_ps;
	uint64_t since_ps;		/* when the one who runs began to */
	bool kswapd_runs;		/* now */
	bool kswapd_wants;		/* it runs, or waits for its turn; else it sleeps */
	bool due;			/* the other one is to run (Linux: TIF_NEED_RESCHED) */
	const struct process *faulted;	/* whose fault was the last one, and how many accesses it had until then */
	uint64_t accesses;
	struct task_state other;	/* of the one who does not run */
	ucontext_t task, kswapd;
	void *stack;			/* owned */
};

unsigned int turns_cost(enum vm_kernel kernel, enum turns_cost what)
{
	static const unsigned int cost[NR_TURNS_COSTS][2] = {
#define TURNS_ROW(name, in_6_1, in_6_12, text) { in_6_1, in_6_12 },
		TURNS_COSTS(TURNS_ROW)
#undef TURNS_ROW
	};

	return cost[what][kernel != VM_KERNEL_6_1];
}

static void switch_to(struct vm *vm, bool kswapd)
{
	struct turns *t = vm->turns;
	struct task_state now = { vm->current, vm->lru->in_fault, vm->lru->gen_walking };

	vm->current = t->other.current;
	vm->lru->in_fault = t->other.in_fault;
	vm->lru->gen_walking = t->other.gen_walking;
	t->other = now;
	t->since_ps = t->now_ps;
	t->due = false;
	t->kswapd_runs = kswapd;
	if (kswapd)
		swapcontext(&t->task, &t->kswapd);
	else
		swapcontext(&t->kswapd, &t->task);
}

/* What makecontext() starts gets ints: the two halves of the address of struct vm. */
static void kswapd_main(unsigned int low, unsigned int high)
{
	struct vm *vm = (struct vm *)((uintptr_t)low | (uintptr_t)high << 32);

	for (;;) {
		reclaim_run_kswapd(vm);
		vm->turns->kswapd_wants = false;
		switch_to(vm, false);
	}
}

int turns_create(struct vm *vm, const struct turns_speed *speed)
{
	struct turns *t = calloc(1, sizeof(*t));
	uintptr_t address = (uintptr_t)vm;

	if (!t)
		return -ENOMEM;
	t->stack = malloc(STACK_BYTES);
	if (!t->stack || getcontext(&t->kswapd)) {
		free(t->stack);
		free(t);
		return -ENOMEM;
	}
	t->speed = *speed;
	t->next_tick_ps = TICK_PS;
	t->kswapd.uc_stack.ss_sp = t->stack;
	t->kswapd.uc_stack.ss_size = STACK_BYTES;
	makecontext(&t->kswapd, (void (*)(void))kswapd_main, 2, (unsigned int)address,
		    (unsigned int)((uint64_t)address >> 32));
	vm->turns = t;
	return 0;
}

void turns_destroy(struct vm *vm)
{
	if (!vm->turns)
		return;
	turns_finish(vm);
	free(vm->turns->stack);
	free(vm->turns);
	vm->turns = NULL;
}

static void spend_ps(struct vm *vm, uint64_t ps)
{
	struct turns *t = vm->turns;

	t->now_ps += ps;
	if (t->now_ps < t->next_tick_ps)
		return;
	t->next_tick_ps = (t->now_ps / TICK_PS + 1) * TICK_PS;
	if (t->kswapd_wants && t->now_ps - t->since_ps >= (uint64_t)vm->rules->slice_us * 1000000)
		t->due = true;
}

void turns_spend(struct vm *vm, enum turns_cost what)
{
	if (vm->turns)
		spend_ps(vm, turns_cost(vm->cfg.kernel, what) * vm->turns->speed.kernel_ps);
}

void turns_resched(struct vm *vm)
{
	struct turns *t = vm->turns;

	if (!t)
		return;
	/* Whoever wakes up after a sleep goes first. */
	if (vm->lru->kswapd_woken && !t->kswapd_wants)
		t->kswapd_wants = t->due = true;
	if (t->due)
		switch_to(vm, !t->kswapd_runs);
}

void turns_fault(struct process *process, bool major)
{
	struct vm *vm = process->vm;
	struct turns *t = vm->turns;

	if (!t)
		return;
	if (t->faulted == process)
		spend_ps(vm, (process->accesses - t->accesses) * t->speed.access_ps);
	t->faulted = process;
	t->accesses = process->accesses;
	turns_spend(vm, major ? TURNS_major : TURNS_minor);
	turns_resched(vm);
}

void turns_finish(struct vm *vm)
{
	struct turns *t = vm->turns;

	while (t && !t->kswapd_runs && (t->kswapd_wants || vm->lru->kswapd_woken)) {
		t->kswapd_wants = true;
		switch_to(vm, true);
	}
}

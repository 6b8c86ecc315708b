/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a program's real answers and the simulated ones; see compare.h. */
#include "sim/verify/vm/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/vm/compare_look.h"

const struct verify_desc vm_figure_desc[NR_VM_FIGURES] = {
#define VM_FIGURE_DESC(name, text) { #name, text },
	VM_FIGURES(VM_FIGURE_DESC)
#undef VM_FIGURE_DESC
};

bool vm_count(struct comparison *c, enum vm_figure figure, bool equal)
{
	c->out->figures[figure].all++;
	c->out->figures[figure].hits += equal;
	c->phase->figures.all++;
	c->phase->figures.hits += equal;
	c->out->differences += !equal;
	return equal;
}

void vm_differs(struct comparison *c, const char *fmt, ...)
{
	size_t len;
	va_list ap;

	if (c->phase->first[0])
		return;
	len = (size_t)snprintf(c->phase->first, sizeof(c->phase->first), "operation %u: ", c->op);
	va_start(ap, fmt);
	vsnprintf(c->phase->first + len, sizeof(c->phase->first) - len, fmt, ap);
	va_end(ap);
}

/* ---- one operation -------------------------------------------------------------------- */

static void describe(const struct player_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "process %u, %s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ")%s",
		 op->process, player_kind_names[op->kind], op->arg[0], op->arg[1], op->arg[2], op->arg[3], op->arg[4],
		 op->slot ? " of a named mapping" : "");
}

static void result_text(const struct player_result *result, enum player_kind kind, char *buf, size_t size)
{
	if (result->state == PLAYER_NOT_DONE)
		snprintf(buf, size, "not done, its process had ended");
	else if (result->state == PLAYER_DIED)
		snprintf(buf, size, "signal %" PRId64, result->ret);
	else if (kind == PLAYER_HASH)
		snprintf(buf, size, "other mappings (%#" PRIx64 ")", (uint64_t)result->ret);
	else if (result->ret < 0 && result->ret > -4096)
		snprintf(buf, size, "%s", strerrorname_np((int)-result->ret) ? strerrorname_np((int)-result->ret) : "an error");
	else
		snprintf(buf, size, "%#" PRIx64, (uint64_t)result->ret);
}

/*
 * A huge page that its hypervisor maps in small ones takes a row of the TLB for each of those. Where a fault makes the
 * huge page writable in place, the kernel flushes nothing: each old row left costs one more fault, with no other effect.
 */
static bool equal_minor_faults(const struct comparison *c, const struct player_op *op, uint64_t sim, uint64_t real)
{
	bool writes = op->kind == PLAYER_TOUCH && op->arg[3];

	return sim == real || (c->sides->stale_tlb && writes && sim && real > sim);
}

static void compare_result(struct comparison *c, const struct player_op *op, const struct player_result *sim,
			   const struct player_result *real)
{
	/* A process's number is the real kernel's matter. */
	bool forks = op->kind == PLAYER_FORK || op->kind == PLAYER_VFORK;
	int64_t ret = forks && real->ret > 0 ? 0 : real->ret;
	char call[160], here[64], there[64];

	/* Mappings differ because of what was done before. */
	describe(op->kind == PLAYER_HASH && c->op ? op - 1 : op, call, sizeof(call));
	if (!vm_count(c, VM_FIGURE_results, sim->state == real->state && sim->ret == ret)) {
		result_text(sim, (enum player_kind)op->kind, here, sizeof(here));
		result_text(real, (enum player_kind)op->kind, there, sizeof(there));
		vm_differs(c, "%s: %s here, %s for real", call, here, there);
	}
	if (sim->state != PLAYER_DONE || real->state != PLAYER_DONE || !op->process)
		return;
	c->phase->minflt[0] += sim->minflt;
	c->phase->minflt[1] += real->minflt;
	c->phase->majflt[0] += sim->majflt;
	c->phase->majflt[1] += real->majflt;
	if (!vm_count(c, VM_FIGURE_minflt, equal_minor_faults(c, op, sim->minflt, real->minflt)))
		vm_differs(c, "%s: %" PRIu64 " minor faults here, %" PRIu64 " for real", call, sim->minflt, real->minflt);
	if (!vm_count(c, VM_FIGURE_majflt, sim->majflt == real->majflt))
		vm_differs(c, "%s: %" PRIu64 " major faults here, %" PRIu64 " for real", call, sim->majflt, real->majflt);
}

/* ---- all of them -------------------------------------------------------------------------- */

static void next_phase(struct comparison *c, uint64_t name)
{
	uint64_t kept = c->out->nr_phases ? c->phase->name : 0;

	/* Looks that only look, as that behind a new process does, end no phase. */
	if (c->out->nr_phases && !name)
		return;
	c->phase = &c->out->phases[c->out->nr_phases++];
	c->phase->name = name ? name : kept;
	c->phase->first_op = c->op;
}

int vm_compare(struct vm_compared *out, const struct vm_sides *sides, struct kerror *err)
{
	const struct program *program = sides->stage->program;
	struct comparison c = { .sides = sides, .out = out };
	uint32_t looks = 0, i;
	int ret = 0;

	*out = (struct vm_compared){ 0 };
	for (i = 0; i < program->nr_ops; i++)
		looks += program->ops[i].kind == PLAYER_LOOK;
	out->phases = calloc(looks + 1u, sizeof(*out->phases));
	if (!out->phases)
		return kerror_set(err, -ENOMEM, "out of memory");
	next_phase(&c, 0);
	for (i = 0; i < program->nr_ops && !ret; i++) {
		const struct player_op *op = &program->ops[i];
		struct player_result sim;

		c.op = i;
		if (sides->stop && *sides->stop)
			return -EINTR;
		vm_frames_begin(sides->stage->frames, i, &c);
		stage_do(sides->stage, op, &sim);
		c.phase->nr_ops++;
		compare_result(&c, op, &sim, &sides->real[i]);
		out->random += op->kind == PLAYER_HASH;
		if (op->kind != PLAYER_LOOK)
			continue;
		ret = vm_compare_look(&c, op, err);
		next_phase(&c, op->arg[0]);
	}
	return ret;
}

void vm_compared_free(struct vm_compared *compared)
{
	free(compared->phases);
	*compared = (struct vm_compared){ 0 };
}

/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a guest's speed; see speed.h. */
#include "sim/verify/vm/speed.h"

#include <stdio.h>
#include <string.h>

#define CLOCK_TICK_PS	10000000000ULL	/* of /proc/PID/stat: 100 a second */
#define LEAST_TICKS	10u		/* fewer are off by too much */

/* A process's fields 10, 12, 14 and 15. */
struct times {
	uint64_t minflt, majflt, user, system;
};

static bool read_times(const struct look_section *stat, struct times *times)
{
	unsigned long minflt, majflt, user, system;
	char text[160];

	snprintf(text, sizeof(text), "%.*s", (int)(stat->len < 159 ? stat->len : 159), stat->text);
	if (sscanf(text, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu %*u %lu %lu", &minflt, &majflt, &user, &system) != 4)
		return false;
	*times = (struct times){ minflt, majflt, user, system };
	return true;
}

/* Of all processes but the director, each as it was seen last. */
static struct times sum_of_processes(const struct looks *looks)
{
	struct times last[PLAYER_MAX_PROCESSES] = { { 0 } }, sum = { 0 };
	uint32_t i, p;

	for (i = 0; i < looks->nr_sections; i++) {
		const struct look_section *section = &looks->sections[i];

		if (section->name_len == 4 && !memcmp(section->name, "stat", 4) && section->process < PLAYER_MAX_PROCESSES)
			read_times(section, &last[section->process]);
	}
	for (p = 1; p < PLAYER_MAX_PROCESSES; p++) {
		sum.minflt += last[p].minflt;
		sum.majflt += last[p].majflt;
		sum.user += last[p].user;
		sum.system += last[p].system;
	}
	return sum;
}

static uint64_t accesses_of(const struct program *program)
{
	uint64_t sum = 0;
	uint32_t i, k;

	for (i = 0; i < program->nr_ops; i++) {
		const struct player_op *op = &program->ops[i];

		for (k = 0; op->kind == PLAYER_TOUCH && k < op->arg[2]; k++)
			sum += program->runs[op->arg[1] + k].count * op->arg[4];
	}
	return sum;
}

static uint64_t counter(const struct looks *looks, const struct look *look, const char *name)
{
	const struct look_section *vmstat = look_section(looks, look, 0, "vmstat");
	uint64_t value;

	return vmstat && look_number(vmstat, name, &value) ? value : 0;
}

/* Instructions that processes spent on their own reclaim. */
static uint64_t direct_reclaim(enum vm_kernel kernel, const struct looks *looks)
{
	const struct look *first = &looks->look[0], *last = &looks->look[looks->nr - 1];
	uint64_t scanned = counter(looks, last, "pgscan_direct ") - counter(looks, first, "pgscan_direct ");
	uint64_t stolen = counter(looks, last, "pgsteal_direct ") - counter(looks, first, "pgsteal_direct ");

	return stolen * turns_cost(kernel, TURNS_steal) +
	       (scanned > stolen ? scanned - stolen : 0) * turns_cost(kernel, TURNS_keep);
}

bool speed_of_looks(struct turns_speed *speed, enum vm_kernel kernel, const struct program *program, const struct looks *looks)
{
	struct times sum = sum_of_processes(looks);
	uint64_t accesses = accesses_of(program), work;

	work = sum.minflt * turns_cost(kernel, TURNS_minor) + sum.majflt * turns_cost(kernel, TURNS_major) +
	       direct_reclaim(kernel, looks);
	if (sum.system < LEAST_TICKS || !work)
		return false;
	*speed = (struct turns_speed){ sum.system * CLOCK_TICK_PS / work, accesses ? sum.user * CLOCK_TICK_PS / accesses : 0 };
	return true;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a guest's speed; see speed.h. */
#include "sim/verify/vm/speed.h"

#include <string.h>

#define CLOCK_TICK_PS	10000000000ULL	/* of /proc/PID/stat: 100 a second */
#define LEAST_TICKS	10u		/* fewer are off by too much */

/* A process's fields 10, 12, 14 and 15. */
struct times {
	uint64_t minflt, majflt, user, system;
};

static void read_times(const struct look_section *stat, struct times *times)
{
	struct times now;

	if (look_stat(stat, 10, &now.minflt) && look_stat(stat, 12, &now.majflt) && look_stat(stat, 14, &now.user) &&
	    look_stat(stat, 15, &now.system))
		*times = now;
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
	uint32_t i;

	for (i = 0; i < program->nr_ops; i++)
		if (program->ops[i].kind == PLAYER_TOUCH)
			program_count_touches(program, &program->ops[i], &sum);
	return sum;
}

/* Instructions that processes spent on their own reclaim. */
static uint64_t direct_reclaim(enum vm_kernel kernel, const struct looks *looks)
{
	const struct look *first = &looks->look[0], *last = &looks->look[looks->nr - 1];
	uint64_t scanned = (uint64_t)look_risen(looks, first, last, "pgscan_direct ");
	uint64_t stolen = (uint64_t)look_risen(looks, first, last, "pgsteal_direct ");

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

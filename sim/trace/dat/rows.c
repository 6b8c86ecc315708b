/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the bytes of the CPUs' pages where not all of the file is in memory; see dat.h
 * and content.h. Whoever has no bytes left has all of them brought on: each CPU gets a share
 * of the memory there is, by what is left of it in the file.
 *
 *	file	.... | CPU 0: read, in memory, left .... | CPU 1: read, in memory, left ... |
 *	                    at ... row_end ... end
 *
 * As the CPUs are read by time, and often one is busy while others are not, a CPU that has
 * used less than half of its share by then gets half as much the next time.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

#define MOST_WEIGHT	1024u

static uint64_t left_in_file(const struct dat_cpu *cpu)
{
	return cpu->ended ? 0 : cpu->end - cpu->at;
}

static uint64_t left_in_memory(const struct dat_cpu *cpu)
{
	return cpu->row_end > cpu->at ? cpu->row_end - cpu->at : 0;
}

/* Damaged files may have the same bytes for many CPUs. */
static uint64_t add_up(uint64_t a, uint64_t b)
{
	return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

/* Of all CPUs. */
struct sum {
	uint64_t left;			/* bytes in the file */
	unsigned __int128 weighted;	/* the same, each CPU's times its weight */
};

/* New weights; @hungry is the CPU that has used up its share. */
static struct sum weigh(struct trace_dat *td, const struct dat_cpu *hungry)
{
	struct sum sum = { 0 };
	size_t i;

	for (i = 0; i < td->nr_cpus; i++) {
		struct dat_cpu *cpu = &td->cpus[i];
		bool idle = cpu->weight && left_in_memory(cpu) > (cpu->row_end - cpu->row_at) / 2;

		if (!cpu->weight || cpu == hungry)
			cpu->weight = MOST_WEIGHT;
		else if (idle && cpu->weight > 1)
			cpu->weight /= 2;
		else if (!idle && cpu->weight < MOST_WEIGHT)
			cpu->weight *= 2;
		sum.left = add_up(sum.left, left_in_file(cpu));
		sum.weighted += (unsigned __int128)cpu->weight * left_in_file(cpu);
	}
	return sum;
}

/* Give back what was read, and what is behind the next @len bytes. */
static void trim_row(struct dat_cpu *cpu, uint64_t len)
{
	uint64_t stays = left_in_memory(cpu) < len ? left_in_memory(cpu) : len;
	unsigned char *smaller;

	if (stays)
		memmove(cpu->row, cpu->row + (cpu->at - cpu->row_at), stays);
	cpu->row_at = cpu->at;
	cpu->row_end = cpu->at + stays;
	smaller = stays ? realloc(cpu->row, stays) : NULL;
	if (!stays)
		free(cpu->row);
	if (!stays || smaller)
		cpu->row = smaller;
}

static int grow_row(struct dat_cpu *cpu, uint64_t len, struct kerror *err)
{
	unsigned char *larger = len ? realloc(cpu->row, len) : NULL;

	if (larger)
		cpu->row = larger;
	return larger || !len ? 0 : kerror_set(err, -ENOMEM, "no memory for the pages of the trace");
}

/* How many bytes of the CPU are to be in memory, of those that are left; all of them where there is room. */
static uint64_t share_of(const struct trace_dat *td, const struct dat_cpu *cpu, struct sum sum)
{
	uint64_t left = left_in_file(cpu), share = left;

	if (sum.left > td->memory_bytes)
		share = (uint64_t)((unsigned __int128)td->memory_bytes * cpu->weight * left / sum.weighted);
	return share < left ? share : left;
}

/* Bring on the rows of all CPUs, of @hungry at least @least bytes. */
static int bring_on(struct trace_dat *td, struct dat_cpu *hungry, uint64_t least, struct kerror *err)
{
	struct sum sum = weigh(td, hungry);
	struct content_part *parts = calloc(td->nr_cpus, sizeof(*parts));
	int ret = parts ? 0 : kerror_set(err, -ENOMEM, "no memory for the pages of the trace");
	size_t i;

	/* First what is given back, so that both together are never more than there is room for. */
	for (i = 0; !ret && i < td->nr_cpus; i++) {
		struct dat_cpu *cpu = &td->cpus[i];
		uint64_t share = share_of(td, cpu, sum);

		if (cpu == hungry && share < least)
			share = least;
		trim_row(cpu, share);
		parts[i] = (struct content_part){ .from = cpu->row_end, .to = cpu->row_at + share };
	}
	for (i = 0; !ret && i < td->nr_cpus; i++) {
		struct dat_cpu *cpu = &td->cpus[i];

		ret = grow_row(cpu, parts[i].to - cpu->row_at, err);
		parts[i].where = cpu->row + (cpu->row_end - cpu->row_at);
	}
	if (!ret)
		ret = content_gather(&td->content, parts, td->nr_cpus, err);
	for (i = 0; !ret && i < td->nr_cpus; i++) {
		uint64_t to = parts[i].to < td->content.len ? parts[i].to : td->content.len;

		if (to > td->cpus[i].row_end)
			td->cpus[i].row_end = to;
	}
	free(parts);
	return ret;
}

int dat_row(struct trace_dat *td, struct dat_cpu *cpu, uint64_t len, const unsigned char **data, struct kerror *err)
{
	int ret = 0;

	if (!td->content.parts) {
		*data = td->content.data + cpu->at;
		return 0;
	}
	if (left_in_memory(cpu) < len && cpu->at + len <= td->content.len)
		ret = bring_on(td, cpu, len, err);
	if (ret)
		return ret;
	if (left_in_memory(cpu) < len)
		return kerror_set(err, td->content.error.code, "%s", td->content.error.text);
	*data = cpu->row + (cpu->at - cpu->row_at);
	return 0;
}
